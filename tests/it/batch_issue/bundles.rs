//! A folder or a part of an archive for each device, as tar and openssl see them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::lot::Lot;
use super::opened::{self, Row, said};
use crate::factory::NO_SCOPE;

const SEALED: [&str; 5] = ["certificate.pem", "chain.pem", "dps.json", "key.pem.age", "own.pem.age"];
const CLEAR: [&str; 5] = ["certificate.pem", "chain.pem", "dps.json", "key.pem", "own.pem"];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What openssl says of the certificates of a device's folder.
fn holds_the_rows_certificate(lot: &Lot, folder: &Path, row: &Row) {
    let certificate = folder.join("certificate.pem");
    assert_eq!(fs::read_to_string(&certificate).unwrap(), row.cell("certificate_pem"));
    let subject = said("openssl", &["x509", "-in", text(&certificate), "-noout", "-subject", "-serial"]);
    let expected =
        format!("subject=CN = {}\nserial={}\n", row.cell("registration_id"), row.number().to_uppercase());
    assert_eq!(subject, expected);
    let (root, chain) = (lot.station.folder().join("ca/root.pem"), folder.join("chain.pem"));
    let words = ["verify", "-CAfile", text(&root), "-untrusted", text(&chain), text(&chain)];
    assert_eq!(said("openssl", &words), format!("{}: OK\n", text(&chain)));
    let dps = fs::read_to_string(folder.join("dps.json")).unwrap();
    let dps: serde_json::Value = serde_json::from_str(&dps).unwrap();
    assert_eq!(dps["registration_id"], row.cell("registration_id"));
}

#[test]
fn each_device_has_a_folder_whose_keys_are_sealed() {
    let lot = Lot::of(5, |_| String::new());
    let root = lot.station.beside("devices");
    let options = [lot.sealed(), vec!["--folders".to_owned(), text(&root).to_owned()]].concat();
    let ended = lot.issue(&options);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let (_, rows) = opened::output(&lot.output);
    let ids: Vec<&str> = rows.iter().map(|row| row.cell("registration_id")).collect();
    assert_eq!(names(&root), ids);
    let keys = opened::keys(&lot.keys(), &lot.reader);
    for row in &rows {
        let folder = root.join(row.cell("registration_id"));
        assert_eq!(names(&folder), SEALED);
        holds_the_rows_certificate(&lot, &folder, row);
        for name in SEALED {
            let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        for name in ["key.pem.age", "own.pem.age"] {
            let key = age::decrypt(&lot.reader, &fs::read(folder.join(name)).unwrap()).unwrap();
            assert_eq!(String::from_utf8(key).unwrap(), keys[row.cell("registration_id")]);
        }
        assert_eq!(opened::point_of(&keys[row.cell("registration_id")]), row.public_point());
    }
}

#[test]
fn an_archive_holds_the_same_and_keys_in_clear_only_by_name() {
    let lot = Lot::of(5, |_| String::new());
    let archive = lot.station.beside("devices.tar");
    let options = ["--plaintext-keys", "--tar", text(&archive)].map(str::to_owned);
    let ended = lot.issue(&options);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&lot.output).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!lot.keys().exists(), "keys that leave in clear are not sealed as well");

    let (columns, rows) = opened::output(&lot.output);
    assert_eq!(columns.last().map(String::as_str), Some("private_key_pem"));
    let listed = said("tar", &["--numeric-owner", "-tvf", text(&archive)]);
    let lines: Vec<(&str, &str)> = listed
        .lines()
        .map(|line| (line.get(..14).unwrap_or(line), line.rsplit(' ').next().unwrap_or_default()))
        .collect();
    for row in &rows {
        let id = row.cell("registration_id");
        assert!(lines.contains(&("drwx------ 0/0", &format!("{id}/"))), "{listed}");
        for name in CLEAR {
            assert!(lines.contains(&("-rw------- 0/0", &format!("{id}/{name}"))), "{id}/{name}: {listed}");
        }
    }
    assert_eq!(lines.len(), rows.len() * (CLEAR.len() + 1), "{listed}");

    let root = lot.station.beside("unpacked");
    fs::create_dir(&root).unwrap();
    said("tar", &["-xf", text(&archive), "-C", text(&root)]);
    for row in &rows {
        let folder = root.join(row.cell("registration_id"));
        assert_eq!(names(&folder), CLEAR);
        holds_the_rows_certificate(&lot, &folder, row);
        for name in ["key.pem", "own.pem"] {
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), row.cell("private_key_pem"));
        }
        assert_eq!(opened::point_of(row.cell("private_key_pem")), row.public_point());
    }
}

#[test]
fn a_file_that_cannot_be_made_costs_no_certificate_and_once_it_can_the_batch_goes_on() {
    let lot = Lot::of(3, |_| String::new());
    let scope = "id_scope = \"0ne00000000\"";
    lot.station.set(scope, NO_SCOPE);
    let root = lot.station.beside("devices");
    let options = [lot.sealed(), vec!["--folders".to_owned(), text(&root).to_owned()]].concat();
    let ended = lot.issue(&options);
    assert_ne!(ended.exit, 0, "{ended:?}");
    ended.is_refused(ended.exit, "LS-SET-03");
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM batch_chunk"), "0");
    lot.station.set(NO_SCOPE, scope);
    let ended = lot.issue(&options);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains("resumed"), "{ended:?}");
    assert_eq!(names(&root).len(), 3);
}
