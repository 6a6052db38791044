//! Two certificates in a row: what stands in the outputs, in the records, on the pages and at Azure, and what of it is
//! refused.

mod cut_off;
mod requests;

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::lot::{Lot, two_certificates};
use super::opened::{self, Row, point_of, said};
use crate::api::caller::{self, Caller};
use crate::factory::azure::Azure;
use crate::factory::{Station, process};
use crate::pages::browser::Browser;
use crate::two_certificates::enrolled_as;

/// The columns that tell of a certificate.
const OF_ONE: [&str; 5] = ["cert_serial", "not_after", "sha1", "sha256", "certificate_pem"];

/// The columns of an output behind those of the input.
fn ours() -> Vec<String> {
    let secondary = OF_ONE.iter().map(|name| format!("secondary_{name}"));
    ["registration_id"].iter().chain(&OF_ONE).map(|name| (*name).to_owned()).chain(secondary).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What openssl says of a chain under the station's root.
fn is_verified(station: &Station, chain: &Path) {
    let root = station.folder().join("ca/root.pem");
    let words = ["verify", "-x509_strict", "-CAfile", text(&root), "-untrusted", text(chain), text(chain)];
    assert_eq!(said("openssl", &words), format!("{}: OK\n", text(chain)));
}

/// Both certificates of a row are right, for two keys under one name.
fn is_a_pair(row: &Row) -> Row {
    let secondary = row.secondary();
    row.agrees_with_its_certificate();
    secondary.agrees_with_its_certificate();
    assert_ne!(row.public_point(), secondary.public_point());
    assert_ne!(row.number(), secondary.number());
    secondary
}

/// The thumbprints of both certificates of a row.
fn thumbprints(row: &Row) -> [&str; 4] {
    ["sha1", "sha256", "secondary_sha1", "secondary_sha256"].map(|name| row.cell(name))
}

/// Runs, certificates and units as the records count them.
fn counts(station: &Station) -> [String; 4] {
    [
        "SELECT count(*) FROM run WHERE verdict = 'PASS'",
        "SELECT count(*) FROM certificate WHERE state = 'issued' AND which IS NULL",
        "SELECT count(*) FROM certificate WHERE state = 'issued' AND which = 'secondary'",
        "SELECT issued || '/' || passed FROM work_order",
    ]
    .map(|sql| station.sqlite(sql))
}

#[test]
fn a_row_holds_both_certificates_whose_keys_are_sealed_and_whose_files_lie_in_one_folder() {
    let lot = Lot::of_two(5);
    let (root, archive) = (lot.station.beside("devices"), lot.station.beside("devices.tar"));
    let more = ["--folders", text(&root), "--tar", text(&archive)].map(str::to_owned).to_vec();
    let ended = lot.issue(&[lot.sealed(), more].concat());
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.out.contains("5 rows with two certificates each, 0 rows refused"), "{ended:?}");

    let (columns, rows) = opened::output(&lot.output);
    assert_eq!(columns, [vec!["note".to_owned(), "serial".to_owned(), "mac".to_owned()], ours()].concat());
    let keys = opened::both_keys(&lot.keys(), &lot.reader);
    assert_eq!((rows.len(), keys.len()), (5, 5));
    let unpacked = lot.station.beside("unpacked");
    fs::create_dir(&unpacked).unwrap();
    said("tar", &["-xf", text(&archive), "-C", text(&unpacked)]);
    for row in &rows {
        let secondary = is_a_pair(row);
        let id = row.cell("registration_id");
        for root in [&root, &unpacked] {
            let folder = root.join(id);
            let mut names: Vec<String> = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            let own =
                ["certificate.pem", "chain.pem", "dps.json", "key.pem.age", "own.pem.age", "second.pem.age"];
            let of_secondary = ["secondary-certificate.pem", "secondary-chain.pem", "secondary-key.pem.age"];
            assert_eq!(names, [&own[..], &of_secondary].concat());
            let files = [
                (row, "certificate.pem", "chain.pem", ["key.pem.age", "own.pem.age"]),
                (
                    &secondary,
                    "secondary-certificate.pem",
                    "secondary-chain.pem",
                    ["secondary-key.pem.age", "second.pem.age"],
                ),
            ];
            for (at, (row, certificate, chain, sealed)) in files.into_iter().enumerate() {
                let certificate = fs::read_to_string(folder.join(certificate)).unwrap();
                assert_eq!(certificate, row.cell("certificate_pem"));
                assert!(fs::read_to_string(folder.join(chain)).unwrap().starts_with(&certificate));
                is_verified(&lot.station, &folder.join(chain));
                for name in sealed {
                    let key = age::decrypt(&lot.reader, &fs::read(folder.join(name)).unwrap()).unwrap();
                    assert_eq!(String::from_utf8(key).unwrap(), keys[id][at], "{name}");
                }
                assert_eq!(point_of(&keys[id][at]), row.public_point());
            }
        }
    }
    assert_eq!(counts(&lot.station), ["5", "5", "5", "5/5"]);
    let entries = lot.station.events("certificate-issued");
    assert_eq!(entries.len(), 10, "one entry for each certificate");
    let ended = &lot.station.events("batch-ended")[0];
    assert_eq!((&ended["good"], &ended["refused-rows"]), (&5.into(), &0.into()), "{ended}");
    lot.station.ok(&["audit", "verify"]);
}

