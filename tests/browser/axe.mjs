// axe-core in a world of its own beside the page's scripts: the page's content security policy stays as strict as it is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { WHOLE_TEST, within } from "./deadline.mjs";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.1 to level AA, and what axe calls best practice. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

async function evaluate(session, contextId, expression) {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
        contextId, expression, awaitPromise: true, returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
}

/** What axe finds on a page: violations, and the number of rules that the page kept. */
export async function examine(page) {
    const session = await page.context().newCDPSession(page);
    try {
        const { frameTree } = await session.send("Page.getFrameTree");
        const world = { frameId: frameTree.frame.id, worldName: "axe" };
        const { executionContextId } = await session.send("Page.createIsolatedWorld", world);
        await evaluate(session, executionContextId, `${SOURCE}; true`);
        const options = JSON.stringify({ runOnly: RULES, resultTypes: ["violations"], preload: false });
        const found = `axe.run(document, ${options}).then((r) => ({ violations: r.violations, kept: r.passes.length }))`;
        return await within(WHOLE_TEST, "axe", evaluate(session, executionContextId, found));
    } finally {
        await session.detach();
    }
}

function readable({ id, help, nodes }) {
    const places = nodes.map(({ target, html, failureSummary }) => {
        const why = failureSummary.split("\n").slice(1).join(" ").trim();
        return `    at ${target.join(" ")}\n       ${html.slice(0, 200)}\n       ${why}`;
    });
    return `  ${id}: ${help}\n${places.join("\n")}`;
}

/** The page breaks no rule. */
export async function accessible(page, name) {
    const { violations, kept } = await examine(page);
    assert.ok(kept > 5, `axe found next to nothing to judge on ${name}`);
    assert.equal(violations.length, 0, `${name} at ${page.url()}\n${violations.map(readable).join("\n")}`);
}
