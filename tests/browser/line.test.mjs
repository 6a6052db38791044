// The Line page: every state of a tile, told apart without colour; six devices of which one is faulty.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { look, shows, tile } from "./line_page.mjs";
import { PEOPLE, Plant } from "./plant.mjs";
import { shoot } from "./shots.mjs";

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
    await shoot(visitor.page, "line-six");
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
    for (const part of ["word", "sign", "colour"]) {
        const seen = new Map();
        for (const [state, { [part]: value }] of Object.entries(looks)) {
            assert.ok(value, `${state} has no ${part}`);
            assert.ok(!seen.has(value), `${state} and ${seen.get(value)} have the same ${part}: ${value}`);
            seen.set(value, state);
        }
    }
    for (const [state, { word }] of Object.entries(looks)) assert.equal(word, state);
    await shoot(page, "line-states");
    await visitor.leave();
});
