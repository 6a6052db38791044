// A hand scanner: a keyboard that types fast and ends with Enter, whatever has the focus.

/** Scans a bar code, once the page has put the focus somewhere: nobody scans before they see the page. */
export async function scan({ page }, text) {
    await page.waitForFunction(() => document.activeElement !== null && document.activeElement !== document.body);
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
}
