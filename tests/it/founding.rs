//! `lineside init`, and what a station refuses or warns about before it works: an address that is taken, copies of
//! checkpoints that cannot be made, a log that was rolled back.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::factory::process::{self, Ended};
use crate::factory::{PASSWORD, Station, lineside};

/// `lineside init` into this folder with passphrase and password of these texts.
fn init(place: &Path, folder: &Path, password: &str, words: &[&str]) -> Ended {
    let passphrase = place.join("passphrase");
    let password_file = place.join("password");
    fs::write(&passphrase, "a passphrase").unwrap();
    fs::write(&password_file, password).unwrap();
    let mut command = lineside();
    command.arg("--station").arg(folder).arg("--passphrase-file").arg(passphrase);
    command.arg("init").arg("--password-file").arg(password_file).args(words);
    process::run(command)
}

#[test]
fn init_shows_what_is_to_be_written_down_once_and_refuses_a_folder_in_use() {
    let place = TempDir::new().unwrap();
    let folder = place.path().join("station");
    let founded = init(place.path(), &folder, PASSWORD, &["--json"]);
    assert_eq!(founded.exit, 0, "{founded:?}");
    let shown: Value = serde_json::from_str(&founded.out).unwrap();
    let recovery = shown["recovery_identity"].as_str().unwrap();
    assert!(recovery.starts_with("AGE-SECRET-KEY-1"), "{recovery}");
    assert_eq!(shown["password"], Value::Null, "a password from a file is not repeated");
    let vkey = fs::read_to_string(folder.join("ca/audit.vkey")).unwrap();
    assert_eq!(shown["vkey"].as_str().unwrap(), vkey.trim());
    for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let holds = entry.is_file() && String::from_utf8_lossy(&fs::read(&entry).unwrap()).contains(recovery);
        assert!(!holds, "{} holds the recovery identity", entry.display());
    }

    let before = fs::read(folder.join("station.db")).unwrap();
    init(place.path(), &folder, PASSWORD, &[]).is_refused(2, "LS-SET-05");
    assert_eq!(fs::read(folder.join("station.db")).unwrap(), before);
    let other = place.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("holiday.jpg"), "x").unwrap();
    init(place.path(), &other, PASSWORD, &[]).is_refused(2, "LS-SET-05");
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1, "nothing was added to a folder in use");
    let file = place.path().join("file");
    fs::write(&file, "x").unwrap();
    init(place.path(), &file, PASSWORD, &[]).is_refused(2, "LS-SET-05");
    // an empty folder is as good as none
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert_eq!(init(place.path(), &empty, PASSWORD, &[]).exit, 0);
    // so is the one we are in
    let here = place.path().join("here");
    fs::create_dir(&here).unwrap();
    let mut command = lineside();
    command.current_dir(&here).args(["--station", ".", "--passphrase-file", "../passphrase", "init"]);
    command.args(["--password-file", "../password"]);
    let ended = process::run(command);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(here.join("station.toml").is_file() && !here.join(".founding").exists());
}

#[test]
fn an_init_that_fails_leaves_nothing_behind() {
    let place = TempDir::new().unwrap();
    let folder = place.path().join("station");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(place.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    init(place.path(), &folder, "too short", &[]).is_refused(2, "LS-AUTH-05");
    assert_eq!(names(), ["passphrase", "password"], "a password that is too short is found in the middle");
    fs::create_dir(&folder).unwrap();
    init(place.path(), &folder, "too short", &[]).is_refused(2, "LS-AUTH-05");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "the empty folder is empty again");
    fs::remove_dir(&folder).unwrap();
    let below_file = place.path().join("password/station");
    init(place.path(), &below_file, PASSWORD, &[]).is_refused(2, "LS-SET-08");
    assert_eq!(names(), ["passphrase", "password"]);
    // what a founding that was killed has left is in nobody's way
    fs::create_dir_all(folder.join(".founding")).unwrap();
    fs::write(folder.join(".founding/vault.age"), "half").unwrap();
    assert_eq!(init(place.path(), &folder, PASSWORD, &[]).exit, 0);
    assert_eq!(names(), ["passphrase", "password", "station"]);
}

#[test]
fn a_station_whose_pages_cannot_be_opened_unlocks_nothing() {
    let station = Station::found();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let before = station.events("vault-unlocked").len();
    station.refused(2, "LS-SET-10", &["serve", "--listen", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(station.events("vault-unlocked").len(), before);
}

#[test]
fn a_folder_for_copies_that_is_not_there_is_shown_and_stops_nothing() {
    let station = Station::found();
    let mount = station.beside("mount");
    station.set("# checkpoint_copies = \"/mnt/records\"", &format!("checkpoint_copies = {mount:?}"));
    let serving = station.serve();
    let ended = station.run(&["key", "list"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains("was not compared"), "{ended:?}");
    let ended = serving.end();
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains(mount.to_str().unwrap()), "{ended:?}");
    assert!(!mount.exists());
}

#[test]
fn no_list_is_signed_over_a_log_that_was_rolled_back() {
    let station = Station::found();
    let old = station.copy("old");
    station.ok(&["audit", "checkpoint"]);
    let newest = station.folder().join("checkpoints");
    for entry in fs::read_dir(&newest).unwrap().map(|entry| entry.unwrap()) {
        fs::copy(entry.path(), old.join("checkpoints").join(entry.file_name())).unwrap();
    }
    let before = fs::read(old.join("ca/crl.pem")).unwrap();
    let mut command = lineside();
    command.arg("--station").arg(&old).arg("--passphrase-file").arg(station.beside("passphrase"));
    command.args(["ca", "crl"]);
    process::run(command).is_refused(1, "LS-AUDIT-02");
    assert_eq!(fs::read(old.join("ca/crl.pem")).unwrap(), before);
}
