//! What the extensions of a CA's certificate may not say, or no certificate of a device below it would verify.

use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::ExtendedKeyUsage;

use super::NotInstallable;
use crate::ca::certificate::{BadCertificate, Certificate};
use crate::ca::issuer::BadIssuer;

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const POLICY_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.36");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// What may be critical: every verifier knows these.
const MAY_BE_CRITICAL: [ObjectIdentifier; 4] =
    [KEY_USAGE, ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE];

/// Refuses extended key usages without clientAuth, name and policy constraints, and what is critical and not understood.
pub(super) fn check(certificate: &Certificate, subject: &str) -> Result<(), NotInstallable> {
    let unreadable = |error| NotInstallable::Name(BadIssuer::Certificate(BadCertificate::from(error)));
    let parsed = x509_cert::Certificate::from_der(certificate.der()).map_err(unreadable)?;
    let subject = || subject.to_owned();
    for extension in parsed.tbs_certificate().extensions().into_iter().flatten() {
        match extension.extn_id {
            EXTENDED_KEY_USAGE => {
                let usages = ExtendedKeyUsage::from_der(extension.extn_value.as_bytes());
                if !usages.map_err(unreadable)?.0.iter().any(|one| [ANY_USAGE, CLIENT_AUTH].contains(one)) {
                    return Err(NotInstallable::Purpose(subject()));
                }
            }
            NAME_CONSTRAINTS => {
                return Err(NotInstallable::Constrained { subject: subject(), what: "names" });
            }
            POLICY_CONSTRAINTS => {
                return Err(NotInstallable::Constrained { subject: subject(), what: "policies" });
            }
            oid if extension.critical && !MAY_BE_CRITICAL.contains(&oid) => {
                return Err(NotInstallable::Critical { subject: subject(), oid: oid.to_string() });
            }
            _ => {}
        }
    }
    Ok(())
}
