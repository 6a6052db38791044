//! The columns that can be chosen for CSV and JSON lines, and what stands in them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use super::cells;
use super::failed::ExportFailed;
use super::issuing::IssuingCas;
use crate::ca::certificate::pem_into;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::store::error::StoreError;
use crate::store::export::Parts;
use crate::store::export::found::Found;

/// Names of columns that others have for private keys: asked for by mistake, they get an answer of their own.
const PRIVATE: [&str; 5] = ["private_key", "private_key_pem", "client_key", "key", "symmetric_key"];

/// What files announced for a device, by the names of their columns.
pub type Kept = BTreeMap<String, String>;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the words are those of the records")]
pub enum Column {
    /// One that imported files brought, by its name there; asked for as `@NAME`.
    Kept(Arc<str>),
    Serial,
    Mac,
    RegistrationId,
    DeviceId,
    State,
    WorkOrder,
    Product,
    Run,
    Verdict,
    Started,
    Finished,
    Person,
    Slot,
    Credential,
    CertSerial,
    NotBefore,
    NotAfter,
    Sha1,
    Sha256,
    CertificatePem,
    ChainPem,
    SecondaryCertSerial,
    SecondaryNotBefore,
    SecondaryNotAfter,
    SecondarySha1,
    SecondarySha256,
    SecondaryCertificatePem,
    SecondaryChainPem,
}

