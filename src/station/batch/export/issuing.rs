//! The issuing CAs that stand behind exported certificates: after a renewal each device's chain is that of its own.

use super::cells;
use super::failed::ExportFailed;
use crate::ca::certificate::Certificate;
use crate::station::folder::Folder;
use crate::station::issuers;

/// One of them, in the forms that are wanted.
pub struct Issuing {
    certificate: Certificate,
    /// PEM.
    pub pem: String,
    /// The same with its line feeds escaped for JSON.
    pub escaped: String,
    /// One line of base64 DER.
    pub base64: String,
}

/// All there ever were, the present one first.
pub struct IssuingCas(Vec<Issuing>);

impl IssuingCas {
    /// Those of a station; at least one.
    pub fn of(folder: &Folder) -> Result<IssuingCas, ExportFailed> {
        let form = |certificate: Certificate| {
            let pem = certificate.pem();
            let escaped = pem.replace('\n', "\\n");
            Issuing { base64: cells::base64(certificate.der()), pem, escaped, certificate }
        };
        let all: Vec<Issuing> = issuers::certificates(folder)?.into_iter().map(form).collect();
        if all.is_empty() { Err(issuers::NoIssuer::Missing.into()) } else { Ok(IssuingCas(all)) }
    }

    /// The one that issued this certificate (DER); the present one if none did.
    pub fn behind(&self, leaf: &[u8]) -> Option<&Issuing> {
        let present = self.0.first();
        if self.0.len() < 2 {
            return present;
        }
        let Ok(leaf) = Certificate::from_der(leaf.to_vec()) else { return present };
        self.0.iter().find(|one| leaf.is_issued_by(&one.certificate)).or(present)
    }
}
