//! Certificates issued from the page: keys leave sealed, requests need none, and what a kill cut off is taken up.

use std::io::Read;

use age::x25519::Identity;

use super::{decide, job, number, shows, upload, uploads};
use crate::batch_issue::csr_column::{base64, request};
use crate::batch_issue::lot::two_certificates;
use crate::factory::Station;
use crate::pages::browser::Browser;

/// A recipe of devices whose keys the station makes.
const RECIPE: &str = "demo-gateway";

/// A station with an engineer and a recipe whose keys the station makes.
fn founded() -> Station {
    let station = Station::found();
    station.add_person("bob", "engineer");
    station.ok(&["product", "add", RECIPE]);
    let path = station.folder().join("products").join(format!("{RECIPE}.toml"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("key = \"on-device\""), "{text}");
    std::fs::write(path, text.replace("key = \"on-device\"", "key = \"station\"")).unwrap();
    station
}

/// A table of so many devices.
fn table(rows: u32) -> String {
    let row = |row: u32| {
        format!("SN-{row:06},02:4c:{:02x}:{:02x}:{:02x}:00\n", row >> 16, row >> 8 & 255, row & 255)
    };
    format!("serial,mac\n{}", (1..=rows).map(row).collect::<String>())
}

/// The files of a tar archive: name and content.
fn untarred(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

/// How many keys lie in the sealed files of an archive, for whom they were sealed.
fn keys(identity: &Identity, archive: &[u8]) -> usize {
    let opened = untarred(archive).into_iter().map(|(name, sealed)| {
        assert!(name.ends_with(".age"), "{name}");
        String::from_utf8(age::decrypt(identity, &sealed).unwrap()).unwrap()
    });
    opened.map(|text| text.matches("BEGIN PRIVATE KEY").count()).sum()
}

#[test]
fn certificates_are_issued_with_keys_that_leave_sealed() {
    let station = founded();
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let identity = Identity::generate();
    let recipient = identity.to_public().to_string();
    let ask = |recipients: &str| {
        [("kind", "issue"), ("product", RECIPE), ("work_order", ""), ("recipients", recipients)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let send = |bob: &mut Browser, recipients: &str| {
        let fields = ask(recipients);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        upload(bob, &fields, ("lot.csv", table(3).as_bytes()))
    };
    // an identity given by mistake is refused and not repeated
    let secret = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ";
    send(&mut bob, secret).goes_to("/batches");
    let refused = bob.get("/batches");
    assert!(refused.body.contains("LS-CSV-25") && !refused.body.contains("SECRET"), "{}", refused.body);
    let keyless = job(&send(&mut bob, ""));
    assert!(shows(&mut bob, &keyless, "id=\"fault\"").body.contains("LS-CSV-20"));
    decide(&mut bob, &keyless, "cancel", &[]).goes_to("/batches");

    let issuing = job(&send(&mut bob, &format!("{recipient}\r\n")));
    let preview = shows(&mut bob, &issuing, "id=\"do-it\"");
    assert!(preview.body.contains("serial, mac") && !preview.body.contains("in clear"), "{}", preview.body);
    decide(&mut bob, &issuing, "go", &[]).goes_to(&issuing);
    let batch = number(&shows(&mut bob, &issuing, "id=\"to-batch\""));
    let page = bob.get(&format!("/batches/{batch}"));
    assert!(page.body.contains(&recipient) && page.body.contains("SHA-256"), "{}", page.body);
    let issued = bob.get(&format!("/batches/{batch}/files/lot-certificates.csv"));
    assert_eq!(issued.body.matches("BEGIN CERTIFICATE").count(), 3, "{}", issued.body);
    assert!(!issued.body.contains("PRIVATE KEY"));
    let sealed = bob.get(&format!("/batches/{batch}/files/lot-certificates.csv.keys.tar"));
    assert_eq!((sealed.status, keys(&identity, &sealed.bytes)), (200, 3));
    assert_eq!(station.events("batch-file-taken").len(), 2);
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "3");
    station.ok(&["audit", "verify"]);
}

#[test]
fn two_requests_of_a_row_become_two_certificates_and_one_is_not_enough() {
    let station = Station::found();
    station.add_person("bob", "engineer");
    let recipe = two_certificates().replace("key = \"station\"", "key = \"on-device\"");
    std::fs::write(station.folder().join("products/lot-7.toml"), recipe).unwrap();
    let (first, second) = (base64(&request(&station, 0).0), base64(&request(&station, 1).0));
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let fields = [("kind", "issue"), ("product", "lot-7"), ("work_order", ""), ("recipients", "")];
    let lone = format!("serial,csr\nS-1,{first}\n");
    let refused = job(&upload(&mut bob, &fields, ("lot.csv", lone.as_bytes())));
    assert!(shows(&mut bob, &refused, "id=\"fault\"").body.contains("LS-CA-43"));
    decide(&mut bob, &refused, "cancel", &[]).goes_to("/batches");

    let both = format!("serial,csr,secondary_csr,note\nS-1,{first},{second},x\n");
    let issuing = job(&upload(&mut bob, &fields, ("lot.csv", both.as_bytes())));
    let preview = shows(&mut bob, &issuing, "id=\"do-it\"");
    assert!(preview.body.contains("id=\"understood\">serial, csr, secondary_csr</dd>"), "{}", preview.body);
    decide(&mut bob, &issuing, "go", &[]).goes_to(&issuing);
    let batch = number(&shows(&mut bob, &issuing, "id=\"to-batch\""));
    let issued = bob.get(&format!("/batches/{batch}/files/lot-certificates.csv"));
    assert_eq!(issued.body.matches("BEGIN CERTIFICATE").count(), 2, "{}", issued.body);
    assert_eq!(
        station.sqlite("SELECT group_concat(coalesce(which, 'primary')) FROM certificate"),
        "primary,secondary"
    );
}

#[test]
fn a_batch_that_a_kill_cut_off_goes_on_from_its_page() {
    const ROWS: u32 = 12_000;
    let station = founded();
    let identity = Identity::generate();
    let recipient = identity.to_public().to_string();
    let fields = [("kind", "issue"), ("product", RECIPE), ("recipients", recipient.as_str())];
    {
        let serving = station.serve();
        let mut bob = Browser::logged_in(&serving, "bob");
        let issuing = job(&upload(&mut bob, &fields, ("lot.csv", table(ROWS).as_bytes())));
        shows(&mut bob, &issuing, "id=\"do-it\"");
        decide(&mut bob, &issuing, "go", &[]).goes_to(&issuing);
        crate::factory::wait_for("the first chunk", || {
            (station.sqlite("SELECT count(*) FROM certificate") != "0").then_some(())
        });
        // dropped, it is killed
    }
    assert_eq!(station.sqlite("SELECT state FROM batch"), "running", "it was not cut off in time");
    assert_eq!(uploads(&station).len(), 1);
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    assert!(uploads(&station).is_empty(), "its files lie on the shelf");
    let page = bob.get("/batches/1");
    assert!(page.body.contains("id=\"go-on\""), "{}", page.body);
    let resumed = job(&bob.fill_in("/batches/1", "/batches/1/go-on", &[]));
    let end = shows(&mut bob, &resumed, "id=\"to-batch\"");
    assert!(end.body.contains("Done") && number(&end) == "1", "{}", end.body);
    let rows = ROWS.to_string();
    let standing = "SELECT count(*) FROM certificate WHERE state = 'issued'";
    assert_eq!(station.sqlite(standing), rows);
    let issued = bob.get("/batches/1/files/lot-certificates.csv");
    assert_eq!(issued.body.matches("BEGIN CERTIFICATE").count().to_string(), rows);
    let sealed = bob.get("/batches/1/files/lot-certificates.csv.keys.tar");
    assert_eq!(keys(&identity, &sealed.bytes).to_string(), rows);
    assert_eq!(station.sqlite("SELECT group_concat(state) FROM batch"), "done");
    station.ok(&["audit", "verify"]);
}
