// Going about the pages as somebody curious would: every link that leads to a page of another kind is followed.
import assert from "node:assert/strict";

/** How many pages one walk visits at most: more kinds than there are would mean that kinds are not told apart. */
const MOST = 120;

/** The kind of page behind an address: parts that name one thing of many, and the values asked for, do not count. */
export function kind(address) {
    const { pathname, searchParams } = new URL(address);
    const parts = pathname.split("/").map((part, at, all) => (/\d/.test(part) || all[at - 1] === "who" ? "*" : part));
    const asked = [...new Set(searchParams.keys())].sort();
    return parts.join("/") + (asked.length ? `?${asked.join("&")}` : "");
}

/** The addresses of our own that a page links to. */
async function links(page) {
    const read = (found) => found.map((link) => ({ to: link.href, file: link.hasAttribute("download") }));
    const all = await page.locator("a[href]").evaluateAll(read);
    const origin = new URL(page.url()).origin;
    return all.filter(({ to }) => new URL(to).origin === origin).map(({ to, file }) => ({ to: to.split("#")[0], file }));
}

/**
 * Walks from these places over all kinds of pages; each is opened in the browser and handed to `see` with its kind and address. What is no
 * page (a file to keep) is only fetched. Every answer must be 200.
 */
export async function walk(visitor, places, see) {
    const { page, context } = visitor;
    const waiting = places.map((place) => ({ to: new URL(place, page.url()).href, file: false, from: "the start" }));
    const known = new Set(waiting.map(({ to }) => kind(to)));
    const visited = [];
    while (waiting.length > 0) {
        assert.ok(visited.length < MOST, `too many kinds of pages: ${visited.join(" ")}`);
        const { to, file, from } = waiting.shift();
        const answer = await context.request.get(to);
        assert.equal(answer.status(), 200, `${to}, linked from ${from}`);
        visited.push(kind(to));
        const isPage = (answer.headers()["content-type"] ?? "").startsWith("text/html");
        if (file || !isPage) continue;
        await visitor.goto(to);
        await see(kind(to), to);
        for (const link of await links(page)) {
            if (known.has(kind(link.to))) continue;
            known.add(kind(link.to));
            waiting.push({ ...link, from: to });
        }
    }
    return visited;
}
