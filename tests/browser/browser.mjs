// Chromium without a screen. A visitor is somebody at a browser of their own; whatever goes wrong on the pages they
// see (errors of scripts, refusals of the content security policy, answers of 400 and above, lost requests) is kept,
// and fails the test when they leave.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { SOON } from "./deadline.mjs";
import { PASSWORD } from "./plant.mjs";

/** A wall screen beside the line. */
export const LARGE = { width: 1920, height: 1080 };
/** A small panel at the station. */
export const SMALL = { width: 1280, height: 800 };
export const SIZES = [LARGE, SMALL];

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const OPTIONS = [
    ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
];

/** Runs in every page before its own scripts: what the content security policy refuses is said aloud. */
function watchPolicy() {
    document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`content security policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`);
    });
}

/** A request that the page itself gave up, by going elsewhere. */
const GIVEN_UP = "net::ERR_ABORTED";

export class Browser {
    #chromium;

    static async launch() {
        const browser = new Browser();
        browser.#chromium = await chromium.launch({ executablePath: CHROMIUM, args: OPTIONS, timeout: SOON });
        return browser;
    }

    /** Somebody at a browser of their own. */
    async visitor(plant, { size = LARGE, locale = "en-GB" } = {}) {
        const context = await this.#chromium.newContext({ viewport: size, locale, baseURL: plant.url });
        context.setDefaultTimeout(SOON);
        await context.addInitScript(watchPolicy);
        return new Visitor(context, await context.newPage());
    }

    close() {
        return this.#chromium.close();
    }
}

export class Visitor {
    #problems = [];
    #allowed = [];

    constructor(context, page) {
        this.context = context;
        this.page = page;
        page.on("console", (said) => {
            if (["error", "warning"].includes(said.type())) this.#problem(`console: ${said.text()} (${said.location().url})`);
        });
        page.on("pageerror", (error) => this.#problem(`script: ${error.message}`));
        page.on("requestfailed", (request) => {
            const why = request.failure()?.errorText;
            if (why !== GIVEN_UP) this.#problem(`lost: ${request.method()} ${request.url()} ${why}`);
        });
        page.on("response", (response) => {
            if (response.status() >= 400) this.#problem(`answer: ${response.status()} ${response.url()}`);
        });
    }

    #problem(text) {
        this.#problems.push(text);
    }

    /** From now on this is expected and no problem. */
    expects(pattern) {
        this.#allowed.push(pattern);
    }

    /** Opens a page; its answer. */
    goto(path) {
        return this.page.goto(path, { waitUntil: "load" });
    }

    /** Where they are. */
    get path() {
        return new URL(this.page.url()).pathname;
    }

    /** Logs in with name and password. */
    async logIn(name, password = PASSWORD) {
        await this.goto("/login");
        await this.page.fill("input[name=name]", name);
        await this.page.fill("input[name=password]", password);
        await this.page.press("input[name=password]", "Enter");
        await this.page.waitForURL((url) => url.pathname === "/");
    }

    /** Chooses a language with what the page offers for it. */
    async choose(language) {
        const select = this.page.locator("select[name=language]");
        const loaded = this.page.waitForEvent("load");
        if (await select.count()) await select.selectOption(language);
        else await this.page.click(`button[name=language][value=${language}]`);
        await loaded;
    }

    /** Nothing has gone wrong so far that was not expected. */
    fine() {
        const unexpected = this.#problems.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
        assert.deepEqual(unexpected, [], `on ${this.page.url()}`);
    }

    /** Leaves; everything must have been fine. */
    async leave() {
        await this.context.close();
        this.fine();
    }
}
