// A whole turn at the line with a scanner alone: nothing is ever done with a pointer.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { heard, shows, tile } from "./line_page.mjs";
import { PEOPLE, Plant } from "./plant.mjs";
import { watchPointer } from "./pointer.mjs";
import { scan } from "./scan.mjs";
import { sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
let browser;
before(async () => {
    browser = await Browser.launch();
}, { timeout });
after(() => browser?.close(), { timeout });

/** A plant with two slots whose devices are started in this way, and an operator's badge. */
async function plantFor(t, start) {
    const plant = await Plant.found({ slots: [["slot-1", "GW00001"], ["slot-2", "GW00002"]] });
    t.after(() => plant.close());
    const how = `[identify]\nstart = "${start}"\nlabel = "SN:{serial}"`;
    await plant.recipe((text) => text.replace("[identify]", how));
    const badge = await plant.badge(PEOPLE.operator);
    await plant.serve();
    await plant.release("lot-1", 5);
    return { plant, badge };
}

/** Logs in with a badge, at a page that watches for pointers. */
async function atTheLine(plant, badge) {
    const visitor = await browser.visitor(plant);
    const seen = await watchPointer(visitor);
    await visitor.goto("/login");
    await scan(visitor, badge);
    await visitor.page.waitForURL((url) => url.pathname === "/");
    return { visitor, seen };
}

test("log in, choose a slot, retry, call, scrap and log out by scanning", { timeout }, async (t) => {
    const { plant, badge } = await plantFor(t, "plug");
    const { visitor, seen } = await atTheLine(plant, badge);
    const { page } = visitor;
    await shows(page, "slot-1", "READY");
    await plant.plug("GW", { count: 2, faults: ["1:reset-at=csr", "2:bad-proof"] });
    await shows(page, "slot-1", "FAIL");
    await shows(page, "slot-2", "FAIL");
    await sound(visitor, "scanner-two-failed");

    await scan(visitor, "LS:SLOT:slot-1");
    await heard(page, "done", "slot-1");
    await scan(visitor, "LS:RETRY");
    await heard(page, "done", "slot-1");
    await shows(page, "slot-1", "PASS");

    await scan(visitor, "LS:SLOT:slot-2");
    await heard(page, "done", "slot-2");
    await scan(visitor, "LS:CALL");
    await tile(page, "slot-2").locator(".call").waitFor();
    await sound(visitor, "scanner-called");
    await scan(visitor, "LS:CALL");
    await tile(page, "slot-2").locator(".call").waitFor({ state: "detached" });

    // one stray scan destroys nothing
    await scan(visitor, "LS:SLOT:slot-2");
    await heard(page, "done", "slot-2");
    await scan(visitor, "LS:SCRAP");
    await heard(page, "ask", "GW00002");
    assert.equal(plant.events("run-scrapped").length, 0);
    // what comes within a second is the same scan, read twice
    await page.waitForTimeout(1200);
    await scan(visitor, "LS:SCRAP");
    await shows(page, "slot-2", "SCRAP");
    assert.equal(plant.events("run-scrapped").length, 1);

    await scan(visitor, "LS:LOGOUT");
    await page.waitForURL("**/login");
    assert.deepEqual(seen, []);
    await visitor.leave();
});

test("units run when their labels are scanned, and the label of another unit is told", { timeout }, async (t) => {
    const { plant, badge } = await plantFor(t, "scan");
    const { visitor, seen } = await atTheLine(plant, badge);
    const { page } = visitor;
    await plant.plug("GW", { count: 2 });
    await page.locator("[data-state=waiting]").nth(1).waitFor();
    await scan(visitor, "SN:GW00001");
    await heard(page, "ask", /./);
    await page.keyboard.press("F1");
    await scan(visitor, "SN:GW00002");
    await page.locator("#tile-slot-1[data-state=wrong-unit]").waitFor();
    await sound(visitor, "scanner-wrong-unit");
    // Esc clears and destroys nothing
    await page.keyboard.type("SN:GW0000");
    await page.keyboard.press("Escape");
    assert.equal(await page.inputValue("#scan-text"), "");
    await page.keyboard.press("F1");
    await scan(visitor, "SN:GW00001");
    await shows(page, "slot-1", "PASS");
    await scan(visitor, "SN:GW00002");
    await shows(page, "slot-2", "PASS");
    await scan(visitor, "LS:NONSENSE");
    await heard(page, "refused", "LS:NONSENSE");
    assert.equal(await page.evaluate(() => document.activeElement.id), "scan-text");
    assert.deepEqual(seen, []);
    await visitor.leave();
});

test("the watch for pointers sees one", { timeout }, async (t) => {
    const { plant, badge } = await plantFor(t, "plug");
    const { visitor, seen } = await atTheLine(plant, badge);
    await visitor.page.click("#scan-text");
    assert.ok(seen.some((what) => what.startsWith("pointerdown on INPUT")), seen.join());
    await visitor.leave();
});

test("a badge cannot be read off the screen, and a label can", { timeout }, async (t) => {
    const { plant, badge } = await plantFor(t, "plug");
    const { visitor } = await atTheLine(plant, badge);
    const { page } = visitor;
    await shows(page, "slot-1", "READY");
    const box = page.locator("#scan-text");
    const masked = () => box.evaluate((box) => getComputedStyle(box).webkitTextSecurity === "disc");
    await page.keyboard.type("SN:LSB");
    assert.equal(await masked(), false);
    await page.keyboard.press("Escape");
    await page.keyboard.type("lsb-");
    assert.equal(await masked(), true);
    await page.keyboard.type("0123456789ABCDEFGHJK");
    assert.equal(await box.inputValue(), "lsb-0123456789ABCDEFGHJK");
    assert.equal(await masked(), true);
    // the answer is held back: the box is empty all the same, and ready for the next scan
    let go;
    const held = new Promise((resolve) => { go = resolve; });
    await page.route("**/scan", async (route) => { await held; await route.continue(); });
    await page.keyboard.press("Enter");
    assert.equal(await box.inputValue(), "");
    assert.equal(await masked(), false);
    go();
    await heard(page, "refused", "This badge opens nothing");
    assert.ok(!(await page.content()).toUpperCase().includes("0123456789ABCDEFGHJK"));
    await visitor.leave();
});
