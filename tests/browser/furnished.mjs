// A plant with something of everything in its records, so that no page is shown empty: units that passed, one that
// failed, a revoked one, a run without a verdict, labels, enrollments in conflict and parked, a first article that
// waits, a client of the API, somebody who was let in and out again.
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { SOON, eventually, within } from "./deadline.mjs";
import { shows } from "./line_page.mjs";
import { PEOPLE, PRODUCT, Plant } from "./plant.mjs";

/** Six units of one lot; one of the lot before, enrolled at a hub that is not there; one that was cut off. */
const SLOTS = [1, 2, 3, 4, 5, 6].map((index) => [`slot-${index}`, `GW0000${index}`]);
const FAR = ["slot-7", "FR00001"];
const CUT = ["slot-8", "CT00001"];
/** The registration ID that somebody else has taken at DPS. */
const TAKEN = "gw-gw00003-mac-02-4c-53-01-00-03";

/** Enrolls somebody else's device under an ID, as any service with the policy's key may. */
async function squat(plant, id) {
    const parts = Object.fromEntries(readFileSync(plant.path("dps"), "utf8").trim().split(";").map((part) => {
        const at = part.indexOf("=");
        return [part.slice(0, at), part.slice(at + 1)];
    }));
    const [resource, until] = [encodeURIComponent(parts.HostName), Math.floor(Date.now() / 1000) + 600];
    const signed = createHmac("sha256", Buffer.from(parts.SharedAccessKey, "base64")).update(`${resource}\n${until}`).digest("base64");
    const token = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signed)}&se=${until}&skn=${parts.SharedAccessKeyName}`;
    const key = Buffer.alloc(32, 7).toString("base64");
    const symmetricKey = { primaryKey: key, secondaryKey: key };
    const body = JSON.stringify({ registrationId: id, attestation: { type: "symmetricKey", symmetricKey } });
    const options = {
        ca: readFileSync(join(plant.station, "sim-azure-ca.pem")), method: "PUT", timeout: SOON,
        headers: { Authorization: token, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
    };
    const address = `https://${parts.HostName}/enrollments/${id}?api-version=2021-10-01`;
    const status = await within(SOON, "the enrollment of somebody else", new Promise((resolve, reject) => {
        const asked = request(address, options, (answer) => answer.resume().on("end", () => resolve(answer.statusCode)));
        asked.on("error", reject).end(body);
    }));
    if (status !== 200) throw new Error(`the enrollment of somebody else was answered ${status}`);
}

/** Waits until this is the number of enrollments in a state. */
function outbox(plant, state, count) {
    const query = `SELECT count(*) FROM outbox WHERE state = '${state}'`;
    return eventually(`${count} enrollments that are ${state}`, () => plant.sql(query)[0] === `${count}`);
}

/** Pages of its records that stand for their kind less well than the one a link leads to first: their addresses by name. */
export function particular(plant) {
    const one = (query) => plant.sql(query)[0];
    const device = (serial) => `/devices/${one(`SELECT id FROM device WHERE serial = '${serial}'`)}`;
    const run = (serial) => one(`SELECT run.id FROM run JOIN device ON device.id = device WHERE serial = '${serial}'`);
    const row = (state) => `/outbox/${one(`SELECT id FROM outbox WHERE state = '${state}'`)}`;
    return {
        "device-passed": device("GW00001"), "device-revoked": device("GW00002"), "device-failed": device("GW00004"),
        "run-cut-off": `/runs/${run("CT00001")}`, "run-failed": `/runs/${run("GW00004")}`,
        "outbox-row-sent": row("sent"), "outbox-row-conflict": row("conflict"), "outbox-row-parked": row("parked"),
        "work-order-planned": "/work-orders/lot-2", "work-order-closed": "/work-orders/lot-0", "work-order-active": "/work-orders/lot-1",
        "label-of-run": `/labels/preview?run=${run("GW00001")}`, "label-of-product": `/labels/preview?product=${PRODUCT}`,
    };
}

/** Founds it and serves it. */
export async function furnished(browser) {
    const plant = await Plant.found({ slots: [...SLOTS, FAR, CUT], azure: true });
    try {
        await furnish(plant, browser);
    } catch (error) {
        await plant.close();
        throw error;
    }
    return plant;
}

/** One batch that is done, with its files; another file waits for a decision. */
async function batches(plant, browser) {
    const visitor = await browser.visitor(plant);
    await visitor.logIn(PEOPLE.engineer);
    await handIn(visitor, "derive", plant, "ids.csv", "registration_id;hall\nsn-1;west\nsn-2;east\n");
    await visitor.page.click("#do-it button");
    await visitor.page.locator("#to-batch").waitFor();
    await handIn(visitor, "import", plant, "lot.csv", "serial;hall\nSN-1;west\n1.23E+11;west\n0001;east\n");
    await visitor.page.locator("#preview").waitFor();
    await visitor.leave();
}

async function handIn({ page }, form, plant, name, text) {
    writeFileSync(plant.path(name), text);
    await page.goto("/batches");
    await page.click(`#${form} summary`);
    await page.setInputFiles(`#${form} input[type=file]`, plant.path(name));
    await page.click(`#${form} button.main`);
    await page.waitForURL(/\/batches\/jobs\//);
}

async function furnish(plant, browser) {
    await plant.labels();
    const here = 'allocation = "hashed"';
    await plant.recipe((text) => text.replace(here, 'allocation = "static"\nhubs = ["far-hub.azure-devices.net"]'));
    await plant.run("client", "add", "mes", "--may", "read,orders");
    await plant.run("user", "add", "dora", "--role", "operator", "--password-file", plant.path("password"));
    await plant.run("user", "disable", "dora");
    await plant.badge(PEOPLE.operator);
    await plant.run("key", "add", "line-keys");
    await squat(plant, TAKEN);
    await plant.serve();
    await plant.release("lot-0", 2);
    await plant.plug("FR", { seed: 2 });
    await outbox(plant, "parked", 1);
    await plant.plug("CT", { faults: ["slow"], seed: 3 });
    await eventually("the slow unit", () => plant.sql("SELECT 1 FROM run JOIN device ON device.id = device WHERE serial = 'CT00001'").length > 0);
    await plant.cutPower();
    await plant.unplug("CT");
    await plant.unplug("FR");
    await plant.recipe((text) => text.replace(/allocation = "static"\nhubs = .*/, here));
    await plant.serve();
    await batches(plant, browser);
    await plant.run("work-order", "close", "lot-0", "--short", "--override", "the hub was never built");
    await plant.release("lot-1", 6);
    await plant.run("work-order", "add", "lot-2", "--product", "demo-sensor", "--quantity", "100");
    const visitor = await browser.visitor(plant);
    await visitor.logIn(PEOPLE.operator);
    await plant.plug("GW", { count: 6, faults: ["4:bad-proof"] });
    for (const [slot] of SLOTS) await shows(visitor.page, slot, slot === "slot-4" ? "FAIL" : "PASS");
    await outbox(plant, "conflict", 1);
    const [revoked] = plant.sql("SELECT certificate.serial FROM certificate JOIN device ON device.id = device WHERE device.serial = 'GW00002'");
    await plant.run("ca", "revoke", revoked, "--reason", "keyCompromise");
    await visitor.leave();
}
