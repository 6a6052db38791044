//! The station's public CA material as people look at it: root and issuing CA with what their certificates say, the
//! newest revocation list, and whether the root's key still lies in the folder.

use std::time::Duration;

use crate::ca::certificate::{BadCertificate, Certificate};
use crate::ca::crl::{self, BadCrl};
use crate::ca::inspect::CertificateFacts;
use crate::domain::code::{Code, Coded};
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::station::folder::{Folder, FolderError};
use crate::station::issuers::{self, NoIssuer};
use crate::store::crl as lists;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::vault::root_key::ROOT_KEY;

/// A CA with less time left than this is to be renewed.
pub const RENEW_WITHIN: Duration = Duration::from_secs(90 * 86_400);

/// Why it cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum CannotShow {
    /// A file cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// The roots above it cannot be read.
    #[error(transparent)]
    Root(#[from] NoIssuer),
    /// The newest list cannot be read.
    #[error(transparent)]
    List(#[from] BadCrl),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CannotShow {
    fn code(&self) -> Code {
        match self {
            CannotShow::Folder(error) => error.code(),
            CannotShow::Certificate(error) => error.code(),
            CannotShow::Root(error) => error.code(),
            CannotShow::List(error) => error.code(),
            CannotShow::Store(error) => error.code(),
        }
    }
}

/// One CA.
#[derive(Debug, Clone)]
pub struct CaShown {
    /// What its certificate says.
    pub facts: CertificateFacts,
    /// How it is signed, such as `ECDSA with SHA-384`, or the object identifier.
    pub signature: String,
    /// SHA-1 of it, in hexadecimal digits.
    pub sha1: String,
    /// The last second it counts for anything: its own or its root's.
    pub until: UtcTime,
    /// Whole days until then.
    pub days_left: u64,
    /// How many days there are from its first one until then.
    pub days_in_all: u64,
    /// Whether it is to be renewed.
    pub soon_over: bool,
    /// The certificate, PEM.
    pub pem: String,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

/// The newest revocation list.
#[derive(Debug, Clone)]
pub struct ListShown {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub this_update: UtcTime,
    /// When the next one is due.
    pub next_update: UtcTime,
    /// How many certificates it revokes.
    pub entries: usize,
    /// The list, DER.
    pub der: Vec<u8>,
    /// The list, PEM.
    pub pem: String,
}

/// One CA, `root` or `issuing`, from its file.
pub fn ca(folder: &Folder, name: &str, now: UtcTime) -> Result<CaShown, CannotShow> {
    let certificate = Certificate::from_pem(&folder.read(&folder.ca(&format!("{name}.pem")))?)?;
    let days = |duration: Duration| duration.as_secs() / 86_400;
    // a chain ends with the first of its certificates that does
    let above = if name == "root" { None } else { issuers::root_of(folder, &certificate)? };
    let until = above.map_or(certificate.not_after(), |root| root.not_after().min(certificate.not_after()));
    let left = until.since(now);
    Ok(CaShown {
        facts: CertificateFacts::read(&certificate)?,
        signature: certificate.signature_name(),
        sha1: Thumbprint::sha1(certificate.der()).to_string(),
        until,
        days_left: days(left),
        days_in_all: days(until.since(certificate.not_before())),
        soon_over: left < RENEW_WITHIN,
        pem: certificate.pem(),
        der: certificate.der().to_vec(),
    })
}

/// The names of all CAs there are: root, issuing, and those before that, `issuing-1` and so on. None if the station
/// waits for its certificate.
pub fn names(folder: &Folder) -> Result<Vec<String>, NoIssuer> {
    if issuers::certificate(folder, "issuing.pem")?.is_none() {
        return Err(NoIssuer::Missing);
    }
    let before = issuers::past_numbers(folder)?.into_iter().map(|number| format!("issuing-{number}"));
    Ok(["root", "issuing"].map(str::to_owned).into_iter().chain(before).collect())
}

/// Whether the station waits for the first certificate of its issuing CA.
pub fn waits(folder: &Folder) -> bool {
    !folder.ca("issuing.pem").exists()
}

/// Whether it waits and no passphrase changes that: no installation lies there that the next unlock would carry through.
pub fn only_waits(folder: &Folder) -> bool {
    waits(folder) && !folder.ca(issuers::STAGED).exists()
}

/// The names of what renewals took out of use, the latest first: `issuing-2`, `root-1` and so on.
pub fn names_before(folder: &Folder) -> Vec<String> {
    let there = |name: &String| folder.ca(&format!("{name}.pem")).exists();
    let mut names: Vec<String> = Vec::new();
    for number in issuers::past_numbers(folder).unwrap_or_default() {
        // a root is kept only if another one took its place
        names.extend(Some(format!("root-{number}")).filter(there));
        names.push(format!("issuing-{number}"));
    }
    names.reverse();
    names
}

/// The list of an issuing CA before the present one, PEM, by its number; none if it never made one.
pub fn list_before(folder: &Folder, number: u32) -> Option<String> {
    std::fs::read_to_string(folder.ca(&format!("crl-{number}.pem"))).ok()
}

/// The newest list on record, if there is one.
pub fn list(r: &Reader<'_>) -> Result<Option<ListShown>, CannotShow> {
    let Some(row) = lists::latest(r)? else { return Ok(None) };
    let lists::CrlRow { number, der, this_update, next_update } = row;
    let (entries, pem) = (crl::entries(&der)?, crl::pem(&der));
    Ok(Some(ListShown { number, this_update, next_update, entries, der, pem }))
}

/// The number of an issuing CA before the present one, by the name of its file.
pub fn past_number(name: &str) -> Option<u32> {
    name.strip_prefix("issuing-")?.parse().ok()
}

/// Whether the root's key lies in the folder, from which it is to be carried off.
pub fn root_key_is_here(folder: &Folder) -> bool {
    folder.path().join(ROOT_KEY).exists()
}
