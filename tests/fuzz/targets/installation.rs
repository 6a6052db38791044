//! The certificate of an issuing CA that somebody installs: any bytes, or a good one with bytes changed. Nothing but the
//! good one is ever installed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lineside::ca::certificate::Certificate;
use lineside::ca::inspect::CertificateFacts;
use lineside::ca::key::KeyPair;
use lineside::ca::{ceremony, installation};
use lineside::domain::secret::Secret;
use lineside::domain::utc_time::UtcTime;

struct Good {
    root: Certificate,
    issuing: Certificate,
    key: Secret,
}

fn now() -> UtcTime {
    UtcTime::from_seconds(1_795_334_400)
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let company = "Contoso".parse().expect("a company");
    let root = ceremony::make_root(&company, now(), [1; 10]).expect("a root");
    let certificate = root.certificate.clone();
    let root = root.into_issuer().expect("a root that signs");
    let station = "line-3".parse().expect("a name");
    let issuing = ceremony::make_issuing(&root, &company, &station, now(), [2; 10]).expect("an issuing CA");
    let key = issuing.key.pkcs8().expect("its key");
    Good { root: certificate, issuing: issuing.certificate, key }
});

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let good = &*GOOD;
    let der = if kind.is_multiple_of(2) {
        rest.to_vec()
    } else {
        let mut der = good.issuing.der().to_vec();
        for patch in rest.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([patch[0], patch[1]])) % der.len();
            der[at] = patch[2];
        }
        der
    };
    let text = String::from_utf8_lossy(&der);
    let read = Certificate::from_der(der.clone()).or_else(|_| Certificate::from_pem(&text));
    let Ok(certificate) = read else { return };
    let _ = (CertificateFacts::read(&certificate), certificate.public_key(), certificate.signature_name());
    let key = KeyPair::from_pkcs8(&good.key).expect("the key");
    let unchanged = certificate == good.issuing;
    let installed = installation::check(certificate, &good.root, key, now());
    assert_eq!(installed.is_ok(), unchanged);
});
