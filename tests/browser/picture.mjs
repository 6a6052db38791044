// Makes the picture of the Line page that the README shows: cargo build && node tests/browser/picture.mjs
import { fileURLToPath } from "node:url";
import { Browser, SMALL } from "./browser.mjs";
import { eventually } from "./deadline.mjs";
import { shows } from "./line_page.mjs";
import { PEOPLE, Plant } from "./plant.mjs";

const PICTURE = fileURLToPath(new URL("../../static/line-page.png", import.meta.url));
const PREFIX = "GW7";
/** How many units of the lot were made before, and one of them did not pass. */
const MADE = 24;
const FAILED = 9;
/** What the units now on the line come to, slot after slot; the last one is empty. */
const NOW = [
    ["PASS"], ["PASS"], ["FAIL", "bad-proof"], ["PASS"],
    ["SKIPPED", "wrong-model"], ["ABORTED", "unplug-at=put"], ["RUNNING", "slow"], ["READY"],
];

/** The serial number of a unit, as `sim device` counts them. */
function serial(index) {
    return `${PREFIX}${String(index).padStart(5, "0")}`;
}

const browser = await Browser.launch();
const plant = await Plant.found({ slots: Array.from({ length: MADE }, (_, at) => [`slot-${at}`, serial(at + 1)]), azure: true });
try {
    await plant.serve();
    await plant.release("WO-1047", 400, 20);
    await plant.plug(PREFIX, { count: MADE, faults: [`${FAILED}:bad-proof`], seed: 2 });
    const ended = "SELECT 1 FROM run WHERE verdict IS NOT NULL";
    await eventually("the units made before", () => plant.sql(ended).length === MADE);
    await eventually("their enrollments", () => plant.sql("SELECT 1 FROM outbox WHERE state = 'sent'").length >= MADE - 1);
    await plant.stop();
    await plant.unplug(PREFIX);

    const slots = NOW.map(([word], at) => [`fix-${at + 1}`, word === "READY" ? "nothing" : serial(MADE + at + 1)]);
    plant.fit(slots);
    await plant.serve();
    const visitor = await browser.visitor(plant, { size: SMALL });
    await visitor.logIn(PEOPLE.operator);
    const faults = NOW.flatMap(([, fault], at) => (fault ? [`${MADE + at + 1}:${fault}`] : []));
    await plant.plug(PREFIX, { count: MADE + NOW.length, faults, seed: 3 });
    const last = NOW.findIndex(([word]) => word === "RUNNING");
    for (const [at, [word]] of NOW.entries()) if (at !== last) await shows(visitor.page, slots[at][0], word);
    await visitor.page.locator("#figures .cloud").filter({ hasText: "all sent" }).waitFor();
    await shows(visitor.page, slots[last][0], "RUNNING");
    await visitor.page.screenshot({ path: PICTURE, caret: "initial" });
    await visitor.leave();
} finally {
    await browser.close();
    await plant.close();
}
