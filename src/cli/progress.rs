//! Progress bars of long work: on a terminal only, on standard error, never with `--json`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::station::batch::progress::Progress;

/// How often the bar is drawn and signals are looked for.
const BEAT: Duration = Duration::from_millis(100);
/// What a process ends with that a second Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A bar for this many items; hidden with `--json` or when nobody looks.
pub fn bar(total: u64, what: &str, json: bool) -> ProgressBar {
    styled(total, what, json, "{bar:32} {pos}/{len} {prefix}  {msg}  {elapsed}")
}

fn styled(total: u64, what: &str, json: bool, template: &str) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}

/// Runs a batch under a bar with its rate and the time that remains. Ctrl-C, or a request to end, cancels it after what
/// it has in hand; a second one ends the process.
pub fn watch<T>(progress: &Progress, what: &str, json: bool, work: impl FnOnce() -> T) -> T {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // where a signal cannot be taken, it ends the process as it always did
        let _ = signal_hook::flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&asked));
        let _ = signal_hook::flag::register(signal, Arc::clone(&asked));
    }
    let template = "{bar:32} {percent}% of {prefix}  {msg}  {elapsed}, {eta} left";
    let bar = styled(0, what, json, template);
    thread::scope(|scope| {
        // dropped when the work is over, however it is
        let (working, over) = channel::<()>();
        scope.spawn(move || {
            while over.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                if asked.load(Ordering::Relaxed) {
                    progress.cancel();
                }
                draw(&bar, progress);
            }
            bar.finish_and_clear();
        });
        let done = work();
        drop(working);
        done
    })
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let seen = progress.seen();
    bar.set_length(seen.total);
    bar.set_position(seen.passed);
    let rows = seen.good + seen.refused;
    let seconds = bar.elapsed().as_secs().max(1);
    bar.set_message(format!("{rows} rows, {}/s, {} refused", rows / seconds, seen.refused));
}
