// A hand scanner: a keyboard that types fast and ends with Enter, whatever has the focus.

/** Scans a bar code. */
export async function scan({ page }, text) {
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
}
