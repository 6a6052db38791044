// What holds for every page at every size: accessible, nothing inline, nothing to scroll sideways.
import assert from "node:assert/strict";
import { accessible } from "./axe.mjs";
import { SIZES } from "./browser.mjs";
import { shoot } from "./shots.mjs";

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