/// What stands in a column of one device.
pub enum Cell<'a> {
    /// Nothing.
    Absent,
    /// Text that came from outside: a device, a file, a person.
    Outside(&'a str),
    /// A word or digits of our own.
    Ours(Cow<'a, str>),
    /// A whole number.
    Number(u64),
    /// A point in time.
    Time(UtcTime),
    /// A certificate; with our CA's below it where a chain is wanted.
    Certificate(&'a [u8], bool),
}

impl Column {
    /// All of our own, in the order in which they are told.
    pub const ALL: [Column; 28] = [
        Column::Serial,
        Column::Mac,
        Column::RegistrationId,
        Column::DeviceId,
        Column::State,
        Column::WorkOrder,
        Column::Product,
        Column::Run,
        Column::Verdict,
        Column::Started,
        Column::Finished,
        Column::Person,
        Column::Slot,
        Column::Credential,
        Column::CertSerial,
        Column::NotBefore,
        Column::NotAfter,
        Column::Sha1,
        Column::Sha256,
        Column::CertificatePem,
        Column::ChainPem,
        Column::SecondaryCertSerial,
        Column::SecondaryNotBefore,
        Column::SecondaryNotAfter,
        Column::SecondarySha1,
        Column::SecondarySha256,
        Column::SecondaryCertificatePem,
        Column::SecondaryChainPem,
    ];

    /// What is written if nobody says which.
    pub const USUAL: [Column; 12] = [
        Column::Serial,
        Column::Mac,
        Column::RegistrationId,
        Column::DeviceId,
        Column::State,
        Column::WorkOrder,
        Column::Product,
        Column::Verdict,
        Column::Finished,
        Column::CertSerial,
        Column::NotAfter,
        Column::Sha256,
    ];

    /// What is known of a device that is only announced.
    pub const ANNOUNCED: [Column; 4] =
        [Column::Serial, Column::Mac, Column::RegistrationId, Column::WorkOrder];

    /// Its name in the header.
    pub fn as_str(&self) -> &str {
        match self {
            Column::Kept(name) => name,
            Column::Serial => "serial",
            Column::Mac => "mac",
            Column::RegistrationId => "registration_id",
            Column::DeviceId => "device_id",
            Column::State => "state",
            Column::WorkOrder => "work_order",
            Column::Product => "product",
            Column::Run => "run",
            Column::Verdict => "verdict",
            Column::Started => "started",
            Column::Finished => "finished",
            Column::Person => "person",
            Column::Slot => "slot",
            Column::Credential => "credential",
            Column::CertSerial => "cert_serial",
            Column::NotBefore => "not_before",
            Column::NotAfter => "not_after",
            Column::Sha1 => "sha1",
            Column::Sha256 => "sha256",
            Column::CertificatePem => "certificate_pem",
            Column::ChainPem => "chain_pem",
            Column::SecondaryCertSerial => "secondary_cert_serial",
            Column::SecondaryNotBefore => "secondary_not_before",
            Column::SecondaryNotAfter => "secondary_not_after",
            Column::SecondarySha1 => "secondary_sha1",
            Column::SecondarySha256 => "secondary_sha256",
            Column::SecondaryCertificatePem => "secondary_certificate_pem",
            Column::SecondaryChainPem => "secondary_chain_pem",
        }
    }

    /// Whether it may hold more than one line.
    pub fn is_long(&self) -> bool {
        matches!(
            self,
            Column::CertificatePem
                | Column::ChainPem
                | Column::SecondaryCertificatePem
                | Column::SecondaryChainPem
        )
    }

    /// What of the records it needs.
    pub fn parts(&self) -> Parts {
        match self {
            Column::Kept(_)
            | Column::Serial
            | Column::Mac
            | Column::RegistrationId
            | Column::DeviceId
            | Column::State => Parts::default(),
            Column::WorkOrder
            | Column::Product
            | Column::Run
            | Column::Verdict
            | Column::Started
            | Column::Finished
            | Column::Person
            | Column::Slot
            | Column::Credential => Parts { run: true, ..Parts::default() },
            Column::CertSerial | Column::NotBefore | Column::NotAfter | Column::Sha256 => {
                Parts { certificate: true, ..Parts::default() }
            }
            Column::Sha1 | Column::CertificatePem | Column::ChainPem => {
                Parts { certificate: true, der: true, ..Parts::default() }
            }
            Column::SecondaryCertSerial
            | Column::SecondaryNotBefore
            | Column::SecondaryNotAfter
            | Column::SecondarySha1
            | Column::SecondarySha256
            | Column::SecondaryCertificatePem
            | Column::SecondaryChainPem => Parts { secondary: true, ..Parts::default() },
        }
    }

    /// What stands in it.
    pub fn cell<'a>(&self, found: &Found<'a>, kept: &'a Kept) -> Result<Cell<'a>, StoreError> {
        let outside = |text: Option<&'a str>| text.map_or(Cell::Absent, Cell::Outside);
        let ours = |text: Option<&'a str>| text.map_or(Cell::Absent, |text| Cell::Ours(text.into()));
        let time = |at: Option<UtcTime>| at.map_or(Cell::Absent, Cell::Time);
        Ok(match self {
            Column::Kept(name) => outside(kept.get(&**name).map(String::as_str)),
            Column::Serial => Cell::Outside(found.serial()?),
            Column::Mac => outside(found.mac()?),
            Column::RegistrationId => Cell::Outside(found.registration_id()?),
            Column::DeviceId => Cell::Outside(found.device_id()?),
            Column::State => Cell::Ours(found.state()?.into()),
            Column::WorkOrder => outside(found.work_order()?),
            Column::Product => outside(found.product()?),
            Column::Run => found.run()?.map_or(Cell::Absent, Cell::Number),
            Column::Verdict => ours(found.verdict()?),
            Column::Started => time(found.started()?),
            Column::Finished => time(found.finished()?),
            Column::Person => outside(found.person()?),
            Column::Slot => outside(found.slot()?),
            Column::Credential => ours(found.credential()?),
            Column::CertSerial => ours(found.cert_serial()?),
            Column::NotBefore => time(found.not_before()?),
            Column::NotAfter => time(found.not_after()?),
            Column::Sha256 => ours(found.sha256()?),
            Column::Sha1 => sha1(found.der()?),
            Column::CertificatePem => certificate(found.der()?, false),
            Column::ChainPem => certificate(found.der()?, true),
            Column::SecondaryCertSerial => ours(found.secondary_cert_serial()?),
            Column::SecondaryNotBefore => time(found.secondary_not_before()?),
            Column::SecondaryNotAfter => time(found.secondary_not_after()?),
            Column::SecondarySha1 => sha1(found.secondary_der()?),
            Column::SecondarySha256 => ours(found.secondary_sha256()?),
            Column::SecondaryCertificatePem => certificate(found.secondary_der()?, false),
            Column::SecondaryChainPem => certificate(found.secondary_der()?, true),
        })
    }
}

fn sha1<'a>(der: Option<&'a [u8]>) -> Cell<'a> {
    der.map_or(Cell::Absent, |der| Cell::Ours(Thumbprint::sha1(der).to_string().into()))
}

fn certificate(der: Option<&[u8]>, with_chain: bool) -> Cell<'_> {
    der.map_or(Cell::Absent, |der| Cell::Certificate(der, with_chain))
}

