// Batches in a real browser: a file is uploaded with a script that shows how far it is, looked through, done while one
// watches, and taken along; and all of it once more without any script.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Browser, SIZES } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { PEOPLE, Plant } from "./plant.mjs";
import { sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
const GROUP = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";

let plant, browser;
before(async () => {
    browser = await Browser.launch();
    plant = await Plant.found();
    writeFileSync(plant.path("group"), GROUP);
    await plant.run("key", "add", "line-keys", "--primary-file", plant.path("group"));
    await plant.serve();
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

/** Writes a table beside the station; its path. */
function table(name, lines) {
    writeFileSync(plant.path(name), `${lines.join("\n")}\n`);
    return plant.path(name);
}

/** Chooses a file in one of the forms and sends it. */
async function upload({ page }, form, path) {
    await page.click(`#${form} summary`);
    await page.setInputFiles(`#${form} input[type=file]`, path);
    await page.click(`#${form} button.main`);
    await page.waitForURL(/\/batches\/jobs\//);
}

/** What a download holds. */
async function taken({ page }, link) {
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    return readFileSync(await download.path(), "utf8");
}

test("an engineer imports a table: its faults are shown first, the good rows are taken, the rest is mended", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.engineer);
    await visitor.goto("/batches");
    for (const form of ["import", "derive", "export"]) await page.click(`#${form} summary`);
    await sound(visitor, "batches-forms", SIZES);
    await visitor.goto("/batches");
    await upload(visitor, "import", table("lot.csv", ["serial;line", "SN-1;west", "1.23E+11;west", "0001;east", "SN-2;east"]));
    await page.locator("#preview").waitFor();
    assert.match(await page.locator("#kept").innerText(), /^line$/);
    assert.deepEqual(await page.locator("#faults tbody th").allInnerTexts(), ["3", "4"]);
    assert.equal(plant.sql("SELECT count(*) FROM batch")[0], "0");
    await sound(visitor, "batch-preview", SIZES);
    await page.click("#take-good button");
    await page.locator("#result").waitFor();
    await sound(visitor, "batch-result", SIZES);
    await page.click("#to-batch");
    await page.waitForURL(/\/batches\/\d+$/);
    await sound(visitor, "batch", SIZES);
    const result = await taken(visitor, page.locator(".files a").filter({ hasText: "result" }));
    assert.match(result, /SN-1;west;ok/);
    assert.match(result, /1\.23E\+11;west;refused;LS-CSV-03;/);

    // mended, it gives the full set
    await visitor.goto("/batches");
    const mended = result.replace("1.23E+11", "SN-3").replace("0001", "SN-4").trim().split("\n");
    await upload(visitor, "import", table("mended.csv", mended));
    await page.click("#do-it button");
    await page.locator("#result").waitFor();
    assert.deepEqual(await page.locator("#result dd").allInnerTexts(), ["4", "2", "0"]);
    await visitor.goto("/batches");
    assert.equal(await page.locator("#batches tbody tr").count(), 2);
    await sound(visitor, "batches", SIZES);
    await visitor.leave();
});

test("derived keys are watched while they are made, and taken along with a warning", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.engineer);
    await visitor.goto("/batches");
    const rows = Array.from({ length: 800_000 }, (_, row) => `sn-${row},west`);
    await upload(visitor, "derive", table("long.csv", ["registration_id,note", ...rows]));
    await page.locator("#do-it").waitFor();
    assert.match(await page.locator("#preview .banner").innerText(), /keys in clear/);
    const asked = page.waitForResponse((answer) => /\/progress$/.test(new URL(answer.url()).pathname));
    await page.click("#do-it button");
    assert.match(await page.locator("#so-far").innerText(), /good/);
    assert.equal((await asked).status(), 200);
    await page.locator("#to-batch").waitFor();
    assert.match(await page.locator("#job-state").innerText(), /Done/);
    await page.click("#to-batch");
    await page.waitForURL(/\/batches\/\d+$/);
    await sound(visitor, "batch-keys", SIZES);
    const keys = await taken(visitor, page.locator(".files a"));
    assert.equal(keys.trim().split("\n").length, rows.length + 1);
    page.on("dialog", (dialog) => dialog.accept());
    await page.click("#clear button");
    await page.locator(".note.done").waitFor();
    assert.equal(await page.locator(".files").count(), 0);
    await visitor.leave();
});

test("what is too large is told before it is sent, and what broke off is told, too", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.engineer);
    await visitor.goto("/batches");
    await page.locator("#import form").evaluate((form) => { form.dataset.largest = "5"; });
    await page.click("#import summary");
    await page.setInputFiles("#import input[type=file]", table("small.csv", ["serial", "SN-9"]));
    await page.click("#import button.main");
    assert.match(await page.locator("#import .sending").innerText(), /512 MiB/);
    visitor.expects(/ERR_FAILED|upload/);
    await page.locator("#import form").evaluate((form) => { form.dataset.largest = "5000"; });
    await page.route("**/batches/upload", (route) => route.abort());
    await page.click("#import button.main");
    await page.locator("#import .sending").filter({ hasText: "broke off" }).waitFor();
    await visitor.leave();
});

test("a file dropped on a form is the one that is sent", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.engineer);
    await visitor.goto("/batches");
    await page.click("#import summary");
    const dropped = await page.evaluateHandle(() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["serial\nSN-77\n"], "dropped.csv", { type: "text/csv" }));
        return transfer;
    });
    await page.dispatchEvent("#import .drop", "drop", { dataTransfer: dropped });
    await page.click("#import button.main");
    await page.waitForURL(/\/batches\/jobs\//);
    assert.match(await page.locator("h1").innerText(), /dropped\.csv/);
    await page.click("#give-up button");
    await page.locator(".note.done").waitFor();
    await visitor.leave();
});
