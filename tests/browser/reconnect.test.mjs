// A station that goes away and comes back: the Line page says that what it shows is old, and is live again by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { shows } from "./line_page.mjs";
import { PEOPLE, Plant } from "./plant.mjs";
import { sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
/** How old the page may look fresh, in milliseconds: the beat comes every 5 s and is missed after 8. */
const STALE_WITHIN = 12_000;

let plant, browser;
before(async () => {
    browser = await Browser.launch();
    plant = await Plant.found({ slots: [["slot-1", "GW00001"]] });
    await plant.serve();
    await plant.release("lot-1", 5);
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

test("the page is stale while the station is away, and live again after a new log-in", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.operator);
    await shows(page, "slot-1", "READY");
    const stale = page.locator("#stale");
    assert.equal((await stale.innerText()).trim(), "");
    await plant.cutPower();
    visitor.expects(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
    await stale.filter({ hasText: /\d\d:\d\d:\d\d/ }).waitFor({ timeout: STALE_WITHIN });
    await sound(visitor, "line-stale");
    await plant.serve();
    // sessions do not outlive the station: the page goes where somebody can log in, without being touched
    await page.waitForURL("**/login");
    await visitor.logIn(PEOPLE.operator);
    await shows(page, "slot-1", "READY");
    await plant.plug("GW");
    await shows(page, "slot-1", "PASS");
    assert.equal((await stale.innerText()).trim(), "");
    await visitor.leave();
});

test("a connection that only hangs is noticed, too", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.operator);
    await shows(page, "slot-1", "PASS");
    visitor.expects(/ERR_/);
    plant.freeze();
    await page.locator("#stale").filter({ hasText: /\d\d:\d\d:\d\d/ }).waitFor({ timeout: STALE_WITHIN });
    plant.thaw();
    // the session is still there: nobody has to log in, and nothing is stale any more
    await page.locator("#stale").filter({ hasText: /^$/ }).waitFor({ state: "attached" });
    assert.equal(visitor.path, "/");
    await plant.unplug("GW");
    await shows(page, "slot-1", "READY");
    await visitor.leave();
});
