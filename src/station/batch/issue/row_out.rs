//! The rows of `batch issue`'s output: the input's own cells as they are, and what was issued for them. Written by
//! hand into a buffer, for a batch writes a million of them.

use crate::ca::certificate::pem_into;
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::hexadecimal;
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::station::batch::table::{Column, Header, Row};

/// A column that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ours {
    RegistrationId,
    CertSerial,
    NotAfter,
    Sha1,
    Sha256,
    CertificatePem,
    PrivateKeyPem,
}

impl Ours {
    const ALL: [Ours; 7] = [
        Ours::RegistrationId,
        Ours::CertSerial,
        Ours::NotAfter,
        Ours::Sha1,
        Ours::Sha256,
        Ours::CertificatePem,
        Ours::PrivateKeyPem,
    ];

    fn name(self) -> &'static str {
        match self {
            Ours::RegistrationId => "registration_id",
            Ours::CertSerial => "cert_serial",
            Ours::NotAfter => "not_after",
            Ours::Sha1 => "sha1",
            Ours::Sha256 => "sha256",
            Ours::CertificatePem => "certificate_pem",
            Ours::PrivateKeyPem => "private_key_pem",
        }
    }

    /// The one this column of an input is, whatever the case of its name; the registration ID under any of its names.
    fn find(header: &Header, place: usize, name: &str) -> Option<Ours> {
        if header.place(Column::RegistrationId) == Some(place) {
            return Some(Ours::RegistrationId);
        }
        Ours::ALL.into_iter().find(|ours| ours.name().eq_ignore_ascii_case(name))
    }
}

/// A column of the output.
#[derive(Debug, Clone)]
enum Cell {
    Input { place: usize, name: String },
    Ours(Ours),
}

/// What was issued for one row.
#[derive(Clone, Copy)]
pub struct Issued<'a> {
    /// Whose it is.
    pub registration_id: &'a RegistrationId,
    /// The certificate's serial number.
    pub cert_serial: &'a CertSerial,
    /// The last second of its validity.
    pub not_after: UtcTime,
    /// SHA-1 of the certificate.
    pub sha1: &'a Thumbprint,
    /// SHA-256 of the certificate.
    pub sha256: &'a Digest,
    /// The certificate, DER.
    pub certificate: &'a [u8],
    /// The private key, PKCS#8 PEM; written only where the output has a column for it.
    pub private_key: Option<&'a Secret>,
}

/// Writes the rows of one output.
#[derive(Debug, Clone)]
pub struct RowOut {
    cells: Vec<Cell>,
    delimiter: u8,
    /// The last time that was written, as text: most neighbours share theirs.
    not_after: (UtcTime, String),
}

impl RowOut {
    /// The output of a table with this header. Columns of ours that the input has already, from an earlier output, stay
    /// in their places under our names and are written anew. A column of private keys is there with `clear_keys` only;
    /// an earlier output's is left out otherwise, for its keys are not those of the new certificates.
    pub fn new(header: &Header, clear_keys: bool) -> RowOut {
        let wanted = |ours: Ours| clear_keys || ours != Ours::PrivateKeyPem;
        let mut cells = Vec::with_capacity(header.names.len() + Ours::ALL.len());
        let mut had = Vec::new();
        for (place, name) in header.names.iter().enumerate() {
            match Ours::find(header, place, name) {
                Some(ours) if wanted(ours) => {
                    had.push(ours);
                    cells.push(Cell::Ours(ours));
                }
                Some(_) => {}
                None => cells.push(Cell::Input { place, name: name.clone() }),
            }
        }
        let lacking = Ours::ALL.into_iter().filter(|&ours| wanted(ours) && !had.contains(&ours));
        cells.extend(lacking.map(Cell::Ours));
        let epoch = UtcTime::from_millis(0);
        RowOut { cells, delimiter: header.delimiter, not_after: (epoch, epoch.to_string()) }
    }

    /// Appends the line of column names.
    pub fn header(&self, out: &mut Vec<u8>) {
        for (at, cell) in self.cells.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            match cell {
                // unquoted at the begin of a file it would be taken for a byte order mark
                Cell::Input { name, .. } if name.starts_with('\u{feff}') => quoted(name.as_bytes(), out),
                Cell::Input { name, .. } => self.text(name.as_bytes(), out),
                Cell::Ours(ours) => out.extend_from_slice(ours.name().as_bytes()),
            }
        }
        out.push(b'\n');
    }

    /// Appends a row. With a private key in it the buffer is secret, and the caller's to wipe.
    pub fn row(&mut self, input: &Row, issued: &Issued<'_>, out: &mut Vec<u8>) {
        if self.not_after.0 != issued.not_after {
            self.not_after = (issued.not_after, issued.not_after.to_string());
        }
        for (at, cell) in self.cells.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            match cell {
                Cell::Input { place, .. } => self.text(input.cell(*place).as_bytes(), out),
                Cell::Ours(ours) => self.ours(*ours, issued, out),
            }
        }
        out.push(b'\n');
    }

    /// None of these hold anything to quote but the PEM texts, which hold line feeds.
    fn ours(&self, ours: Ours, issued: &Issued<'_>, out: &mut Vec<u8>) {
        match ours {
            Ours::RegistrationId => out.extend_from_slice(issued.registration_id.as_str().as_bytes()),
            Ours::CertSerial => hexadecimal::append(issued.cert_serial.as_bytes(), out),
            Ours::NotAfter => out.extend_from_slice(self.not_after.1.as_bytes()),
            Ours::Sha1 => hexadecimal::append(issued.sha1.bytes(), out),
            Ours::Sha256 => hexadecimal::append(issued.sha256.as_bytes(), out),
            Ours::CertificatePem => {
                out.push(b'"');
                pem_into(issued.certificate, b"\n", out);
                out.push(b'"');
            }
            Ours::PrivateKeyPem => {
                if let Some(key) = issued.private_key {
                    quoted(key.expose(), out);
                }
            }
        }
    }

    /// A cell, quoted where RFC 4180 asks for it.
    fn text(&self, cell: &[u8], out: &mut Vec<u8>) {
        let special = |&byte: &u8| matches!(byte, b'"' | b'\n' | b'\r') || byte == self.delimiter;
        match cell.iter().any(special) {
            true => quoted(cell, out),
            false => out.extend_from_slice(cell),
        }
    }
}

fn quoted(cell: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for part in cell.split_inclusive(|&byte| byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests;
