// Screenshots of the pages at both sizes, for people to look at: target/screenshots/NAME-WIDTH.png
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SIZES } from "./browser.mjs";

const FOLDER = process.env.LINESIDE_SCREENSHOTS ?? fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
mkdirSync(FOLDER, { recursive: true });

/** Takes the page as it is. */
export function take(page, name, { fullPage = false } = {}) {
    // the caret is left alone: hiding it would need a style that the content security policy refuses
    return page.screenshot({ path: `${FOLDER}/${name}.png`, caret: "initial", fullPage });
}

/** Takes the whole page as it is, at these sizes; then it has the size it had. */
export async function shoot(page, name, sizes = SIZES) {
    const before = page.viewportSize();
    for (const size of sizes) {
        await page.setViewportSize(size);
        await take(page, `${name}-${size.width}`, { fullPage: true });
    }
    await page.setViewportSize(before);
}
