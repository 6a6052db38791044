// The program under test, as processes: run to their end, or running beside the test and read line by line.
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SOON, within } from "./deadline.mjs";

/** The binary: the one LINESIDE_BINARY names, else the debug build. */
export const BINARY = process.env.LINESIDE_BINARY ?? fileURLToPath(new URL("../../target/debug/lineside", import.meta.url));
accessSync(BINARY, constants.X_OK);

/** What would steer the program is not inherited. */
function environment() {
    const own = { ...process.env };
    for (const name of ["LINESIDE_STATION", "LINESIDE_LOG", "LINESIDE_CRASH_AT", "CREDENTIALS_DIRECTORY"]) delete own[name];
    return own;
}

/** A process of the program. It dies with the test that started it, however that ends. */
export class Process {
    #child;
    #lines = [];
    #waiting = null;
    #errors = "";
    #ended;

    constructor(words) {
        // setpriv becomes the program; so it ends even if this test is killed before it can end it
        const all = ["--pdeathsig", "KILL", BINARY, ...words];
        this.#child = spawn("setpriv", all, { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
        this.words = words;
        this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#errors += text));
        createInterface({ input: this.#child.stdout }).on("line", (line) => {
            this.#lines.push(line);
            this.#waiting?.();
        });
        this.#ended = new Promise((resolve, reject) => {
            this.#child.on("error", reject);
            this.#child.on("close", (code) => {
                resolve(code ?? -1);
                this.#waiting?.();
            });
        });
        // an error to start is told to whoever waits for the end; nobody may be
        this.#ended.catch(() => {});
    }

    /** What it has said on standard error so far. */
    get errors() {
        return this.#errors;
    }

    /** The next line it prints, as JSON. */
    async json(time = SOON) {
        const line = within(time, `a line from ${this.words.join(" ")}; on standard error: ${this.#errors}`, this.#next());
        return JSON.parse(await line);
    }

    async #next() {
        while (this.#lines.length === 0) {
            if (this.#child.exitCode !== null) throw new Error(`${this.words.join(" ")} ended: ${this.#errors}`);
            await new Promise((resolve) => (this.#waiting = resolve));
        }
        return this.#lines.shift();
    }

    /** Waits until it has ended by itself. */
    async end(time = SOON) {
        const exit = await within(time, `the end of ${this.words.join(" ")}`, this.#ended);
        return { exit, out: this.#lines.join("\n"), errors: this.#errors };
    }

    /** Sends it a signal. */
    signal(name) {
        this.#child.kill(name);
    }

    /** Ends it as systemd would. */
    terminate() {
        this.#child.kill("SIGTERM");
        return this.end();
    }

    /** Ends it at once, as a power cut would. */
    kill() {
        this.#child.kill("SIGKILL");
        return this.end();
    }
}

/** Runs a command to its end, which must be a good one; what it printed. */
export async function run(words) {
    const process = new Process(words);
    const { exit, out, errors } = await process.end();
    if (exit !== 0) throw new Error(`${words.join(" ")} ended with ${exit}: ${errors}`);
    return out;
}
