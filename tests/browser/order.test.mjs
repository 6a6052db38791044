// One work order from its first line to its report: six virtual devices, one of them faulty.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { heard, shows, tile } from "./line_page.mjs";
import { PEOPLE, PRODUCT, Plant } from "./plant.mjs";
import { scan } from "./scan.mjs";
import { printed, sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
const ORDER = "lot-2211";
/** Five good units, and the faulty one in the slot beside them. */
const GOOD = [1, 2, 3, 4, 5].map((index) => [`slot-${index}`, `GW0000${index}`]);
const FAULTY = ["slot-6", "FX00001"];
const SEED = 6;

let plant, browser, operator, engineer;
before(async () => {
    browser = await Browser.launch();
    plant = await Plant.found({ slots: [...GOOD, FAULTY], azure: true });
    await plant.serve();
    operator = await browser.visitor(plant);
    engineer = await browser.visitor(plant);
    await operator.logIn(PEOPLE.operator);
    await engineer.logIn(PEOPLE.engineer);
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

/** Goes to a place of the navigation by its link. */
async function goBy(visitor, place) {
    await visitor.page.click(`header nav a[href="${place}"]`);
    await visitor.page.waitForURL((url) => url.pathname === place);
}

/** What the audit log says of runs: how often each verdict was given. */
function verdicts() {
    const counts = {};
    for (const { verdict } of plant.events("run-finished")) counts[verdict] = (counts[verdict] ?? 0) + 1;
    return counts;
}

test("an engineer writes the order down and releases it", { timeout }, async () => {
    const { page } = engineer;
    await goBy(engineer, "/work-orders");
    await page.click("#new-order summary");
    await page.fill("#order-name", ORDER);
    await page.selectOption("#order-product", PRODUCT);
    await page.fill("#order-quantity", "six");
    engineer.expects(/422/);
    await page.click("#write-down");
    // what was typed is still there beside the reason
    assert.match(await page.getByRole("alert").innerText(), /LS-/);
    assert.equal(await page.inputValue("#order-name"), ORDER);
    await sound(engineer, "order-refused");
    await page.fill("#order-quantity", "6");
    await page.fill("#order-spare", "6");
    await page.click("#write-down");
    await page.waitForURL(`**/work-orders/${ORDER}`);
    await sound(engineer, "order-planned");
    await page.click("#activate");
    await page.locator("#order-state.busy, #order-state.good").waitFor();
    await sound(engineer, "order-active");
    engineer.fine();
});

test("five units pass, the faulty one fails, and every tile says so", { timeout }, async () => {
    for (const [slot] of [...GOOD, FAULTY]) await shows(operator.page, slot, "READY");
    await plant.plug("GW", { count: GOOD.length });
    await plant.plug("FX", { faults: ["bad-proof"], seed: SEED });
    for (const [slot] of GOOD) await shows(operator.page, slot, "PASS");
    await shows(operator.page, FAULTY[0], "FAIL");
    assert.match(await tile(operator.page, FAULTY[0]).innerText(), /LS-/);
    await sound(operator, "order-at-the-line");
    operator.fine();
});

test("the faulty unit is tried again, repaired, and passes", { timeout }, async () => {
    const { page } = operator;
    await scan(operator, `LS:SLOT:${FAULTY[0]}`);
    await heard(page, "done", FAULTY[0]);
    const before = await tile(page, FAULTY[0]).getAttribute("data-run");
    await scan(operator, "LS:RETRY");
    await page.locator(`#tile-${FAULTY[0]}[data-state=fail]:not([data-run="${before}"])`).waitFor();
    await plant.unplug("FX");
    await shows(page, FAULTY[0], "READY");
    await plant.plug("FX", { seed: SEED });
    await shows(page, FAULTY[0], "PASS");
    operator.fine();
});

test("an engineer finds the unit in two clicks, supersedes it, and it runs again", { timeout }, async () => {
    const { page } = engineer;
    await goBy(engineer, "/devices");
    await page.fill("#device-search", FAULTY[1].slice(0, 4));
    await page.locator("#found").getByText(FAULTY[1]).first().waitFor();
    await sound(engineer, "device-search");
    await page.fill("#device-search", FAULTY[1]);
    await page.press("#device-search", "Enter");
    await page.waitForURL(/\/devices\/\d+$/);
    const seen = await page.locator("#runs tbody tr .state").allInnerTexts();
    assert.deepEqual(seen.map((text) => text.replace(/[^A-Z]/g, "")), ["PASS", "FAIL", "FAIL"]);
    await sound(engineer, "device");
    const address = page.url();
    await page.click("#action-supersede summary");
    await page.fill("#action-supersede [name=reason]", "antenna replaced");
    await page.click("#action-supersede button");
    await page.locator(".note.done").waitFor();
    assert.match(JSON.stringify(plant.events("run-superseded").at(-1)), /antenna replaced/);
    await plant.unplug("FX");
    await shows(operator.page, FAULTY[0], "READY");
    await plant.plug("FX", { seed: SEED });
    await shows(operator.page, FAULTY[0], "PASS");
    await engineer.goto(address);
    assert.equal(await page.locator("#runs tbody tr").count(), 4);
    await sound(engineer, "device-superseded");
    engineer.fine();
});

test("the report counts what happened and carries the head of the log", { timeout }, async () => {
    const { page } = engineer;
    await engineer.goto(`/work-orders/${ORDER}`);
    await page.click("#order-report");
    await page.waitForURL(`**/reports/work-order/${ORDER}`);
    const count = (cells) => cells.map((cell) => [cell.dataset.verdict, Number(cell.innerText)]);
    const shown = await page.locator("#verdicts td").evaluateAll(count);
    assert.deepEqual(Object.fromEntries(shown.filter(([, count]) => count > 0)), verdicts());
    assert.ok((await page.locator("svg[role=img]").count()) > 0, "there are plots");
    assert.match(await page.locator("#audit-head").innerText(), /lineside\.local\/line-1/);
    await sound(engineer, "report");
    await printed(engineer, "report");
    for (const id of ["csv-figures", "csv-runs"]) {
        const href = await page.locator(`#${id}`).getAttribute("href");
        const answer = await engineer.context.request.get(href);
        assert.equal(answer.status(), 200);
        assert.match(answer.headers()["content-type"], /^text\/csv/);
    }
    engineer.fine();
});

test("nothing went wrong on any page meanwhile", { timeout }, async () => {
    await operator.leave();
    await engineer.leave();
});
