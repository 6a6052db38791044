//! Group keys from outside: what `lineside key` prints, refuses and keeps, and that nothing of a key lies
//! anywhere in clear.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use crate::factory::{Station, process};

/// The golden vector: a key an enrollment group can have, an ID, and the keys derived for it.
struct Golden {
    primary: String,
    secondary: String,
    id: String,
    from_primary: String,
    from_secondary: String,
}

fn golden() -> Golden {
    let all: Value = serde_json::from_str(include_str!("../../fixtures/derived-key.json")).unwrap();
    let text = |name: &str| all[0][name].as_str().unwrap().to_owned();
    Golden {
        primary: text("primary"),
        secondary: text("secondary"),
        id: text("registration_id"),
        from_primary: text("derived_from_primary"),
        from_secondary: text("derived_from_secondary"),
    }
}

/// A station whose group `plant` has the golden keys.
fn with_golden() -> (Station, Golden) {
    let (station, golden) = (Station::found(), golden());
    let primary = station.write("primary", &format!("{}\n", golden.primary));
    let secondary = station.write("secondary", &golden.secondary);
    station.ok(&["key", "add", "plant", "--primary-file", &primary, "--secondary-file", &secondary]);
    (station, golden)
}

#[test]
fn one_id_gets_its_golden_key_and_nothing_else_is_printed() {
    let (station, golden) = with_golden();
    let ended = station.run(&["key", "derive", "plant", &golden.id]);
    assert_eq!(
        (ended.exit, ended.out.as_str(), ended.err.as_str()),
        (0, &*format!("{}\n", golden.from_primary), "")
    );
    let ended = station.run(&["key", "derive", "plant", "--secondary", &golden.id]);
    assert_eq!(ended.out, format!("{}\n", golden.from_secondary));
    assert_eq!(golden.from_primary, "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=", "DESIGN names this one");
}