#[test]
fn a_works_orders_list_and_keys_in_clear_go_the_same_way_and_no_unit_is_good_for_one_certificate() {
    let lot = Lot::of_two(3);
    let list = lot.station.write("list", &lot.serials.join("\n"));
    let add = ["work-order", "add", "lot-1", "--product", "lot-7", "--quantity", "2", "--serials", &list];
    lot.station.ok(&add);
    lot.station.ok(&["work-order", "activate", "lot-1"]);
    let mut command = lot.station.command(&["batch", "issue", "--product", "lot-7", "--work-order", "lot-1"]);
    command.arg(&lot.output).arg("--plaintext-keys");
    let ended = process::run(command);
    assert_eq!(ended.exit, 1, "{ended:?}");
    assert!(ended.err.contains("LS-WO-04"), "{ended:?}");
    let (columns, rows) = opened::output(&lot.output);
    assert_eq!(rows.len(), 2, "two units, two devices");
    let secret = ["private_key_pem", "secondary_private_key_pem"];
    assert_eq!(columns.iter().filter(|name| secret.contains(&name.as_str())).count(), 2, "{columns:?}");
    for row in &rows {
        let secondary = is_a_pair(row);
        for row in [row, &secondary] {
            assert_eq!(point_of(row.cell("private_key_pem")), row.public_point());
        }
    }
    assert_eq!(counts(&lot.station), ["2", "2", "2", "2/2"]);
    lot.station.ok(&["audit", "verify"]);
}

#[test]
fn both_thumbprints_are_the_same_in_the_output_on_the_pages_in_the_api_in_the_export_and_at_azure() {
    let lot = Lot::of_two(2);
    lot.set_recipe(&two_certificates().replace("service = \"none\"", "service = \"dps\""));
    let azure = Azure::of(&lot.station);
    let ended = lot.issue(&lot.sealed());
    assert_eq!(ended.exit, 0, "{ended:?}");
    lot.station.ok(&["enroll", "push"]);
    let (_, rows) = opened::output(&lot.output);
    let columns = "registration_id,sha1,sha256,secondary_sha1,secondary_sha256,secondary_cert_serial";
    let table = lot.station.beside("export.csv");
    lot.station.ok(&["batch", "export", "--columns", columns, text(&table)]);
    let table = fs::read(&table).unwrap();
    let exported: Vec<Vec<String>> = csv::Reader::from_reader(&table[..])
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(exported.len(), rows.len());

    let token = caller::token(&lot.station, "mes", "read");
    lot.station.add_person("ada", "engineer");
    let serving = lot.station.serve();
    let (mut mes, mut browser) =
        (Caller::at(&serving.url, Some(&token)), Browser::logged_in(&serving, "ada"));
    for (row, at) in rows.iter().zip(1..) {
        let (id, secondary) = (row.cell("registration_id"), row.cell("secondary_cert_serial"));
        let expected = thumbprints(row);
        assert!(
            exported.iter().any(|found| found[0] == id && found[1..5] == expected && found[5] == secondary)
        );

        let page = browser.get(&format!("/devices/{at}"));
        for thumbprint in expected {
            assert!(page.body.contains(thumbprint), "{thumbprint} is not on the page of {id}");
            let found = browser.get(&format!("/devices/find?q={thumbprint}"));
            found.goes_to(&format!("/devices/{at}"));
        }
        let device = mes.get(&format!("/api/v1/devices/{id}")).json();
        let told = |which: &str| {
            let all = device["certificates"].as_array().unwrap();
            let mut found = all.iter().filter(|one| one["which"] == which);
            let one = found.next().expect(which).clone();
            assert!(found.next().is_none() && one["state"] == "issued", "{device}");
            [one["sha1"].clone(), one["sha256"].clone()].map(|one| one.as_str().unwrap().to_owned())
        };
        assert_eq!([told("primary"), told("secondary")].concat(), expected);

        let (is_enabled, at_azure) = enrolled_as(&azure, id);
        assert!(is_enabled);
        assert_eq!(at_azure, [expected[1], expected[3]], "primary and secondary");
        let chain = lot.station.write("chain.pem", &lot.station.ok(&["ca", "export", id, "--secondary"]));
        is_verified(&lot.station, Path::new(&chain));
    }
    serving.end();
    for (row, run) in rows.iter().zip(1..) {
        let shown = lot.station.json(&["run", "show", &run.to_string()]);
        let of = |name: &str| ["sha1", "sha256"].map(|digest| word(&shown[name][digest]));
        assert_eq!([of("certificate"), of("secondary_certificate")].concat(), thumbprints(row));
    }
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM outbox"), "2", "one enrollment for each device");
    lot.station.ok(&["audit", "verify"]);
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}
