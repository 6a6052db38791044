//! The rules that one file can break, each a function from the file to complaints.

use crate::reading::{Mention, Source};

/// Who may use whom. A room always may use itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("durable", &[]),
    ("ca", &["domain", "durable"]),
    ("vault", &["domain", "durable"]),
    ("device", &["domain", "durable"]),
    ("azure", &["domain", "durable"]),
    ("store", &["domain", "durable"]),
    ("station", &["domain", "durable", "ca", "vault", "device", "azure", "store"]),
    ("web", &["domain", "durable", "store", "station"]),
    ("sim", &["domain", "durable", "ca", "vault", "azure"]),
    ("cli", &["domain", "durable", "ca", "vault", "device", "azure", "store", "station", "web", "sim"]),
];

/// Crates that only some files may name. A file is inside if its path begins with one of the texts.
const FENCES: &[(&str, &[&str])] = &[
    ("actix_web", &["src/web", "src/sim"]),
    ("askama", &["src/web"]),
    ("rusqlite", &["src/store"]),
    ("serialport", &["src/device/port.rs", "src/sim/pty.rs", "src/sim/device/pty.rs"]),
    // beside Azure, the station speaks to the plant's own systems: hooks and webhooks, through one file
    ("reqwest", &["src/azure", "src/sim", "src/station/post.rs"]),
    ("rcgen", &["src/ca", "src/sim"]),
    ("csv", &["src/station"]),
    ("qrcode", &["src/web"]),
    ("datamatrix", &["src/web"]),
    ("age", &["src/vault", "src/station/batch"]),
    ("cryptoki", &["src/ca"]),
];

/// The wall clock, and who may read it: everybody else is told the time.
const WALL_CLOCK: &[&[&str]] = &[
    &["SystemTime", "now"],
    &["OffsetDateTime", "now_utc"],
    &["OffsetDateTime", "now_local"],
    &["UtcDateTime", "now"],
];
const MAY_READ_WALL_CLOCK: &[&str] = &["src/station/clock.rs", "src/sim", "src/cli"];
/// Deadlines need a clock that only runs forward; records never do.
const MAY_READ_STOPWATCH: &[&str] = &["src/device", "src/station", "src/web", "src/sim", "src/cli"];
/// Below these rooms, randomness is an argument.
const MAY_DRAW_RANDOMNESS: &[&str] = &["src/station", "src/web", "src/sim", "src/cli"];

const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];
const LOGGING: &[&str] = &["trace", "debug", "info", "warn", "error", "event", "span", "panic"];

/// The room a file lies in: the first part of its path below `src`.
fn room(file: &str) -> &str {
    let inside = file.trim_start_matches("src/");
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

/// Whether a file is, or lies under, one of these places; `src/web` holds `src/web.rs` and `src/web/…`.
fn lies_in(file: &str, places: &[&str]) -> bool {
    places.iter().any(|place| {
        file.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
    })
}

/// A room uses only the rooms it may.
pub fn arrows(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let here = room(file);
    if here == "lib" || here == "main" {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == here) else {
        return vec![format!("{file} lies in no room of the house")];
    };
    let mut complaints = Vec::new();
    for mention in source.read().mentions {
        if let [root, there, ..] = mention.path.as_slice()
            && root == "crate"
            && there != here
            && !allowed.contains(&there.as_str())
        {
            complaints.push(format!("{file}: {here} may not use {there} ({})", mention.path.join("::")));
        }
    }
    complaints
}

/// A fenced crate is named only inside its fence.
pub fn fences(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let is_named = |mention: &Mention, name: &str| {
        mention.path.first().is_some_and(|first| first == name)
            && (mention.path.len() > 1 || mention.imported)
    };
    let mentions = source.read().mentions;
    let outside = FENCES.iter().filter(|(_, inside)| !lies_in(file, inside));
    outside
        .filter(|(name, _)| mentions.iter().any(|mention| is_named(mention, name)))
        .map(|(name, inside)| format!("{file} names {name}, which belongs in {}", inside.join(", ")))
        .collect()
}

/// Time and randomness are arguments; only the top of the house fetches them.
pub fn clocks_and_randomness(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let mut complaints = Vec::new();
    for mention in source.read().mentions {
        let wall = WALL_CLOCK.iter().any(|words| mention.ends_with(words));
        let stopwatch = mention.ends_with(&["Instant", "now"]);
        let random = mention.path[0] == "getrandom" && (mention.path.len() > 1 || mention.imported);
        if wall && !lies_in(file, MAY_READ_WALL_CLOCK)
            || stopwatch && !lies_in(file, MAY_READ_STOPWATCH)
            || random && !mention.in_test && !lies_in(file, MAY_DRAW_RANDOMNESS)
        {
            complaints.push(format!("{file} calls {}; it should be given that", mention.path.join("::")));
        }
    }
    complaints
}

/// A permit to issue is minted only where the quota is counted, and by tests.
pub fn permits(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let minted = |mention: &Mention| mention.ends_with(&["IssuePermit", "mint"]) && !mention.in_test;
    match room(file) != "store" && source.read().mentions.iter().any(minted) {
        true => vec![format!("{file} mints an IssuePermit; only store may")],
        false => Vec::new(),
    }
}

/// Only `main` ends the process.
pub fn exits(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let exits = |mention: &Mention| mention.ends_with(&["process", "exit"]);
    match file != "src/main.rs" && source.read().mentions.iter().any(exits) {
        true => vec![format!("{file} ends the process; only src/main.rs may")],
        false => Vec::new(),
    }
}

/// Only the command line prints, and no secret gets into a log line.
pub fn prints(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let may_print = matches!(room(file), "cli" | "main");
    let mut complaints = Vec::new();
    for call in source.read().calls {
        let name = call.name.as_str();
        if PRINTING.contains(&name) && !may_print && !call.in_test {
            complaints.push(format!("{file} calls {name}!; only the command line prints"));
        }
        if LOGGING.contains(&name) && call.words.iter().any(|word| word == "expose") {
            complaints.push(format!("{file} exposes a secret to {name}!"));
        }
    }
    complaints
}

/// Each thing has one name: nothing is exported a second time.
pub fn re_exports(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let exports = |line: &&str| line.trim_start().starts_with("pub") && line.contains(" use ");
    let code = source.text.lines().filter(exports);
    code.map(|line| format!("{file} exports again: {}", line.trim())).collect()
}

/// Names, length and opening words of a file.
pub fn shape(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    let mut complaints = Vec::new();
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".rs");
    if ["mod", "util", "utils", "helper", "helpers", "manager"].contains(&name) {
        complaints.push(format!("{file} needs a name that says what it holds"));
    }
    let lines = source.text.lines().count();
    if lines > 400 {
        complaints.push(format!("{file} has {lines} lines; over 400 it holds more than one concept"));
    }
    if !source.text.starts_with("//!") && name != "tests" {
        complaints.push(format!("{file} does not open by saying what it owns (//!)"));
    }
    complaints
}