#[test]
fn several_ids_get_a_line_each_in_lower_case_and_an_entry_stands_in_the_log() {
    let (station, golden) = with_golden();
    let upper = golden.id.to_ascii_uppercase();
    assert_eq!(station.ok(&["key", "derive", "plant", &upper]), format!("{}\n", golden.from_primary));
    let out = station.ok(&["key", "derive", "plant", &upper, "sn-2", "sn-3"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert_eq!(lines[0], format!("{},{}", golden.id, golden.from_primary));
    for (line, id) in lines.iter().zip([golden.id.as_str(), "sn-2", "sn-3"]) {
        let (name, key) = line.split_once(',').unwrap();
        assert_eq!(name, id);
        assert_eq!(BASE64_STANDARD.decode(key).unwrap().len(), 32);
    }
    let counts: Vec<u64> =
        station.events("group-key-derived").iter().map(|e| e["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [1, 3]);
    let json = station.json(&["key", "derive", "plant", &upper]);
    assert_eq!(json[0]["registration_id"], golden.id.as_str());
    assert_eq!(json[0]["key"], golden.from_primary.as_str());

    station.refused(2, "LS-ID-04", &["key", "derive", "plant", "sn 1"]);
    station.refused(1, "LS-VAULT-05", &["key", "derive", "nobody", "sn-1"]);
    assert_eq!(station.events("group-key-derived").len(), 3, "what was refused derived nothing");
}

#[test]
fn a_key_that_is_not_whole_is_refused_and_nothing_is_kept() {
    let station = Station::found();
    let before = fs::read(station.folder().join("vault.age")).unwrap();
    let golden = golden();
    let short = BASE64_STANDARD.encode([1; 15]);
    let long = BASE64_STANDARD.encode([1; 65]);
    let cut = &golden.primary[..golden.primary.len() - 3];
    for (number, bad) in
        ["not base64!", "8isr*I1s", cut, &short, &long, "Jsm0lyGpjaVYVP2g3F nmnmG9dI/9qU24wNoykUmermc="]
            .iter()
            .enumerate()
    {
        let file = station.write(&format!("bad-{number}"), bad);
        let said = station.refused(1, "LS-VAULT-04", &["key", "add", "plant", "--primary-file", &file]);
        assert!(!said.contains(bad), "the key is never shown: {said}");
        let good = station.write("good", &golden.primary);
        let words = ["key", "add", "plant", "--primary-file", &good, "--secondary-file", &file];
        station.refused(1, "LS-VAULT-04", &words);
    }
    let empty = station.write("empty", "\n");
    station.refused(2, "LS-SET-08", &["key", "add", "plant", "--primary-file", &empty]);
    let missing = station.beside("missing");
    station.refused(2, "LS-SET-08", &["key", "add", "plant", "--primary-file", missing.to_str().unwrap()]);
    assert_eq!(fs::read(station.folder().join("vault.age")).unwrap(), before, "the vault is the same file");
    assert_eq!(station.json(&["key", "list"]), serde_json::json!([]));
    assert_eq!(station.events("group-key-added").len(), 0);
    station.refused(1, "LS-VAULT-05", &["key", "derive", "plant", "sn-1"]);
}

#[test]
fn a_name_is_not_taken_twice_and_a_rotated_key_derives_other_keys() {
    let (station, golden) = with_golden();
    let other = station.write("other", &BASE64_STANDARD.encode([5; 64]));
    station.refused(1, "LS-VAULT-06", &["key", "add", "plant", "--primary-file", &other]);
    assert_eq!(station.ok(&["key", "derive", "plant", &golden.id]), format!("{}\n", golden.from_primary));
    station.ok(&["key", "rotate", "plant", "--primary-file", &other]);
    assert_ne!(station.ok(&["key", "derive", "plant", &golden.id]), format!("{}\n", golden.from_primary));
    assert_eq!(station.json(&["key", "list"]), serde_json::json!(["plant"]));
    station.refused(1, "LS-VAULT-05", &["key", "rotate", "nobody", "--primary-file", &other]);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The forms in which a key could lie somewhere: raw, base64 of both alphabets, hexadecimal of both cases.
fn forms(key: &[u8]) -> Vec<Vec<u8>> {
    let base64 = BASE64_STANDARD.encode(key);
    let url = base64.replace('+', "-").replace('/', "_");
    let hex = hex::encode(key);
    // a part of it would be as bad as the whole
    let part = |text: &str| text.as_bytes()[..24].to_vec();
    vec![key[..16].to_vec(), part(&base64), part(&url), part(&hex), part(&hex.to_ascii_uppercase())]
}

fn find_any(place: &str, bytes: &[u8], forms: &[Vec<u8>]) -> Option<String> {
    let found = forms.iter().position(|form| bytes.windows(form.len()).any(|window| window == form));
    found.map(|form| format!("{place} holds the key (form {form})"))
}

#[test]
fn a_group_key_lies_nowhere_in_clear_once_it_was_given_and_used() {
    let (station, golden) = with_golden();
    // while somebody has the database open, the write-ahead log stays on the disk
    let reader = rusqlite::Connection::open(station.folder().join("station.db")).unwrap();
    reader.query_row("SELECT count(*) FROM audit", [], |_| Ok(())).unwrap();
    let mut said = Vec::new();
    for words in [["key", "derive", "plant", golden.id.as_str()].as_slice(), &["key", "list"]] {
        let mut command = station.command(words);
        command.env("LINESIDE_LOG", "trace");
        let ended = process::run(command);
        assert_eq!(ended.exit, 0, "{ended:?}");
        said.push(ended.err + &ended.out.replace(&golden.from_primary, ""));
    }
    let wal = station.folder().join("station.db-wal");
    assert!(fs::metadata(wal).unwrap().len() > 0, "the write-ahead log is among the files looked at");
    let all = files(station.folder());
    assert!(all.len() > 10, "{all:?}");
    for key in [&golden.primary, &golden.secondary, &golden.from_primary] {
        let forms = forms(&BASE64_STANDARD.decode(key).unwrap());
        for file in &all {
            let place = file.display().to_string();
            assert_eq!(find_any(&place, &fs::read(file).unwrap(), &forms), None);
        }
        for text in &said {
            assert_eq!(find_any("the log on standard error", text.as_bytes(), &forms), None);
        }
        // the search itself finds what is there
        assert!(find_any("x", key.as_bytes(), &forms).is_some());
        assert!(find_any("x", &BASE64_STANDARD.decode(key).unwrap(), &forms).is_some());
    }
}

#[test]
fn adding_a_group_key_writes_it_to_no_file_not_even_for_a_moment_and_starts_no_program() {
    let (station, golden) = (Station::found(), golden());
    let primary = station.write("primary", &golden.primary);
    let trace = station.beside("trace");
    let added = station.command(&["key", "add", "plant", "--primary-file", &primary]);
    let mut traced = Command::new("strace");
    traced.args(["-f", "-xx", "-s", "1000000", "-e", "trace=write,writev,pwrite64,pwritev,execve", "-o"]);
    traced.arg(&trace).arg(added.get_program()).args(added.get_args());
    let ended = process::run(traced);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let trace = fs::read_to_string(trace).unwrap();
    assert_eq!(trace.matches("execve(").count(), 1, "only the program itself was started");
    let hex_of = |text: &[u8]| text.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    assert!(trace.contains(&hex_of(b"age-encryption.org/v1")), "the trace shows what is written");
    for form in forms(&BASE64_STANDARD.decode(&golden.primary).unwrap()) {
        assert!(!trace.contains(&hex_of(&form)), "the key was written in clear");
    }
}

#[test]
fn secrets_and_records_are_for_their_owner_only() {
    let (station, _) = with_golden();
    let reader = rusqlite::Connection::open(station.folder().join("station.db")).unwrap();
    reader.query_row("SELECT count(*) FROM audit", [], |_| Ok(())).unwrap();
    station.ok(&["key", "list"]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    for name in
        ["vault.age", "vault-key.age", "root-key.age", "station.db", "station.db-wal", "station.db-shm"]
    {
        let path = station.folder().join(name);
        assert_eq!(mode(&path), 0o600, "{name} has mode {:o}", mode(&path));
    }
    assert_eq!(mode(station.folder()), 0o700);
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_stands_in_the_log() {
    let (station, golden) = with_golden();
    let before = fs::read(station.folder().join("vault.age")).unwrap();
    let wrong = station.write("wrong", "incorrect horse");
    let words = ["key", "derive", "plant", golden.id.as_str()];
    let mut command = crate::factory::lineside();
    command
        .arg("--station")
        .arg(station.folder())
        .args(["--as", "ada", "--passphrase-file", &wrong])
        .args(words);
    let ended = process::run(command);
    ended.is_refused(1, "LS-VAULT-02");
    assert_eq!(ended.out, "");
    let refused = station.events("unlock-refused");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["code"], "LS-VAULT-02");
    assert_eq!(refused[0]["actor"]["name"], "ada", "{}", refused[0]);
    assert_eq!(station.events("group-key-derived").len(), 0);
    assert_eq!(fs::read(station.folder().join("vault.age")).unwrap(), before);
}
