// Every page there is, found by following links from the navigation, as each role and in each language.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, LARGE, SMALL } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { shows } from "./line_page.mjs";
import { PEOPLE, Plant } from "./plant.mjs";
import { printed, sound } from "./sound.mjs";
import { walk } from "./visited.mjs";

const timeout = 2 * WHOLE_TEST;
/** The places of the navigation, and who is shown the way there. */
const RECORDS = ["/outbox", "/reports", "/audit", "/ca", "/people"];
const EVERYWHERE = ["/", "/work-orders", "/devices", "/batches", "/labels", ...RECORDS];
const WAYS = {
    operator: ["/", "/work-orders", "/labels"],
    engineer: EVERYWHERE.filter((place) => place !== "/people"),
    administrator: EVERYWHERE,
    auditor: EVERYWHERE,
};
/** Places that no navigation entry leads to. */
const BESIDES = { operator: ["/command-sheet"], administrator: ["/command-sheet", "/clients"] };
const SLOTS = [1, 2, 3, 4, 5, 6].map((index) => [`slot-${index}`, `GW0000${index}`]);

let plant, browser;
before(async () => {
    browser = await Browser.launch();
    plant = await Plant.found({ slots: SLOTS, azure: true });
    await plant.serve();
    await plant.release("lot-1", 6);
    await plant.run("work-order", "add", "lot-2", "--product", "demo-sensor", "--quantity", "100");
    await plant.plug("GW", { count: 6, faults: ["4:bad-proof"] });
    const visitor = await browser.visitor(plant);
    await visitor.logIn(PEOPLE.operator);
    for (const [slot] of SLOTS) await shows(visitor.page, slot, slot === "slot-4" ? "FAIL" : "PASS");
    await visitor.leave();
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

/** A file name for the kind of a page. */
function fileName(kind) {
    return kind.replace(/[^a-z]+/gi, "-").replace(/^-|-$/g, "") || "line";
}

/** Somebody of a role, logged in, and where the navigation leads them. */
async function someone(role, size) {
    const visitor = await browser.visitor(plant, { size });
    await visitor.logIn(PEOPLE[role]);
    const ways = await visitor.page.locator("header nav a").evaluateAll((all) => all.map((way) => new URL(way.href).pathname));
    return { visitor, ways };
}

for (const role of Object.keys(PEOPLE)) {
    test(`every page that the ${role} can reach is there and sound`, { timeout }, async () => {
        const { visitor, ways } = await someone(role, LARGE);
        assert.deepEqual(ways, WAYS[role]);
        const visited = await walk(visitor, [...ways, ...(BESIDES[role] ?? [])], async (kind) => {
            const name = `${role}-${fileName(kind)}`;
            await sound(visitor, name);
            if (await visitor.page.locator("[data-print]").count()) await printed(visitor, name);
        });
        console.log(`${role}: ${visited.length} kinds of pages and files: ${visited.join(" ")}`);
        assert.ok(visited.length >= ways.length);
        await visitor.leave();
    });
}

/** The text of a page without what is no prose: records shown as they are. */
function prose() {
    const copy = document.body.cloneNode(true);
    for (const raw of copy.querySelectorAll("code, pre, textarea, .code, .mono, script")) raw.remove();
    return copy.textContent;
}

for (const [language, tag] of [["de", "de"], ["zh", "zh-Hans"], ["es", "es"]]) {
    test(`every page speaks ${language}`, { timeout }, async () => {
        const { visitor, ways } = await someone("administrator", SMALL);
        const { page } = visitor;
        await visitor.choose(language);
        await walk(visitor, [...ways, ...BESIDES.administrator], async (kind) => {
            assert.equal(await page.locator("html").getAttribute("lang"), tag, kind);
            const left = (await page.evaluate(prose)).match(/\{[a-z_]+\}|\{\{|\}\}/g);
            assert.equal(left, null, `${kind} in ${language} has places that were not filled`);
            const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            assert.ok(over <= 0, `${kind} in ${language} is ${over} pixels too wide`);
        });
        await visitor.leave();
    });
}
