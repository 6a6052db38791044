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

/** The page as it is now is sound at both sizes; a photograph of each if it has a name for them. */
export async function sound({ page }, name, { photograph = true } = {}) {
    assert.deepEqual(await page.evaluate(inline), [], `${name} holds code of its own`);
    const before = page.viewportSize();
    for (const size of SIZES) {
        await page.setViewportSize(size);
        await accessible(page, `${name} at ${size.width}`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(over <= 0, `${name} is ${over} pixels too wide at ${size.width}`);
    }
    await page.setViewportSize(before);
    if (photograph) await shoot(page, name);
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
