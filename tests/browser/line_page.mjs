// The Line page as somebody beside the line sees it: a tile a slot, the scan box, what it answers.
import { SOON } from "./deadline.mjs";

/** The tile of a slot. */
export function tile(page, slot) {
    return page.locator(`.tile[data-slot="${slot}"]`);
}

/** Waits until the tile of a slot shows this word. */
export async function shows(page, slot, word, time = SOON) {
    const there = tile(page, slot).locator(".word").filter({ hasText: new RegExp(`^\\s*${word}\\s*$`) });
    await there.waitFor({ timeout: time }).catch(async (error) => {
        const text = await tile(page, slot).innerText({ timeout: 1000 }).catch(() => "no tile");
        throw new Error(`the tile of ${slot} shows ${JSON.stringify(text)}, not ${word}`, { cause: error });
    });
}

/** What tells one state from another: the word, the shape of the sign, which lamp it is on, and the colours. */
export function look(page, slot) {
    return tile(page, slot).evaluate((tile) => {
        const word = tile.querySelector(".word");
        const lamps = [...tile.querySelectorAll(".lamp")];
        const lit = lamps.findIndex((lamp) => lamp.querySelector("svg"));
        const colour = (element) => {
            const { backgroundColor, borderTopColor, color } = getComputedStyle(element);
            return `${backgroundColor} ${borderTopColor} ${color}`;
        };
        return {
            word: word.innerText.trim(),
            sign: lamps[lit]?.querySelector("path").getAttribute("d"),
            lamp: lit,
            colour: [tile, tile.querySelector(".lamps"), lamps[lit] ?? tile, word].map(colour).join(" "),
            height: parseFloat(getComputedStyle(word).fontSize),
        };
    });
}

/** Waits for the answer to a scan: its kind and its words. */
export async function heard(page, kind, words) {
    const answer = page.locator(`#answer[data-kind="${kind}"]`).filter({ hasText: words });
    await answer.waitFor().catch(async (error) => {
        const text = await page.locator("#heard").innerText({ timeout: 1000 }).catch(() => "nothing");
        throw new Error(`the page answered ${JSON.stringify(text)}, not ${kind} ${words}`, { cause: error });
    });
}
