// The Line page: every state of a tile, told apart without colour; six devices of which one is faulty.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, LARGE, SIZES } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { look, shows, tile } from "./line_page.mjs";
import { PEOPLE, Plant } from "./plant.mjs";
import { shoot } from "./shots.mjs";
import { sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
let browser;
before(async () => {
    browser = await Browser.launch();
}, { timeout });
after(() => browser?.close(), { timeout });

/** A plant with these slots, for one test. */
async function plantFor(t, options) {
    const plant = await Plant.found(options);
    t.after(() => plant.close());
    await plant.serve();
    return plant;
}

test("six devices, one faulty: five pass, one fails and says what to do", { timeout }, async (t) => {
    const serials = [1, 2, 3, 4, 5, 6].map((index) => [`slot-${index}`, `GW0000${index}`]);
    const plant = await plantFor(t, { slots: serials, azure: true });
    const visitor = await browser.visitor(plant);
    await visitor.logIn(PEOPLE.operator);
    for (const [slot] of serials) await shows(visitor.page, slot, "NOT READY");
    await plant.release("lot-1", 6);
    for (const [slot] of serials) await shows(visitor.page, slot, "READY");
    await plant.plug("GW", { count: 6, faults: ["4:bad-proof"] });
    for (const [slot] of serials) await shows(visitor.page, slot, slot === "slot-4" ? "FAIL" : "PASS");
    const failed = await tile(visitor.page, "slot-4").innerText();
    assert.match(failed, /LS-[A-Z]+-\d\d/, "the code for the engineer");
    assert.match(failed, /\.\s+\S.*\./s, "one sentence what happened, one what to do");
    for (const [slot, serial] of serials) assert.ok((await tile(visitor.page, slot).innerText()).includes(serial.slice(-6)));
    await sound(visitor, "line-six");
    await plant.unplug("GW");
    for (const [slot] of serials) await shows(visitor.page, slot, "READY");
    await visitor.leave();
});

test("every state of a tile has a word, a sign and a colour of its own", { timeout }, async (t) => {
    const prefixes = {
        ...{ ready: "NONE", running: "SL", pass: "PA", fail: "FA", aborted: "AB", skipped: "SK" },
        ...{ original: "C1", quarantine: "C2", last: "LA", error: "ER" },
    };
    const slots = Object.entries(prefixes).map(([slot, prefix]) => [slot, `${prefix}00001`]);
    const plant = await plantFor(t, { slots });
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.engineer);
    const looks = { "NOT READY": await look(page, "ready") };
    const see = async (slot, word) => {
        await shows(page, slot, word);
        looks[word] = await look(page, slot);
    };
    // as many permits as there are devices before the one in the slot `error`, which finds none
    await plant.release("lot-1", 6, 0);
    await see("ready", "READY");
    await Promise.all([see("running", "RUNNING"), plant.plug("SL", { faults: ["slow"], seed: 2 })]);
    await plant.plug("PA", { seed: 3 });
    await plant.plug("FA", { seed: 4, faults: ["bad-proof"] });
    await plant.plug("AB", { seed: 5, faults: ["unplug-at=put"] });
    await see("aborted", "ABORTED");
    await plant.plug("SK", { seed: 6, faults: ["wrong-model"] });
    await plant.plug("C1", { seed: 7, faults: ["cloned-key"] });
    await shows(page, "original", "PASS");
    await plant.plug("C2", { seed: 8, faults: ["cloned-key"] });
    for (const [slot, word] of [["pass", "PASS"], ["fail", "FAIL"], ["skipped", "SKIPPED"], ["quarantine", "QUARANTINE"]]) {
        await see(slot, word);
    }
    await shows(page, "running", "PASS");
    await plant.plug("LA", { seed: 9 });
    await shows(page, "last", "PASS");
    await plant.plug("ER", { seed: 10 });
    await see("error", "ERROR");
    // the lamp is one of three, so it alone tells no state; the others each must
    for (const part of ["word", "sign", "colour"]) {
        const seen = new Map();
        for (const [state, { [part]: value }] of Object.entries(looks)) {
            assert.ok(value, `${state} has no ${part}`);
            assert.ok(!seen.has(value), `${state} and ${seen.get(value)} have the same ${part}: ${value}`);
            seen.set(value, state);
        }
    }
    for (const [state, { word }] of Object.entries(looks)) assert.equal(word, state);
    await sound(visitor, "line-states");
    await visitor.leave();
});

/** What of these tiles' words cannot be read: what to do must be wholly there, the rest of a tile inside it. */
function cutOff(tiles) {
    const wide = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1;
    const high = (part) => part.matches(".face, .next, .small") && part.scrollHeight > part.clientHeight + 1;
    return tiles.flatMap((tile) => {
        const parts = [...tile.querySelectorAll(".face, .word, .next, .small, .step, .tail")].filter((part) => wide(part) || high(part));
        return parts.map((part) => `${tile.dataset.slot}: ${part.className}: ${part.innerText}`);
    });
}

/** Hangs so many banners above the tiles, whatever the station itself had to say just then, and counts runs as after years. */
function hang(banners, count) {
    const banner = Object.assign(document.createElement("p"), { className: "offline", innerText: "No cloud since 06:12." });
    banners.replaceChildren(...Array.from({ length: count }, () => banner.cloneNode(true)));
    for (const run of document.querySelectorAll(".tile .small > :last-child:not(.serial, .code)")) {
        run.textContent = run.textContent.replace(/\d+$/, "1234567");
    }
}

test("sixteen slots fit on the screen and are read from three metres", { timeout }, async (t) => {
    const slots = Array.from({ length: 16 }, (_, index) => [`slot-${index + 1}`, `GW${String(index + 1).padStart(5, "0")}`]);
    const plant = await plantFor(t, { slots });
    await plant.release("lot-1", 16);
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.operator);
    await shows(page, "slot-16", "READY");
    await plant.plug("GW", { count: 14, faults: ["2:bad-proof", "5:wrong-model", "9:unplug-at=put"] });
    const other = { 2: "FAIL", 5: "SKIPPED", 9: "ABORTED", 15: "READY", 16: "READY" };
    for (let index = 1; index <= 16; index += 1) await shows(page, `slot-${index}`, other[index] ?? "PASS");
    await page.setViewportSize(LARGE);
    for (const [slot] of slots) {
        const { height } = await look(page, slot);
        // 24 mm on a wall screen of 24 inches: 3 rem are the least
        assert.ok(height >= 48, `the word of ${slot} is ${height} pixels high`);
        const { x, y, width, height: tall } = await tile(page, slot).boundingBox();
        assert.ok(x >= 0 && y >= 0 && x + width <= LARGE.width && y + tall <= LARGE.height, `${slot} is not wholly on the screen`);
        const cut = await tile(page, slot).locator(".word").evaluate((word) => word.scrollWidth - word.clientWidth);
        assert.ok(cut <= 0, `the word of ${slot} is cut off`);
    }
    const scrolls = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
    assert.ok(scrolls <= 0, `the page is ${scrolls} pixels too high`);
    await sound(visitor, "line-sixteen");
    for (const language of ["de", "zh", "es", "en"]) {
        await visitor.choose(language);
        for (const size of SIZES) {
            await page.setViewportSize(size);
            for (const banners of [4, 3, 2, 0, 1]) {
                await page.locator("#banners").evaluate(hang, banners);
                const left = await page.locator(".tile").evaluateAll(cutOff);
                assert.deepEqual(left, [], `in ${language} at ${size.width} under ${banners} banners`);
            }
        }
        await shoot(page, `line-sixteen-${language}`);
    }
    await visitor.leave();
});
