// Watches that nothing on a page was done with a pointer: a mouse, a finger, a pen.

const KINDS = [
    ...["pointerdown", "pointerup", "pointermove", "pointerover"],
    ...["mousedown", "mouseup", "mousemove", "touchstart", "touchend", "wheel"],
];

/** Runs in every page before its own scripts. */
function watch(kinds) {
    const tell = (event) => window.pointerSeen(`${event.type} on ${event.target.nodeName} of ${location.pathname}`);
    for (const kind of kinds) document.addEventListener(kind, tell, { capture: true });
    // Enter on a button is a click, too, but one that no button of a pointer made
    document.addEventListener("click", (event) => event.detail > 0 && tell(event), { capture: true });
}

/** Watches all pages this visitor opens from now on; the list of what was seen. */
export async function watchPointer(visitor) {
    const seen = [];
    await visitor.context.exposeBinding("pointerSeen", (_, what) => seen.push(what));
    await visitor.context.addInitScript(watch, KINDS);
    return seen;
}
