// Deadlines: whatever a test waits for, it waits for only so long, and then says what did not come.

/** How long anything may take that takes a second on a quiet machine, in milliseconds. */
export const SOON = 60_000;
/** How long one whole test may take, in milliseconds. */
export const WHOLE_TEST = 300_000;
/** How often a state is looked at that does not tell when it changes, in milliseconds. */
const LOOK_EVERY = 50;

/** Waits for a promise, but no longer than this. */
export async function within(time, what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited ${time} ms in vain for ${what}`)), time);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}

/** Looks until `look` gives something other than null, undefined or false, and gives that. */
export async function eventually(what, look, time = SOON) {
    const end = Date.now() + time;
    for (;;) {
        const found = await look();
        if (found !== null && found !== undefined && found !== false) return found;
        if (Date.now() > end) throw new Error(`waited ${time} ms in vain for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
}
