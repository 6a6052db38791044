//! A certificate request from a device: DER, PEM, or anything. A key that comes out of it is one that goes in again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside::ca::csr;
use lineside::ca::public_key::PublicKey;

fuzz_target!(|request: &[u8]| {
    let Ok(key) = csr::proven_key(request) else { return };
    let key = key.public_key();
    assert!(PublicKey::from_spki_der(key.spki_der()).is_ok_and(|again| again == *key));
});
