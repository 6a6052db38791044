// The scan box of the Line page beyond the units themselves: a badge that changes the shift, a label printed once
// more, the first article confirmed, a page that locks when nobody does anything. All by scanner.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { SOON, WHOLE_TEST, eventually } from "./deadline.mjs";
import { heard, shows } from "./line_page.mjs";
import { PASSWORD, PEOPLE, Plant } from "./plant.mjs";
import { watchPointer } from "./pointer.mjs";
import { scan } from "./scan.mjs";
import { sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
/** Who takes over. */
const NEXT = "dora";
/** The page locks after a minute and says so within a beat. */
const LOCKED_WITHIN = 60_000 + SOON;

let browser;
before(async () => {
    browser = await Browser.launch();
}, { timeout });
after(() => browser?.close(), { timeout });

/** A plant with two slots and two operators with badges, not served yet. */
async function plantFor(t) {
    const plant = await Plant.found({ slots: [["slot-1", "GW00001"], ["slot-2", "GW00002"]] });
    t.after(() => plant.close());
    await plant.run("user", "add", NEXT, "--role", "operator", "--password-file", plant.path("password"));
    const badges = { [PEOPLE.operator]: await plant.badge(PEOPLE.operator), [NEXT]: await plant.badge(NEXT) };
    return { plant, badges };
}

/** Logs in with a badge, at pages that watch for pointers. */
async function atTheLine(plant, badge) {
    const visitor = await browser.visitor(plant);
    const seen = await watchPointer(visitor);
    await visitor.goto("/login");
    await scan(visitor, badge);
    await visitor.page.waitForURL((url) => url.pathname === "/");
    return { visitor, seen };
}

/** Waits until this person is logged in at the page. */
function isOn({ page }, name) {
    return page.locator("header .who:not(.idle)").filter({ hasText: name }).waitFor();
}

describe("at the scan box", { concurrency: 2, timeout }, () => {
    test("whoever does nothing for a minute is locked out, and back with one scan", { timeout }, async (t) => {
        const { plant, badges } = await plantFor(t);
        plant.set("idle_minutes = 30", "idle_minutes = 1");
        await plant.serve();
        await plant.release("lot-1", 5);
        const { visitor, seen } = await atTheLine(plant, badges[PEOPLE.operator]);
        const { page } = visitor;
        await shows(page, "slot-1", "READY");
        await page.locator("#badge").waitFor({ timeout: LOCKED_WITHIN });
        await page.locator("[data-idle]").filter({ hasText: PEOPLE.operator }).waitFor();
        assert.equal(await page.locator("#scan").count(), 0, "nothing but a badge is taken");
        await sound(visitor, "line-locked");
        // the line goes on and is still to be seen, but nothing runs in the name of somebody who is not there
        await plant.plug("GW");
        await shows(page, "slot-1", "PASS");
        const [{ actor }] = plant.events("run-finished");
        assert.ok(actor.released_by && !actor.operator, JSON.stringify(actor));
        assert.equal(await page.evaluate(() => document.activeElement.id), "badge");
        await scan(visitor, badges[NEXT]);
        await isOn(visitor, NEXT);
        await page.locator("#scan").waitFor();
        assert.deepEqual(seen, []);
        await visitor.leave();
    });

    test("a badge changes the shift, a label is printed once more, a first article is confirmed", { timeout }, async (t) => {
        const { plant, badges } = await plantFor(t);
        await plant.labels();
        await plant.serve();
        await plant.release("lot-1", 5, 5, "--first-article");
        const { visitor, seen } = await atTheLine(plant, badges[PEOPLE.operator]);
        const { page } = visitor;

        await shows(page, "slot-1", "READY");
        await plant.plug("GW");
        await shows(page, "slot-1", "PASS");
        await shows(page, "slot-2", "NOT READY");
        await sound(visitor, "line-first-article");

        // the one who takes over is responsible from the scan on
        await scan(visitor, badges[NEXT]);
        await isOn(visitor, NEXT);
        assert.equal(plant.events("login-accepted").at(-1).name, NEXT);
        assert.ok(!(await page.content()).includes(badges[NEXT]), "a badge is never shown");
        await scan(visitor, "LSB-00000000000000000000");
        await heard(page, "refused", "LS-AUTH-");
        await isOn(visitor, NEXT);

        await scan(visitor, "LS:CONFIRM");
        await heard(page, "done", "GW00001");
        await shows(page, "slot-2", "READY");
        const [confirmed] = plant.events("first-article-confirmed");
        assert.equal(confirmed.actor.name, NEXT);
        await scan(visitor, "LS:CONFIRM");
        await heard(page, "refused", "LS-");

        const printed = () => readFileSync(join(plant.station, "labels.zpl"), "utf8").split("^XZ").length - 1;
        await eventually("the first label", () => printed() === 1);
        await scan(visitor, "LS:REPRINT");
        await heard(page, "done", /GW00001.*2/);
        await eventually("its second copy", () => printed() === 2);
        await sound(visitor, "line-reprinted");
        const [reprint] = plant.events("label-reprinted");
        assert.equal(reprint.actor.name, NEXT);
        assert.deepEqual(seen, []);
        await visitor.leave();

        // whoever was on before is on no more, and is let in again by name only as themselves
        const other = await browser.visitor(plant);
        await other.logIn(PEOPLE.operator, PASSWORD);
        await isOn(other, PEOPLE.operator);
        await other.leave();
    });
});