impl Cell<'_> {
    /// Writes it as a cell of a CSV row.
    pub fn csv(&self, out: &mut Vec<u8>, raw: bool, cas: &IssuingCas) {
        match self {
            Cell::Absent => {}
            Cell::Outside(text) => cells::outside(out, text, raw),
            Cell::Ours(text) => cells::quoted(out, text.as_bytes()),
            Cell::Number(number) => cells::number(out, *number),
            Cell::Time(at) => cells::time(out, *at),
            Cell::Certificate(der, with_chain) => {
                out.push(b'"');
                pem_into(der, b"\n", out);
                if let Some(issuing) = cas.behind(der).filter(|_| *with_chain) {
                    out.extend_from_slice(issuing.pem.as_bytes());
                }
                out.push(b'"');
            }
        }
    }

    /// Writes it as a value of a JSON object.
    pub fn json(&self, out: &mut Vec<u8>, cas: &IssuingCas) -> Result<(), ExportFailed> {
        match self {
            Cell::Absent => out.extend_from_slice(b"null"),
            Cell::Outside(text) => cells::json(out, text)?,
            Cell::Ours(text) => cells::json(out, text)?,
            Cell::Number(number) => cells::number(out, *number),
            Cell::Time(at) => {
                out.push(b'"');
                cells::time(out, *at);
                out.push(b'"');
            }
            Cell::Certificate(der, with_chain) => {
                out.push(b'"');
                pem_into(der, b"\\n", out);
                if let Some(issuing) = cas.behind(der).filter(|_| *with_chain) {
                    out.extend_from_slice(issuing.escaped.as_bytes());
                }
                out.push(b'"');
            }
        }
        Ok(())
    }

    /// It as plain text, for a tag.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        match self {
            Cell::Absent | Cell::Certificate(..) => {}
            Cell::Outside(text) => return (*text).to_owned(),
            Cell::Ours(text) => return text.to_string(),
            Cell::Number(number) => cells::number(&mut out, *number),
            Cell::Time(at) => cells::time(&mut out, *at),
        }
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl FromStr for Column {
    type Err = ExportFailed;
    fn from_str(text: &str) -> Result<Column, ExportFailed> {
        if let Some(name) = text.trim().strip_prefix('@').filter(|name| !name.is_empty()) {
            return Ok(Column::Kept(name.into()));
        }
        let word = text.trim().to_lowercase();
        if PRIVATE.contains(&word.as_str()) {
            return Err(ExportFailed::PrivateKey(word));
        }
        let found = Column::ALL.into_iter().find(|column| column.as_str() == word);
        found.ok_or_else(|| ExportFailed::ColumnUnknown { found: text.trim().to_owned() })
    }
}

/// The names of all columns in one sentence's list.
pub fn words() -> String {
    let ours: Vec<String> = Column::ALL.iter().map(|column| column.as_str().to_owned()).collect();
    format!("{}, and @NAME for a column of an imported file", ours.join(", "))
}

/// Reads a list of columns; none twice.
pub fn parse(words: &[String]) -> Result<Vec<Column>, ExportFailed> {
    let mut columns = Vec::new();
    for word in words {
        let column: Column = word.parse()?;
        let same = |known: &Column| known.as_str().to_lowercase() == column.as_str().to_lowercase();
        if columns.iter().any(same) {
            return Err(ExportFailed::ColumnTwice(column.as_str().to_owned()));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// What of the records these columns need together.
pub fn parts(columns: &[Column]) -> Parts {
    let each = columns.iter().map(|column| column.parts());
    each.fold(Parts::default(), |all, one| Parts {
        run: all.run || one.run,
        certificate: all.certificate || one.certificate,
        der: all.der || one.der,
        secondary: all.secondary || one.secondary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::{Code, Coded as _};

    #[test]
    fn every_column_is_found_by_its_name_and_others_are_told_which_there_are() {
        for column in Column::ALL {
            assert_eq!(column.as_str().to_uppercase().parse::<Column>().unwrap(), column);
        }
        let unknown = parse(&["serial".to_owned(), "colour".to_owned()]).unwrap_err();
        assert!(unknown.to_string().starts_with("“colour” is not a column; there are serial, mac, "));
        assert!(unknown.to_string().contains(", secondary_certificate_pem, secondary_chain_pem, and @NAME"));
        assert_eq!(parse(&["@Line".to_owned()]).unwrap()[0].as_str(), "Line");
        let twice = parse(&["mac".to_owned(), " MAC".to_owned()]).unwrap_err();
        assert_eq!(twice.to_string(), "the column “mac” is named twice");
        assert_eq!("client_key".parse::<Column>().unwrap_err().code(), Code::ExportPrivateKey);
    }
}
