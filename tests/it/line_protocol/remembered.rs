//! What a virtual device remembers of what it was given.

use std::path::Path;

use super::{Bench, file, no_progress, recipe};

#[test]
fn a_device_remembers_which_certificates_it_was_given() {
    let bench = Bench::new(&[]);
    let mut driver = bench.driver(&recipe(), 1);
    driver.identify().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut leaf = rcgen::CertificateParams::new(Vec::new()).unwrap();
    leaf.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x41, 0x02, 0x03]));
    let pem = leaf.self_signed(&key).unwrap().pem();
    driver.put(&file("chain.pem", pem), &mut no_progress).unwrap();
    assert_eq!(bench.journal()[0].certificates, ["410203"]);
    assert!(Path::new(&bench.state().join("journal.jsonl")).exists());
}
