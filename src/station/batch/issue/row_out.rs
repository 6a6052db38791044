//! The rows of `batch issue`'s output: the input's own cells as they are, and what was issued for them. Written by
//! hand into a buffer, for a batch writes a million of them.

use crate::ca::certificate::pem_into;
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::hexadecimal;
use crate::domain::pair::{Pair, Which};
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::station::batch::table::{Column, Header, Row};

/// A column that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ours {
    RegistrationId,
    Of(Which, Part),
}

/// What a column tells of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    CertSerial,
    NotAfter,
    Sha1,
    Sha256,
    CertificatePem,
    PrivateKeyPem,
}

impl Part {
    const ALL: [Part; 6] = [
        Part::CertSerial,
        Part::NotAfter,
        Part::Sha1,
        Part::Sha256,
        Part::CertificatePem,
        Part::PrivateKeyPem,
    ];

    /// The names of the two columns, the primary's first.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Part::CertSerial => ("cert_serial", "secondary_cert_serial"),
            Part::NotAfter => ("not_after", "secondary_not_after"),
            Part::Sha1 => ("sha1", "secondary_sha1"),
            Part::Sha256 => ("sha256", "secondary_sha256"),
            Part::CertificatePem => ("certificate_pem", "secondary_certificate_pem"),
            Part::PrivateKeyPem => ("private_key_pem", "secondary_private_key_pem"),
        }
    }
}

impl Ours {
    /// All of them, in the order in which they are written.
    fn all() -> impl Iterator<Item = Ours> {
        let of = |which| Part::ALL.into_iter().map(move |part| Ours::Of(which, part));
        std::iter::once(Ours::RegistrationId).chain(of(Which::Primary)).chain(of(Which::Secondary))
    }

    fn name(self) -> &'static str {
        match self {
            Ours::RegistrationId => "registration_id",
            Ours::Of(Which::Primary, part) => part.names().0,
            Ours::Of(Which::Secondary, part) => part.names().1,
        }
    }

    /// The one this column of an input is, whatever the case of its name; the registration ID under any of its names.
    fn find(header: &Header, place: usize, name: &str) -> Option<Ours> {
        if header.place(Column::RegistrationId) == Some(place) {
            return Some(Ours::RegistrationId);
        }
        Ours::all().find(|ours| ours.name().eq_ignore_ascii_case(name))
    }
}

/// What an output has beside the usual columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Private keys in clear.
    pub clear_keys: bool,
    /// Secondary certificates.
    pub secondary: bool,
}

impl Wanted {
    fn has(self, ours: Ours) -> bool {
        match ours {
            Ours::RegistrationId => true,
            Ours::Of(which, part) => {
                (self.secondary || which == Which::Primary)
                    && (self.clear_keys || part != Part::PrivateKeyPem)
            }
        }
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
    /// What it gets.
    pub certificates: Pair<Certified<'a>>,
}

/// A certificate with its key.
#[derive(Clone, Copy)]
pub struct Certified<'a> {
    /// Its serial number.
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
    /// in their places under our names and are written anew. Columns of private keys and of secondary certificates are
    /// there if `wanted` only; an earlier output's are left out otherwise, for they are not those of the new certificates.
    pub fn new(header: &Header, wanted: Wanted) -> RowOut {
        let mut cells = Vec::with_capacity(header.names.len() + 1 + 2 * Part::ALL.len());
        let mut had = Vec::new();
        for (place, name) in header.names.iter().enumerate() {
            match Ours::find(header, place, name) {
                Some(ours) if wanted.has(ours) => {
                    had.push(ours);
                    cells.push(Cell::Ours(ours));
                }
                Some(_) => {}
                None => cells.push(Cell::Input { place, name: name.clone() }),
            }
        }
        let lacking = Ours::all().filter(|&ours| wanted.has(ours) && !had.contains(&ours));
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
        let not_after = issued.certificates.primary.not_after;
        if self.not_after.0 != not_after {
            self.not_after = (not_after, not_after.to_string());
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
            Ours::Of(which, part) => {
                if let Some(certified) = issued.certificates.get(which) {
                    self.part(part, certified, out);
                }
            }
        }
    }

    fn part(&self, part: Part, certified: &Certified<'_>, out: &mut Vec<u8>) {
        match part {
            Part::CertSerial => hexadecimal::append(certified.cert_serial.as_bytes(), out),
            Part::NotAfter if certified.not_after == self.not_after.0 => {
                out.extend_from_slice(self.not_after.1.as_bytes());
            }
            Part::NotAfter => out.extend_from_slice(certified.not_after.to_string().as_bytes()),
            Part::Sha1 => hexadecimal::append(certified.sha1.bytes(), out),
            Part::Sha256 => hexadecimal::append(certified.sha256.as_bytes(), out),
            Part::CertificatePem => {
                out.push(b'"');
                pem_into(certified.certificate, b"\n", out);
                out.push(b'"');
            }
            Part::PrivateKeyPem => {
                if let Some(key) = certified.private_key {
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
