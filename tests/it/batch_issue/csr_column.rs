//! Batches whose devices made their keys: a column of requests, and no keys in the output.

use std::fs;

use lineside::domain::code::Code;

use super::lot::Lot;
use super::opened::{self, said};
use crate::factory::Station;

/// A request for a new key, made by openssl: PEM, and the point of its key.
pub fn request(station: &Station, at: usize) -> (String, Vec<u8>) {
    let path = |name: &str| station.beside(&format!("{name}-{at}")).to_str().unwrap().to_owned();
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
    let files = ["-keyout", &path("key"), "-out", &path("csr"), "-subj", "/CN=somebody else"];
    said("openssl", &[&["req", "-new"], &curve[..], &files[..]].concat());
    let key = fs::read_to_string(path("key")).unwrap();
    (fs::read_to_string(path("csr")).unwrap(), opened::point_of(&key))
}

/// The base64 lines of a PEM block as one.
pub fn base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

#[test]
fn a_certificate_is_for_the_key_of_its_request_and_a_forged_one_is_refused() {
    let lot = Lot::of(0, |_| String::new());
    let requests: Vec<(String, Vec<u8>)> = (0..3).map(|at| request(&lot.station, at)).collect();
    let mut forged = base64(&requests[0].0).into_bytes();
    let at = forged.len() - 12;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    let table = format!(
        "serial,csr,note\nS-1,\"{}\",one\nS-2,{},two\nS-3,{},forged\nS-4,\"{}\",=4\n",
        requests[0].0,
        base64(&requests[1].0),
        String::from_utf8(forged).unwrap(),
        requests[2].0.replace('\n', "\r\n"),
    );
    fs::write(&lot.input, table).unwrap();
    let ended = lot.issue(&[]);
    assert_eq!(ended.exit, 1, "{ended:?}");

    let (names, rows) = opened::output(&lot.output);
    let ours = ["registration_id", "cert_serial", "not_after", "sha1", "sha256", "certificate_pem"];
    assert_eq!(names, [&["serial", "csr", "note"], &ours[..]].concat());
    let found: Vec<(&str, &str)> = rows.iter().map(|row| (row.cell("serial"), row.cell("note"))).collect();
    assert_eq!(found, [("S-1", "one"), ("S-2", "two"), ("S-4", "=4")]);
    for (row, (_, point)) in rows.iter().zip(&requests) {
        row.agrees_with_its_certificate();
        assert_eq!(row.public_point(), point);
        assert_eq!(row.cell("registration_id"), format!("ln-{}", row.cell("serial").to_lowercase()));
    }
    assert!(!lot.keys().exists(), "a batch of requests has no keys to seal");

    let refused = fs::read_to_string(lot.output.with_file_name("out.refused.csv")).unwrap();
    let mut refused = csv::Reader::from_reader(refused.as_bytes());
    let names = refused.headers().unwrap().clone();
    let place = |name: &str| names.iter().position(|found| found == name).expect(name);
    let rows: Vec<csv::StringRecord> = refused.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let cells = ["serial", "note", "status", "error_code"].map(|name| &rows[0][place(name)]);
    assert_eq!(cells, ["S-3", "forged", "refused", Code::CsrNotPossessed.as_str()]);
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM certificate"), "3");
}
