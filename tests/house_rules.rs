//! The rules of the house, checked by reading the sources: who may use whom, which crate is named where, who may look
//! at the clock, print, exit or mint a permit. Every rule is shown to find what it forbids.

#![allow(clippy::unwrap_used, clippy::expect_used)] // what cannot be read fails the test

use std::fs;
use std::path::Path;

#[path = "house_rules/reading.rs"]
mod reading;
#[path = "house_rules/rules.rs"]
mod rules;

use reading::Source;

type Rule = fn(&Source) -> Vec<String>;

/// Every Rust file below a folder of the crate.
fn sources(folder: &str) -> Vec<Source> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![crate_folder.join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let file = path.strip_prefix(crate_folder).unwrap().to_str().unwrap().to_owned();
                found.push(Source { file, text, test_only: false });
            }
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    mark_test_only(&mut found);
    found
}

/// A file whose module is declared under `#[cfg(test)]` is built for tests only, and so is all below it.
fn mark_test_only(sources: &mut [Source]) {
    let mut modules = Vec::new();
    for source in &*sources {
        let folder = match source.file.as_str() {
            "src/lib.rs" | "src/main.rs" => "src",
            file => file.trim_end_matches(".rs"),
        };
        modules.extend(source.read().test_modules.into_iter().map(|name| format!("{folder}/{name}")));
    }
    for source in sources {
        source.test_only = modules.iter().any(|module| {
            source.file.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
}

fn source(file: &str, text: &str) -> Source {
    Source { file: file.to_owned(), text: text.to_owned(), test_only: false }
}

/// The whole of `src` keeps a rule.
fn all_keep(rule: Rule) {
    let sources = sources("src");
    assert!(sources.len() > 10, "the sources were not found");
    let complaints: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// A rule finds exactly this many faults in a text that would stand in this file.
fn finds(rule: Rule, faults: usize, file: &str, text: &str) {
    let complaints = rule(&source(file, text));
    assert_eq!(complaints.len(), faults, "{file}: {text}\n{complaints:?}");
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    all_keep(rules::arrows);
}

#[test]
fn a_wrong_arrow_is_found_however_it_is_spelled() {
    let rule = rules::arrows;
    finds(rule, 1, "src/ca/sign.rs", "use crate::store::Store;");
    finds(rule, 1, "src/ca/sign.rs", "use crate::{domain::name::Name, store::{self}};");
    finds(rule, 2, "src/ca/sign.rs", "use crate::{domain::name::Name, store::{Store, runs}};");
    finds(rule, 1, "src/ca/sign.rs", "fn f() { let s = super::super::store::open(); }");
    finds(rule, 1, "src/ca.rs", "use super::vault as keys;");
    finds(rule, 1, "src/ca.rs", "mod tests { use super::super::vault; }");
    finds(rule, 1, "src/domain/name.rs", "fn f(at: &dyn crate::web::Page) {}");
    finds(rule, 1, "src/web/page.rs", "debug!(\"{}\", lineside::azure::sas::sign());");
    finds(rule, 1, "src/ca.rs", "use crate::*;");
    finds(rule, 1, "src/cellar.rs", "");
    finds(rule, 0, "src/ca/sign.rs", "// crate::store\nconst A: &str = \"crate::store\";");
    finds(
        rule,
        0,
        "src/ca/sign.rs",
        "use super::store; pub(crate) fn f() { crate::ca::g(crate::domain::h()) }",
    );
    finds(rule, 0, "src/ca.rs", "mod tests { use super::vault; }");
    finds(rule, 0, "src/station.rs", "use crate::{ca as issuer, store};");
    finds(rule, 0, "src/main.rs", "use lineside::cli;");
}

#[test]
fn fenced_crates_stay_inside_their_fences() {
    all_keep(rules::fences);
}

#[test]
fn a_crate_outside_its_fence_is_found() {
    let rule = rules::fences;
    finds(rule, 1, "src/station/report.rs", "fn f(c: &rusqlite::Connection) {}");
    finds(rule, 1, "src/device/link.rs", "use serialport;");
    finds(rule, 1, "src/device/ports.rs", "use serialport::SerialPort;");
    finds(rule, 1, "src/webhook.rs", "#[derive(askama::Template)] struct Page;");
    finds(rule, 2, "src/store.rs", "use {csv::Reader, age};");
    finds(rule, 1, "src/web/login.rs", "vec![::reqwest::get(url)]");
    finds(rule, 0, "src/device/port.rs", "use serialport::SerialPort;");
    finds(rule, 0, "src/store.rs", "use rusqlite::Connection;");
    finds(rule, 0, "src/station/batch/keys.rs", "use age::Encryptor;");
    finds(rule, 0, "src/domain/person.rs", "fn older(age: u8, csv: bool) -> u8 { age + 1 }");
}

#[test]
fn time_and_randomness_are_arguments() {
    all_keep(rules::clocks_and_randomness);
}

#[test]
fn a_look_at_the_clock_is_found() {
    let rule = rules::clocks_and_randomness;
    finds(rule, 1, "src/station/provision.rs", "fn f() { std::time::SystemTime::now(); }");
    finds(rule, 1, "src/store/runs.rs", "fn f() { let now = OffsetDateTime::now_utc(); }");
    finds(rule, 1, "src/ca/issue.rs", "use std::time::Instant; fn f() { Instant::now(); }");
    finds(rule, 1, "src/vault/seal.rs", "fn f() { getrandom::fill(&mut bytes); }");
    finds(rule, 0, "src/station/clock.rs", "fn f() { SystemTime::now(); }");
    finds(rule, 0, "src/device/link.rs", "fn f() { Instant::now(); }");
    finds(rule, 0, "src/vault/seal.rs", "#[cfg(test)] mod tests { fn f() { getrandom::fill(&mut bytes); } }");
}

#[test]
fn only_the_store_mints_permits() {
    all_keep(rules::permits);
    finds(rules::permits, 1, "src/ca/prepare.rs", "fn f() { IssuePermit::mint(order, 1); }");
    finds(
        rules::permits,
        1,
        "src/cli/issue.rs",
        "#[cfg(test)] mod tests {} fn f() { work_order::IssuePermit::mint(order, 1); }",
    );
    finds(rules::permits, 0, "src/store/runs.rs", "fn f() { IssuePermit::mint(order, 1); }");
    finds(
        rules::permits,
        0,
        "src/ca/prepare.rs",
        "#[cfg(test)] mod tests { fn f() { IssuePermit::mint(order, 1); } }",
    );

    let mut pair = [
        source("src/ca.rs", "pub mod sign;\n#[cfg(test)]\nmod throwaway;\npub mod issue;"),
        source("src/ca/throwaway.rs", "fn f() { IssuePermit::mint(order, 1); }"),
        source("src/ca/issue.rs", "fn f() { IssuePermit::mint(order, 1); }"),
    ];
    mark_test_only(&mut pair);
    assert_eq!(pair.each_ref().map(|source| rules::permits(source).len()), [0, 0, 1]);
}

#[test]
fn only_main_ends_the_process() {
    all_keep(rules::exits);
    finds(rules::exits, 1, "src/cli.rs", "fn f() { std::process::exit(1) }");
    finds(rules::exits, 1, "src/cli.rs", "use std::process::{Command, exit};");
    finds(rules::exits, 0, "src/main.rs", "fn main() { std::process::exit(1) }");
}

#[test]
fn only_the_command_line_prints_and_no_secret_is_logged() {
    all_keep(rules::prints);
    finds(rules::prints, 1, "src/store/runs.rs", "fn f() { println!(\"{x}\"); }");
    finds(rules::prints, 1, "src/vault.rs", "fn f() { tracing::info!(key = ?secret.expose(), \"sealed\"); }");
    finds(rules::prints, 1, "src/cli/key.rs", "fn f() { warn!(\"{}\", hex::encode(key.expose())); }");
    finds(rules::prints, 0, "src/cli/key.rs", "fn f() { println!(\"{}\", key.expose()); }");
    finds(rules::prints, 0, "src/store/runs.rs", "#[cfg(test)] mod tests { fn f() { println!(); } }");
    finds(rules::prints, 0, "src/store/runs.rs", "fn f() -> bool { print != (1) }");
}

#[test]
fn nothing_has_two_names() {
    all_keep(rules::re_exports);
    finds(rules::re_exports, 1, "src/ca.rs", "pub use sign::Signer;");
    finds(rules::re_exports, 1, "src/ca.rs", "    pub(crate) use sign::Signer;");
    finds(rules::re_exports, 0, "src/ca.rs", "use sign::Signer;\npub mod sign;");
}

#[test]
fn files_have_telling_names_a_bounded_length_and_an_opening_word() {
    let everything = ["src", "tests"].into_iter().flat_map(sources);
    let complaints: Vec<String> = everything.flat_map(|source| rules::shape(&source)).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));

    finds(rules::shape, 1, "src/ca/mod.rs", "//! The CA.");
    finds(rules::shape, 1, "src/helpers.rs", "//! This and that.");
    finds(rules::shape, 1, "src/ca.rs", &format!("//! The CA.\n{}", "\n".repeat(400)));
    finds(rules::shape, 1, "src/ca.rs", "use std::fmt;");
    finds(rules::shape, 0, "src/ca.rs", &format!("//! The CA.\n{}", "\n".repeat(399)));
}

/// The dependencies of a Cargo.toml that nothing says the purpose of: no comment directly above, none beside.
/// A comment that begins with `# --` is a heading.
fn unexplained(manifest: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut among_dependencies = false;
    let mut explained = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            among_dependencies = line.ends_with("dependencies]");
            if line.contains("dependencies.") {
                found.push(line); // a table of its own would not be seen by the lines below
            }
        } else if line.starts_with('#') {
            explained = !line.starts_with("# --");
            continue;
        } else if let (true, Some((name, rest))) = (among_dependencies, line.split_once('=')) {
            let name = name.trim();
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            if is_name && !explained && !rest.contains(" # ") {
                found.push(name);
            }
        }
        explained = false;
    }
    found
}

