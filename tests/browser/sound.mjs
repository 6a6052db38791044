// What holds for every page at every size: accessible, nothing inline, nothing to scroll sideways.
import assert from "node:assert/strict";
import { accessible } from "./axe.mjs";
import { SIZES } from "./browser.mjs";
import { shoot, take } from "./shots.mjs";

const PAPER = { width: 794, height: 1123 };

/** Scripts, styles and handlers that stand in the page itself instead of in a file of ours. */
function inline() {
    const found = [...document.querySelectorAll("script:not([src]), style, [style]")];
    for (const element of document.querySelectorAll("*")) {
        if ([...element.attributes].some(({ name }) => /^(on|hx-on)/.test(name))) found.push(element);
    }
    return found.map((element) => element.outerHTML.slice(0, 120));
}

/** Opens all that is folded away; how many there were. */
function unfold() {
    const closed = [...document.querySelectorAll("details:not([open])")];
    for (const part of closed) part.toggleAttribute("data-unfolded", (part.open = true));
    return closed.length;
}

/** Folds away again what was opened. */
function fold() {
    for (const part of document.querySelectorAll("details[data-unfolded]")) {
        part.open = false;
        part.removeAttribute("data-unfolded");
    }
}

/** The page as it is now is sound at these sizes, with all that is folded away opened; photographs of it both ways. */
export async function sound({ page }, name, sizes = SIZES) {
    assert.deepEqual(await page.evaluate(inline), [], `${name} holds code of its own`);
    await shoot(page, name, sizes);
    const before = page.viewportSize();
    const folded = await page.evaluate(unfold);
    for (const size of sizes) {
        await page.setViewportSize(size);
        await accessible(page, `${name} at ${size.width}`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(over <= 0, `${name} is ${over} pixels too wide at ${size.width}`);
    }
    await page.setViewportSize(before);
    if (folded > 0) await shoot(page, `${name}-unfolded`, sizes.slice(-1));
    await page.evaluate(fold);
}

/** The page on paper (A4 upright at 96 dots an inch): nothing of the frame, nothing cut off. */
export async function printed({ page }, name) {
    const before = page.viewportSize();
    await page.setViewportSize(PAPER);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("header.frame:visible, nav:visible, button:visible").count(), 0, `${name} prints its frame`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${name} is ${over} pixels too wide for the paper`);
    await take(page, `${name}-paper`, { fullPage: true });
    await page.emulateMedia({ media: null });
    await page.setViewportSize(before);
}
