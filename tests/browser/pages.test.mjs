// Every page there is, found by following links from the navigation, as each role and in each language.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, LARGE, SIZES, SMALL } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { furnished, particular } from "./furnished.mjs";
import { PEOPLE } from "./plant.mjs";
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
/** An administrator sees all that an engineer sees, and an auditor the same without its forms: one size will do for them. */
const SIZES_FOR = { operator: SIZES, administrator: SIZES, engineer: [SMALL], auditor: [SMALL] };
/** Places that no navigation entry leads to. */
const BESIDES = { operator: ["/command-sheet"], administrator: ["/command-sheet", "/clients"] };

let plant, browser, particulars;
before(async () => {
    browser = await Browser.launch();
    plant = await furnished(browser);
    particulars = particular(plant);
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

/** A file name for a page: its own if it is a particular one, else that of its kind. */
function fileName(kind, address) {
    const { pathname, search } = new URL(address);
    const own = Object.entries(particulars).find(([, place]) => place === pathname + search);
    return own?.[0] ?? (kind.replace(/[^a-z]+/gi, "-").replace(/^-|-$/g, "") || "line");
}

/** What is looked at besides what the navigation leads to: whoever may only run the line has less of it. */
function besides(role) {
    const may = Object.values(particulars).filter((place) => role !== "operator" || /^.(labels|work-orders)/.test(place));
    return [...may, ...(BESIDES[role] ?? [])];
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
        const visited = await walk(visitor, [...ways, ...besides(role)], async (kind, address) => {
            const name = `${role}-${fileName(kind, address)}`;
            await sound(visitor, name, SIZES_FOR[role]);
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
        await walk(visitor, [...ways, ...besides("administrator")], async (kind, address) => {
            assert.equal(await page.locator("html").getAttribute("lang"), tag, kind);
            const left = (await page.evaluate(prose)).match(/\{[a-z_]+\}|\{\{|\}\}/g);
            assert.equal(left, null, `${kind} in ${language} has places that were not filled`);
            await sound(visitor, `${language}-${fileName(kind, address)}`, [SMALL]);
        });
        await visitor.leave();
    });
}

test("what is not there and what is not allowed is told on a page of its own", { timeout }, async () => {
    const { visitor } = await someone("operator", LARGE);
    visitor.expects(/40[34]/);
    for (const [place, status, name] of [["/devices", 403, "not-allowed"], ["/work-orders/nobody", 404, "no-order"], ["/nothing", 404, "nothing"]]) {
        assert.equal((await visitor.goto(place)).status(), status, place);
        await sound(visitor, `trouble-${name}`);
    }
    await visitor.leave();
});
