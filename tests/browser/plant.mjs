// A plant for the tests: a station in a temporary folder, simulated Azure, virtual devices; all of it the real
// program in processes of its own.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Process, run } from "./program.mjs";

/** The vault's passphrase. */
export const PASSPHRASE = "correct horse battery staple";
/** Everybody's password. */
export const PASSWORD = "a long password";
/** Somebody of each role. */
export const PEOPLE = { operator: "ada", engineer: "bob", administrator: "admin", auditor: "cleo" };
/** The recipe of every work order; the virtual devices say that they are its model. */
export const PRODUCT = "demo-gateway";

export class Plant {
    /** Where the pages are. */
    url = null;
    #folder = mkdtempSync(join(tmpdir(), "lineside-browser-"));
    #azure = null;
    #serving = null;
    #benches = new Map();

    /** Founds a station `line-1` with somebody of each role and these slots, each for the device of one serial number. */
    static async found({ slots = [], azure = false } = {}) {
        const plant = new Plant();
        try {
            for (const [name, text] of [["passphrase", PASSPHRASE], ["password", PASSWORD]]) writeFileSync(plant.path(name), text);
            for (const name of ["ports", "devices"]) mkdirSync(plant.path(name));
            await plant.run("init", "--company", "Example", "--password-file", plant.path("password"));
            for (const role of ["operator", "engineer", "auditor"]) {
                await plant.run("user", "add", PEOPLE[role], "--role", role, "--password-file", plant.path("password"));
            }
            plant.set('id_scope = ""', 'id_scope = "0ne00000000"');
            plant.fit(slots);
            if (azure) await plant.#connect();
        } catch (error) {
            await plant.close();
            throw error;
        }
        return plant;
    }

    /** A path in the plant's folder. */
    path(name) {
        return join(this.#folder, name);
    }

    /** The station's folder. */
    get station() {
        return this.path("station");
    }

    #words(words) {
        return ["--station", this.station, "--passphrase-file", this.path("passphrase"), ...words];
    }

    /** Runs a command of this station that must succeed; what it printed. */
    run(...words) {
        return run(this.#words(words));
    }

    /** Replaces a text of `station.toml`, which must be there. */
    set(from, to) {
        const path = join(this.station, "station.toml");
        const text = readFileSync(path, "utf8");
        if (!text.includes(from)) throw new Error(`station.toml has no ${from}`);
        writeFileSync(path, text.replace(from, to));
    }

    /** Adds a table to the end of `station.toml`. */
    add(table) {
        const path = join(this.station, "station.toml");
        writeFileSync(path, `${readFileSync(path, "utf8")}\n${table}`);
    }

    /** Gives the station these slots in the place of those it has; it must not be serving. */
    fit(slots) {
        const path = join(this.station, "station.toml");
        const without = readFileSync(path, "utf8").replace(/^\[\[slot\]\]\nname = .*\nport = .*\n/gm, "");
        const tables = slots.map(([slot, serial]) => `[[slot]]\nname = "${slot}"\nport = "${join(this.path("ports"), serial)}"\n`);
        writeFileSync(path, [without, ...tables].join("\n"));
    }

    /** Starts the simulated Azure and makes it the station's. */
    async #connect() {
        const ca = join(this.station, "sim-azure-ca.pem");
        this.#azure = new Process(["sim", "azure", "--ca-file", ca]);
        const { id_scope, dps_connection_string, https } = await this.#azure.json();
        writeFileSync(this.path("dps"), dps_connection_string);
        await this.run("secret", "set", "dps", "--file", this.path("dps"));
        this.set('# trust = "azure-roots.pem"', 'trust = "sim-azure-ca.pem"');
        this.set('id_scope = "0ne00000000"', `id_scope = "${id_scope}"`);
        this.set('"https://global.azure-devices-provisioning.net"', `"https://127.0.0.1:${https}"`);
    }