#[test]
fn every_dependency_says_what_it_is_for() {
    assert_eq!(unexplained(include_str!("../Cargo.toml")), [""; 0]);
    let bad = "[dependencies]\n# -- web\nactix = \"1\"\n# one\na = \"1\"\nb = { version = \"1\" }\nc = \"1\" # beside\n";
    assert_eq!(unexplained(bad), ["actix", "b"]);
    assert_eq!(unexplained("[package]\nname = \"a\"\n[dev-dependencies]\nd = \"1\""), ["d"]);
}

/// The codes of the registry that no source outside it names.
fn unused_codes(registry: &str, sources: &[Source]) -> Vec<String> {
    let names = registry.lines().filter_map(|line| {
        let (name, rest) = line.trim().split_once(" = ")?;
        rest.starts_with("\"LS-").then(|| name.to_owned())
    });
    let mut used = std::collections::HashSet::new();
    for source in sources {
        for mention in source.read().mentions.into_iter().filter(|mention| !mention.in_test) {
            if let [.., code, name] = mention.path.as_slice()
                && (code == "Code" || code == "Self")
            {
                used.insert(name.clone());
            }
        }
    }
    names.filter(|name| !used.contains(name)).collect()
}

#[test]
fn the_registry_of_codes_holds_no_dead_code() {
    let registry = "  A = \"LS-X-01\", \"Do this.\";\n  B = \"LS-X-02\", \"Do that.\";\n";
    let used_in = |text: &str| [source("src/ca.rs", text)];
    assert_eq!(unused_codes(registry, &used_in("fn f() { g(Code::A) }")), ["B"]);
    assert_eq!(unused_codes(registry, &used_in("fn f() { g(code::Code::A); /* Code::B */ }")), ["B"]);
    assert_eq!(unused_codes(registry, &used_in("fn f() { (Code::A, Code::B) }")), [""; 0]);

    let (registry, sources): (Vec<_>, Vec<_>) =
        sources("src").into_iter().partition(|source| source.file == "src/domain/code.rs");
    let registry = &registry[0].text;
    assert!(registry.contains("= \"LS-ID-01\""), "the registry was not found");
    // The command line is the top of the house: once it stands, every code has its place.
    if sources.iter().any(|source| source.file == "src/cli.rs") {
        assert_eq!(unused_codes(registry, &sources), [""; 0]);
    }
}
