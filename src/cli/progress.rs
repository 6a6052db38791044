//! Progress bars of long work: on a terminal only, on standard error, never with `--json`.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for this many items; hidden with `--json` or when nobody looks.
pub fn bar(total: u64, what: &str, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {prefix}  {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}
