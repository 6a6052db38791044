// The Line page as somebody beside the line sees it: a tile a slot.
import { SOON, eventually } from "./deadline.mjs";

/** The tile of a slot. */
export function tile(page, slot) {
    return page.locator(".tile", { has: page.getByRole("heading", { name: slot, exact: true }) });
}

/** Waits until the tile of a slot shows this word. */
export async function shows(page, slot, word, time = SOON) {
    const there = tile(page, slot).locator(".word").filter({ hasText: new RegExp(`^[^\\p{L}]*${word}\\s*$`, "u") });
    await there.waitFor({ timeout: time }).catch(async (error) => {
        const text = await tile(page, slot).innerText({ timeout: 1000 }).catch(() => "no tile");
        throw new Error(`the tile of ${slot} shows ${JSON.stringify(text)}, not ${word}`, { cause: error });
    });
}

/** What tells one state from another: the word, the sign beside it, and what is drawn with colour. */
export function look(page, slot) {
    return eventually(`the look of ${slot}`, () => tile(page, slot).evaluate((tile) => {
        const word = tile.querySelector(".word");
        const sign = word.querySelector("[aria-hidden]");
        const { backgroundColor, borderTopColor } = getComputedStyle(tile);
        return {
            word: word.innerText.replace(sign.innerText, "").trim(),
            sign: sign.innerText.trim(),
            colour: `${backgroundColor} ${borderTopColor} ${getComputedStyle(word).backgroundColor}`,
            height: parseFloat(getComputedStyle(word).fontSize),
        };
    }).catch(() => null)); // the page went on meanwhile: look again
}
