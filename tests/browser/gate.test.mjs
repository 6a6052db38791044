// The way in: logging in, unlocking, four languages, what every answer carries.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible } from "./axe.mjs";
import { Browser } from "./browser.mjs";
import { SOON, WHOLE_TEST } from "./deadline.mjs";
import { PASSPHRASE, PASSWORD, PEOPLE, Plant } from "./plant.mjs";
import { sound } from "./sound.mjs";

const timeout = WHOLE_TEST;
/** A word of each language that only its log-in page holds, and how its pages name it. */
const LANGUAGES = {
    en: { tag: "en", logIn: "Log in", locked: "line-1 is locked" },
    de: { tag: "de", logIn: "Anmelden", locked: "line-1 ist gesperrt" },
    zh: { tag: "zh-Hans", logIn: "登录", locked: "line-1 已锁定" },
    es: { tag: "es", logIn: "Iniciar sesión", locked: "line-1 está bloqueada" },
};

let plant, browser;
before(async () => {
    plant = await Plant.found();
    browser = await Browser.launch();
}, { timeout });
after(async () => {
    await browser?.close();
    await plant?.close();
}, { timeout });

/** The page at both sizes in every language: sound, and photographed. */
async function everyLanguage(visitor, name, word) {
    for (const [language, words] of Object.entries(LANGUAGES)) {
        await visitor.choose(language);
        assert.equal(await visitor.page.locator("html").getAttribute("lang"), words.tag);
        assert.ok((await visitor.page.locator("main").innerText()).includes(words[word]), `${name} in ${language}`);
        assert.equal(await visitor.page.locator("[name=language][aria-current]").count(), 1);
        await sound(visitor, `${name}-${language}`);
    }
}

test("a locked station says so in four languages and is unlocked with its passphrase", { timeout }, async () => {
    await plant.serve({ locked: true });
    const visitor = await browser.visitor(plant);
    await visitor.goto("/");
    assert.equal(visitor.path, "/unlock");
    await everyLanguage(visitor, "unlock", "locked");
    await visitor.choose("en");
    await visitor.page.fill("input[name=passphrase]", "a wrong passphrase");
    await visitor.page.press("input[name=passphrase]", "Enter");
    const fault = await visitor.page.getByRole("alert").innerText();
    assert.match(fault, /LS-/);
    await accessible(visitor.page, "a refused passphrase");
    await visitor.page.fill("input[name=passphrase]", PASSPHRASE);
    await visitor.page.press("input[name=passphrase]", "Enter");
    await visitor.page.waitForURL("**/login");
    await visitor.leave();
});

test("the log-in page speaks four languages, and the choice stays", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    await visitor.goto("/login");
    await everyLanguage(visitor, "login", "logIn");
    await visitor.logIn(PEOPLE.operator);
    assert.equal(await visitor.page.locator("html").getAttribute("lang"), "es");
    await visitor.leave();
});

test("the browser's own language is spoken to who has chosen none", { timeout }, async () => {
    for (const [locale, language] of [["de-AT", "de"], ["zh-CN", "zh"], ["es-MX", "es"], ["fr-FR", "en"]]) {
        const visitor = await browser.visitor(plant, { locale });
        await visitor.goto("/login");
        assert.equal(await visitor.page.locator("html").getAttribute("lang"), LANGUAGES[language].tag, locale);
        await visitor.leave();
    }
});

test("somebody logs in and out with the keyboard alone", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    const { page } = visitor;
    /** Goes on by Tab until this has the focus. */
    const reach = async (selector) => {
        for (let steps = 0; steps < 60; steps += 1) {
            if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
            await page.keyboard.press("Tab");
        }
        assert.fail(`${selector} cannot be reached by Tab on ${page.url()}`);
    };
    await visitor.goto("/login");
    const focused = await page.evaluate(() => document.activeElement?.tagName);
    assert.equal(focused, "INPUT", "a field has the focus from the start");
    await reach("input[name=name]");
    await page.keyboard.type(PEOPLE.engineer);
    await reach("input[name=password]");
    await page.keyboard.type("not the password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    assert.match(await page.getByRole("alert").innerText(), /LS-AUTH-01/);
    await accessible(page, "a refused log-in");
    await reach("input[name=name]");
    await page.keyboard.type(PEOPLE.engineer);
    await reach("input[name=password]");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/", { timeout: SOON });
    assert.match(await page.locator("header .who").innerText(), /bob/);
    await reach("form[action='/logout'] button");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/login");
    await visitor.leave();
});

test("every answer carries the strict headers", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    visitor.expects(/ 404 |404 \(/);
    const answers = [await visitor.goto("/login"), await visitor.goto("/nothing-here"), await visitor.goto("/static/style.css")];
    await visitor.logIn(PEOPLE.administrator);
    answers.push(await visitor.goto("/"));
    for (const answer of answers) {
        const { headers, where } = { headers: await answer.allHeaders(), where: answer.url() };
        const policy = Object.fromEntries(headers["content-security-policy"].split(";").map((part) => {
            const [directive, ...sources] = part.trim().split(/\s+/);
            return [directive, sources.join(" ")];
        }));
        assert.equal(policy["default-src"], "'none'", where);
        for (const kind of ["script-src", "style-src", "img-src", "connect-src", "form-action"]) {
            assert.equal(policy[kind], "'self'", `${kind} at ${where}`);
        }
        assert.equal(policy["frame-ancestors"], "'none'", where);
        assert.equal(headers["x-content-type-options"], "nosniff", where);
        assert.equal(headers["referrer-policy"], "no-referrer", where);
    }
    await visitor.leave();
});

test("the policy is watched: a script of the page's own would be refused and reported", { timeout }, async () => {
    const visitor = await browser.visitor(plant);
    await visitor.goto("/login");
    await visitor.page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    });
    assert.equal(await visitor.page.evaluate(() => window.ran), undefined);
    await assert.rejects(visitor.leave(), /content security policy/i);
});
