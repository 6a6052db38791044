// Who gets in, and who is kept out: badges, a shift that changes in one scan, roles refused where they must be.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { WHOLE_TEST } from "./deadline.mjs";
import { PASSWORD, PEOPLE, Plant } from "./plant.mjs";
import { scan } from "./scan.mjs";
import { printed, sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
const PIN = "490153";

let plant, browser;
before(async () => {
    browser = await Browser.launch();
    plant = await Plant.found();
    await plant.serve();
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

/** Who the page says is logged in. */
function who({ page }) {
    return page.locator("header .who").innerText();
}

/** The note of the page on what was just done. */
async function noted({ page }, pattern) {
    await page.locator(".note.done").waitFor();
    assert.match(await page.locator(".note.done").innerText(), pattern);
}

test("an administrator lets an operator in with a PIN and makes them a badge, which opens the Line page", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    await visitor.logIn(PEOPLE.administrator);
    await visitor.goto("/people");
    await page.fill("#add-person [name=name]", "dora");
    await page.selectOption("#add-person [name=role]", "operator");
    await page.fill("#add-person [name=password]", PIN);
    await page.fill("#add-person [name=again]", PIN);
    await page.press("#add-person [name=again]", "Enter");
    await noted(visitor, /dora/);
    assert.equal(visitor.path, "/people/who/dora");
    await page.click("#make-badge button");
    const badge = (await page.locator("[data-badge]").innerText()).trim();
    assert.match(badge, /^LSB-[0-9A-HJKMNP-TV-Z]{20}$/);
    await sound(visitor, "badge");
    await printed(visitor, "badge");
    // it is shown once
    await visitor.goto("/people/who/dora");
    assert.ok(!(await page.content()).includes(badge));
    await visitor.leave();

    const dora = await browser.visitor(plant);
    await dora.logIn("dora", PIN);
    assert.match(await who(dora), /dora/);
    await dora.leave();

    const scanned = await browser.visitor(plant);
    await scanned.goto("/login");
    await scan(scanned, badge);
    await scanned.page.waitForURL((url) => url.pathname === "/");
    assert.match(await who(scanned), /dora/);
    assert.equal(plant.events("login-accepted").at(-1).name, "dora");
    await scanned.leave();
});

test("an unknown badge opens nothing and is on record", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    await visitor.goto("/login");
    await scan(visitor, "LSB-00000000000000000000");
    assert.match(await visitor.page.getByRole("alert").innerText(), /LS-AUTH-/);
    await sound(visitor, "badge-refused");
    await visitor.goto("/");
    assert.equal(visitor.path, "/login");
    assert.ok(plant.events("login-refused").length > 0);
    await visitor.leave();
});

test("what a role may not do is refused in words, and what it tried to change is on record", { timeout }, async () => {
    for (const [role, address, shown] of [["operator", "/people", 403], ["engineer", "/people", 200], ["auditor", "/people", 200]]) {
        const visitor = await browser.visitor(plant);
        const { page } = visitor;
        visitor.expects(/403/);
        await visitor.logIn(PEOPLE[role]);
        const answer = await visitor.goto(address);
        assert.equal(answer.status(), shown, `${role} at ${address}`);
        if (shown === 403) assert.match(await page.getByRole("alert").innerText(), /LS-/);
        assert.equal(await page.locator("#add-person").count(), 0, `${role} is shown no form`);
        await sound(visitor, `people-for-${role}`);
        // whoever makes the request up by hand, with a token of their own, gets no further
        await visitor.goto("/");
        const before = plant.events("refused").length;
        const status = await page.evaluate(async ([address, password]) => {
            const { value: csrf } = document.querySelector("[name=csrf]");
            const body = new URLSearchParams({ csrf, name: "mallory", role: "administrator", password, again: password });
            return (await fetch(address, { method: "POST", body })).status;
        }, [address, PASSWORD]);
        assert.equal(status, 403, `${role} adds an administrator`);
        assert.equal(plant.events("refused").length, before + 1, `the refusal of ${role} is on record`);
        await visitor.leave();
    }
    assert.ok(!(await plant.run("user", "list")).includes("mallory"));
});

test("a shift changes in one scan at the log-in page, and somebody who is disabled is out at once", { timeout }, async () => {
    const badge = await plant.badge(PEOPLE.operator);
    const visitor = await browser.visitor(plant);
    await visitor.logIn("dora", PIN);
    await visitor.goto("/login");
    await scan(visitor, badge);
    await visitor.page.waitForURL((url) => url.pathname === "/");
    assert.match(await who(visitor), new RegExp(PEOPLE.operator));

    const boss = await browser.visitor(plant);
    boss.page.on("dialog", (dialog) => dialog.accept());
    await boss.logIn(PEOPLE.administrator);
    await boss.goto(`/people/who/${PEOPLE.operator}`);
    await boss.page.click("#disable button");
    await noted(boss, new RegExp(PEOPLE.operator));
    await boss.leave();
    await visitor.goto("/");
    assert.equal(visitor.path, "/login");
    await scan(visitor, badge);
    assert.match(await visitor.page.getByRole("alert").innerText(), /LS-AUTH-/);
    await visitor.leave();
});

test("under the rule of two nobody makes an administrator alone, and the page says what two do", { timeout }, async () => {
    const strict = await Plant.found();
    try {
        const [password, wrong] = [strict.path("password"), strict.path("wrong")];
        writeFileSync(wrong, "another long password");
        const add = (name) => ["user", "add", name, "--role", "administrator", "--password-file", password];
        // while the rule is off one administrator makes the second
        await strict.run(...add("eve"));
        strict.add("[ceremony]\nsecond_administrator = true\n");
        await strict.serve();

        const visitor = await browser.visitor(strict);
        const { page } = visitor;
        visitor.expects(/422/);
        await visitor.logIn(PEOPLE.administrator);
        const fill = async (name, role, word = PASSWORD) => {
            await visitor.goto("/people");
            await page.fill("#add-person [name=name]", name);
            await page.selectOption("#add-person [name=role]", role);
            await page.fill("#add-person [name=password]", word);
            await page.fill("#add-person [name=again]", word);
            await page.press("#add-person [name=again]", "Enter");
        };
        await fill("fred", "administrator");
        const fault = page.locator("#add-person").getByRole("alert");
        await fault.waitFor();
        const told = await fault.innerText();
        assert.match(told, /second administrator/);
        assert.match(told, /--second NAME/);
        assert.match(told, /LS-CER-11/);
        assert.equal(await page.locator("#add-person [name=name]").inputValue(), "fred");
        assert.equal(await page.locator("#add-person [name=role]").inputValue(), "administrator");
        await sound(visitor, "people-rule-of-two");
        assert.equal(await page.locator("#people").getByText("fred").count(), 0);
        // nor does anybody give another administrator a password, for that would make one person two
        await visitor.goto("/people/who/eve");
        await page.fill("#password [name=password]", "a password of my own");
        await page.fill("#password [name=again]", "a password of my own");
        await page.press("#password [name=again]", "Enter");
        await page.locator(".note.refused").waitFor();
        assert.match(await page.locator(".note.refused").innerText(), /LS-CER-11/);
        assert.deepEqual(strict.events("password-changed"), []);
        // an operator needs nobody
        await fill("dora", "operator", PIN);
        await noted(visitor, /dora/);

        // two passwords make a third: each of them must be right, and they must be two people's
        const both = (first, second, name = "eve") => [
            ...[...add("fred"), "--as", PEOPLE.administrator, "--as-password-file", first],
            ...["--second", name, "--second-password-file", second],
        ];
        await assert.rejects(strict.run(...add("fred")), /LS-CER-11/);
        await assert.rejects(strict.run(...both(wrong, password)), /LS-CER-12/);
        await assert.rejects(strict.run(...both(password, wrong)), /LS-CER-12/);
        await assert.rejects(strict.run(...both(password, password, PEOPLE.administrator)), /LS-CER-12/);
        await strict.run(...both(password, password));
        const added = strict.events("person-added").at(-1);
        assert.deepEqual([added.name, added.role, added.second], ["fred", "administrator", "eve"]);
        await visitor.goto("/people");
        const row = page.locator("#people tr", { hasText: "fred" });
        assert.match(await row.innerText(), /administrator/);
        await visitor.leave();

        const fred = await browser.visitor(strict);
        await fred.logIn("fred");
        assert.match(await who(fred), /fred/);
        await fred.leave();
    } finally {
        await strict.close();
    }
});