    /** Gives the station a printer that prints into a file, and the recipe a label for it. */
    async labels() {
        this.add('[[printer]]\nname = "labels"\nfile = "labels.zpl"\n');
        await this.recipe((text) => `${text}\n[label]\nprinter = "labels"\ntemplate = "device-qr.zpl"\n`);
    }

    /** Makes the recipe the station's own and changes its text. */
    async recipe(change) {
        const path = join(this.station, "products", `${PRODUCT}.toml`);
        if (!existsSync(path)) await this.run("product", "add", PRODUCT);
        writeFileSync(path, change(readFileSync(path, "utf8")));
    }

    /** Makes somebody a badge: its text. */
    async badge(name) {
        return JSON.parse(await this.run("user", "badge", name, "--json")).badge;
    }

    /** The lines that the sqlite3 shell reads from the records. */
    sql(query) {
        const words = ["-bail", "-cmd", ".timeout 10000", join(this.station, "station.db"), query];
        return execFileSync("sqlite3", words, { encoding: "utf8" }).trim().split("\n").filter(Boolean);
    }

    /** Audit entries with this event, oldest first. */
    events(event) {
        const all = this.sql("SELECT entry FROM audit ORDER BY seq").map((line) => JSON.parse(line));
        return all.filter((entry) => entry.event === event);
    }

    /** Writes a work order down and releases it. */
    async release(order, quantity, spare = quantity, ...how) {
        const size = ["--quantity", `${quantity}`, "--spare", `${spare}`];
        await this.run("work-order", "add", order, "--product", PRODUCT, ...size);
        await this.run("work-order", "activate", order, ...how);
    }

    /** Serves the pages: on any free port, or on the one it had if it served before. */
    async serve({ locked = false } = {}) {
        const listen = this.url ? new URL(this.url).host : "127.0.0.1:0";
        const words = ["serve", "--listen", listen, "--json"];
        this.#serving = new Process(locked ? ["--station", this.station, ...words] : this.#words(words));
        this.url = (await this.#serving.json()).url;
        return this.url;
    }

    /** Kills the station, as a power cut would. */
    async cutPower() {
        await this.#serving.kill();
        this.#serving = null;
    }

    /** Ends the station, as systemd would. */
    async stop() {
        const { exit, errors } = await this.#serving.terminate();
        this.#serving = null;
        if (exit !== 0) throw new Error(`the station ended with ${exit}: ${errors}`);
    }

    /** Stops the station in the middle of whatever it does; nobody is told. */
    freeze() {
        this.#serving.signal("SIGSTOP");
    }

    /** Lets it go on. */
    thaw() {
        this.#serving.signal("SIGCONT");
    }

    /** Plugs in devices `PREFIX00001` and on; `faults` are as `sim device --fault` takes them. */
    async plug(prefix, { count = 1, faults = [], seed = 1 } = {}) {
        const bench = new Process([
            ...["sim", "device", "--count", `${count}`, "--serial-prefix", prefix, "--seed", `${seed}`],
            ...["--folder", this.path("ports"), "--state", this.path("devices")],
            ...faults.flatMap((fault) => ["--fault", fault]),
        ]);
        const ports = [];
        this.#benches.set(prefix, { bench, ports });
        while (ports.length < count) {
            const { event, port } = await bench.json();
            if (event === "plugged") ports.push(port);
        }
    }

    /** Pulls the devices with this prefix out. */
    async unplug(prefix) {
        const { bench, ports } = this.#benches.get(prefix);
        this.#benches.delete(prefix);
        // the links go first: the system gives a terminal that was let go to somebody else's device at once
        ports.forEach((port) => rmSync(port, { force: true }));
        await bench.terminate();
    }

    /** Ends every process and takes the folder away. */
    async close() {
        const benches = [...this.#benches.values()].map(({ bench }) => bench);
        // the station first: it is not to see anything of what follows
        for (const process of [this.#serving, ...benches, this.#azure]) await process?.kill();
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
