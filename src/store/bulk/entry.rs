//! The entry of a certificate that was issued in bulk, written straight as canonical text: building it member by
//! member costs as much as all of its rows.

use std::fmt::Write;

use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::person::Actor;
use crate::domain::registration_id::RegistrationId;
use crate::domain::utc_time::UtcTime;
use crate::store::error::StoreError;

/// What the entries of one chunk have in common: their first members, up to the serial number.
pub(super) struct Entries {
    head: String,
}

/// What differs.
pub(super) struct Issued<'a> {
    pub(super) cert_serial: &'a CertSerial,
    pub(super) registration_id: &'a RegistrationId,
    pub(super) run: i64,
    pub(super) sha256: &'a Digest,
    pub(super) certificate: Digest,
    /// Number and digest of the device's row, unless another entry names it.
    pub(super) device: Option<(i64, Digest)>,
    /// Digest of the run's row, unless another entry names it.
    pub(super) run_row: Option<Digest>,
}

impl Entries {
    pub(super) fn of(actor: &Actor, at: UtcTime, batch: u64) -> Result<Entries, StoreError> {
        let actor = serde_json::to_value(actor).map_err(StoreError::Json)?;
        let at = serde_json::to_value(at).map_err(StoreError::Json)?;
        Ok(Entries { head: format!(r#"{{"actor":{actor},"at":{at},"batch":{batch},"cert-serial":""#) })
    }

    /// The text, as [`AuditEntry::canonical`] would write it. A registration ID holds nothing that JSON escapes.
    pub(super) fn text(&self, issued: &Issued<'_>) -> String {
        let Issued { cert_serial, registration_id, run, sha256, certificate, device, run_row } = issued;
        let mut text = String::with_capacity(self.head.len() + 512);
        text.push_str(&self.head);
        // writing to a string cannot fail
        let _ = write!(
            text,
            r#"{cert_serial}","event":"certificate-issued","registration-id":"{registration_id}","rows":{{"certificate/{cert_serial}":"{certificate}""#
        );
        if let Some((device, digest)) = device {
            let _ = write!(text, r#","device/{device}":"{digest}""#);
        }
        if let Some(run_row) = run_row {
            let _ = write!(text, r#","run/{run}":"{run_row}""#);
        }
        let _ = write!(text, r#"}},"run":{run},"sha256":"{sha256}"}}"#);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit_entry::AuditEntry;
    use crate::domain::audit_event::AuditEvent;
    use crate::store::testing::at;

    /// The same entry as the rest of the program builds it.
    fn built(actor: &Actor, at: UtcTime, batch: u64, issued: &Issued<'_>) -> AuditEntry {
        let number = |id: i64| u64::try_from(id).unwrap();
        let mut rows = std::collections::BTreeMap::new();
        rows.insert(format!("certificate/{}", issued.cert_serial), issued.certificate);
        if let Some((device, digest)) = issued.device {
            rows.insert(format!("device/{device}"), digest);
        }
        if let Some(digest) = issued.run_row {
            rows.insert(format!("run/{}", issued.run), digest);
        }
        let event = AuditEvent::CertificateIssued {
            run: number(issued.run),
            cert_serial: *issued.cert_serial,
            registration_id: issued.registration_id.clone(),
            sha256: *issued.sha256,
            batch: Some(batch),
        };
        AuditEntry { at, actor: actor.clone(), event, rows }
    }

    #[test]
    fn the_text_is_the_canonical_one() {
        let actors = [
            Actor::CommandLine { os_user: "li\"ne\\é".into(), name: Some("ada".parse().unwrap()) },
            Actor::Person { name: "bob".parse().unwrap() },
        ];
        let (serial, id) = (CertSerial::new(at(7), [9; 10]), "sn-1.a_b:c-d".parse().unwrap());
        for actor in actors {
            let (device, run_row) = (Some((41, Digest::of(b"device"))), Some(Digest::of(b"run")));
            for (device, run_row) in [(None, run_row), (device, run_row), (None, None)] {
                let issued = Issued {
                    cert_serial: &serial,
                    registration_id: &id,
                    run: 12,
                    sha256: &Digest::of(b"der"),
                    certificate: Digest::of(b"certificate"),
                    device,
                    run_row,
                };
                let entries = Entries::of(&actor, at(1_795_000_000), 3).unwrap();
                let expected = built(&actor, at(1_795_000_000), 3, &issued).canonical().unwrap();
                assert_eq!(entries.text(&issued), expected);
            }
        }
    }
}
