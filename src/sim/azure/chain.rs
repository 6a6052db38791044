//! Which enrollment group a device's certificate chain belongs to: the nearest signing certificate on the
//! way up from the leaf decides (Azure, "X.509 certificate attestation").

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;

use super::attestation::Attestation;
use super::certificate::Certificate;
use super::enrollment::Enrollment;
use crate::domain::utc_time::UtcTime;

/// Longer ways up are not followed.
const DEEPEST: usize = 8;

/// The group, and the certificate of it that signed.
pub(super) fn nearest<'a>(
    groups: &'a BTreeMap<String, Enrollment>,
    leaf: &Certificate,
    others: &[Certificate],
    now: UtcTime,
    provider: &Arc<CryptoProvider>,
) -> Option<(&'a Enrollment, &'a Certificate)> {
    let mut current = leaf;
    for _ in 0..DEEPEST {
        for group in groups.values() {
            let Attestation::Certificates(certificates) = &group.attestation else { continue };
            for (_, enrolled) in certificates {
                let signing = &enrolled.certificate;
                if current.names_issuer(signing) && verifies(leaf, others, signing, now, provider) {
                    return Some((group, signing));
                }
            }
        }
        current = others.iter().find(|other| current.names_issuer(other) && other.der != current.der)?;
    }
    None
}

// RFC 5280 path validation by webpki: signatures, validity, CA flags, path lengths, key usage, names
fn verifies(
    leaf: &Certificate,
    others: &[Certificate],
    signing: &Certificate,
    now: UtcTime,
    provider: &Arc<CryptoProvider>,
) -> bool {
    let mut roots = RootCertStore::empty();
    if !signing.is_valid_at(now) || roots.add(signing.der.clone()).is_err() {
        return false;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let Ok(verifier) = verifier else { return false };
    let others: Vec<CertificateDer<'static>> = others.iter().map(|other| other.der.clone()).collect();
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    verifier.verify_client_cert(&leaf.der, &others, at).is_ok()
}
