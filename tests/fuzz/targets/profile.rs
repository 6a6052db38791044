//! The file of a certificate profile. What is refused is refused in one line, and no file is of both kinds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside::ca::profile::proof::ProofProfile;
use lineside::ca::profile::{self, Profile};

fuzz_target!(|text: &str| {
    let (devices, proof) = (Profile::parse(text), ProofProfile::parse(text));
    assert!(devices.is_err() || proof.is_err());
    assert_eq!(profile::name_of(text).is_ok(), devices.is_ok() || proof.is_ok());
    for fault in [devices.err(), proof.err()].into_iter().flatten() {
        assert!(!fault.to_string().contains('\n'), "{fault}");
    }
});
