//! The record of a ceremony: an entry of the audit log, and the same facts on a sheet to print, `ca/ceremony-NNNN.txt`,
//! whose number is that of the entry.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::ca::certificate::Certificate;
use crate::ca::inspect::CertificateFacts;
use crate::domain::audit_entry::AuditEntry;
use crate::domain::audit_event::AuditEvent;
use crate::domain::audit_event::ceremony::{Certified, Held};
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::folder::{Folder, FolderError};
use crate::store::audit::log;
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// The facts of a certificate as they are remembered.
pub fn certified(role: &str, certificate: &Certificate, facts: &CertificateFacts) -> Certified {
    Certified {
        role: role.to_owned(),
        subject: facts.subject.clone(),
        issuer: facts.issuer.clone(),
        cert_serial: facts.serial.clone(),
        not_before: facts.not_before,
        not_after: facts.not_after,
        sha1: Thumbprint::sha1(certificate.der()).to_string(),
        sha256: facts.sha256,
    }
}

/// Records it, as the first event of this change; the number of its entry.
pub fn record(change: &mut Change<'_>, held: &Held) -> Result<u64, StoreError> {
    let entry = log::size(change)? + 1;
    change.record(AuditEvent::CeremonyHeld(held.clone()));
    Ok(entry)
}

/// The newest ceremony of this kind: its entry and that's number.
pub fn newest(
    reader: &Reader<'_>,
    wanted: impl Fn(&Held) -> bool,
) -> Result<Option<(u64, AuditEntry)>, StoreError> {
    let mut before = None;
    loop {
        let page = log::page(reader, 500, before)?;
        let Some((oldest, _)) = page.last() else { return Ok(None) };
        before = Some(*oldest);
        for (seq, text) in page {
            if !text.contains(r#""event":"ceremony-held""#) {
                continue;
            }
            let entry: AuditEntry = serde_json::from_str(&text).map_err(StoreError::Json)?;
            let AuditEvent::CeremonyHeld(held) = &entry.event else { continue };
            if wanted(held) {
                return Ok(Some((seq, entry)));
            }
        }
    }
}

/// Where the sheet of a ceremony lies.
pub fn sheet_path(folder: &Folder, entry: u64) -> PathBuf {
    folder.ca(&format!("ceremony-{entry:04}.txt"))
}

/// Writes the sheet of the entry, unless it is there.
pub fn print_missing(
    folder: &Folder,
    station: &Name,
    entry: u64,
    of: &AuditEntry,
) -> Result<(), FolderError> {
    let AuditEvent::CeremonyHeld(held) = &of.event else { return Ok(()) };
    match sheet_path(folder, entry).exists() {
        true => Ok(()),
        false => print(folder, station, entry, held, &of.actor, of.at),
    }
}

/// Writes the sheet.
pub fn print(
    folder: &Folder,
    station: &Name,
    entry: u64,
    held: &Held,
    actor: &Actor,
    at: UtcTime,
) -> Result<(), FolderError> {
    let path = sheet_path(folder, entry);
    let text = sheet(station, entry, held, actor, at);
    durable::replace(&path, text.as_bytes(), durable::PUBLIC).map_err(|cause| FolderError::Io { path, cause })
}

fn sheet(station: &Name, entry: u64, held: &Held, actor: &Actor, at: UtcTime) -> String {
    let Held { act, second, issuing_key, token_object, certificates, warnings } = held;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // names come from other people's certificates, and this goes to printers and terminals
        let value: String = value.chars().map(|ch| if ch.is_control() { '\u{fffd}' } else { ch }).collect();
        // writing to a string cannot fail
        let _ = writeln!(text, "{name:<24}{value}");
    };
    line("Ceremony", act.as_str());
    line("station", station.as_str());
    line("when", &at.to_string());
    line("who", &actor.to_string());
    line("confirmed by", second.as_ref().map_or("nobody (not asked for)", Name::as_str));
    line("audit log, entry", &entry.to_string());
    line("issuing key, SHA-256", &issuing_key.to_string());
    if let Some(object) = token_object {
        line("its object in the token", object);
    }
    for one in certificates {
        line("", "");
        line("certificate", &one.role);
        line("subject", &one.subject);
        line("issuer", &one.issuer);
        line("serial number", &one.cert_serial);
        line("valid from", &one.not_before.to_string());
        line("valid until", &one.not_after.to_string());
        line("SHA-1", &one.sha1);
        line("SHA-256", &one.sha256.to_string());
    }
    for warning in warnings {
        line("warning", warning);
    }
    text.push_str("\nName, date, signature    ________________________________________\n");
    if second.is_some() {
        text.push_str("\nName, date, signature    ________________________________________\n");
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
