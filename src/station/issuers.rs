//! The issuing CAs of a station: the one that signs, and those before it whose lists are still made.

use crate::ca::certificate::{BadCertificate, Certificate};
use crate::ca::issuer::{BadIssuer, Issuer};
use crate::ca::key::BadKeyPair;
use crate::ca::token::object::TokenObject;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::station::folder::{Folder, FolderError};
use crate::station::issuing_keys::{self, belong_together};
use crate::station::settings::BadSettings;
use crate::vault::Vault;

/// The certificate of the next issuing CA while it is being installed.
pub const STAGED: &str = "issuing-next.pem";
/// Its root.
pub const STAGED_ROOT: &str = "root-next.pem";

/// An issuing CA before the present one.
pub struct PastIssuer {
    /// Its number, counted from 1: `ca/issuing-1.pem`, `ca/crl-1.pem`.
    pub number: Name,
    /// It signs lists only.
    pub issuer: Issuer,
}

/// Why an issuing CA cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoIssuer {
    /// It was never given a certificate.
    #[error("this station has no certificate of its issuing CA yet")]
    Missing,
    /// None of those the station had issued a certificate.
    #[error("no issuing CA in the station's folder issued the certificate with serial number {0}")]
    Unknown(String),
    /// Its key lies in a token that is not named.
    #[error("the issuing CA's key lies in a token, and [issuing_key] in station.toml names none")]
    NoToken,
    /// A file cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The settings do not say where its key lies.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// A key cannot be read.
    #[error(transparent)]
    Key(#[from] BadKeyPair),
    /// Key and certificate do not belong together.
    #[error(transparent)]
    Issuer(#[from] BadIssuer),
}

impl Coded for NoIssuer {
    fn code(&self) -> Code {
        match self {
            NoIssuer::Missing => Code::IssuerMissing,
            NoIssuer::Unknown(_) => Code::IssuerUnknown,
            NoIssuer::NoToken => Code::TokenUriInvalid,
            NoIssuer::Folder(error) => error.code(),
            NoIssuer::Settings(error) => error.code(),
            NoIssuer::Certificate(error) => error.code(),
            NoIssuer::Key(error) => error.code(),
            NoIssuer::Issuer(error) => error.code(),
        }
    }
}

/// A certificate of the folder `ca`, if the file is there.
pub fn certificate(folder: &Folder, file: &str) -> Result<Option<Certificate>, NoIssuer> {
    let path = folder.ca(file);
    match path.exists() {
        true => Ok(Some(Certificate::from_pem(&folder.read(&path)?)?)),
        false => Ok(None),
    }
}

/// The numbers under which issuing CAs before the present one are kept, counted from 1; one may be missing.
pub fn past_numbers(folder: &Folder) -> Result<Vec<u32>, FolderError> {
    let path = folder.ca("");
    let unreadable = |cause| FolderError::Io { path: path.clone(), cause };
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("issuing-")?.strip_suffix(".pem"));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The certificates of all issuing CAs there ever were, the present one first.
pub fn certificates(folder: &Folder) -> Result<Vec<Certificate>, NoIssuer> {
    let mut all: Vec<Certificate> = certificate(folder, "issuing.pem")?.into_iter().collect();
    for number in past_numbers(folder)? {
        all.extend(certificate(folder, &format!("issuing-{number}.pem"))?);
    }
    Ok(all)
}

/// The certificate of the issuing CA that issued this one.
pub fn of_leaf(folder: &Folder, leaf: &Certificate) -> Result<Certificate, NoIssuer> {
    let all = certificates(folder)?;
    if all.is_empty() {
        return Err(NoIssuer::Missing);
    }
    let issued = |issuing: &Certificate| leaf.is_issued_by(issuing);
    all.into_iter().find(issued).ok_or_else(|| NoIssuer::Unknown(hex::encode(leaf.serial_bytes())))
}

/// The root that issued this issuing CA's certificate, of those there ever were.
pub fn root_of(folder: &Folder, issuing: &Certificate) -> Result<Option<Certificate>, NoIssuer> {
    let mut roots: Vec<Certificate> = certificate(folder, "root.pem")?.into_iter().collect();
    // a root is kept under the number of the last issuing CA below it, so there are gaps
    for number in past_numbers(folder)? {
        roots.extend(certificate(folder, &format!("root-{number}.pem"))?);
    }
    Ok(roots.into_iter().find(|root| issuing.is_issued_by(root)))
}

/// The issuing CA and its certificate. The vault says which one it is, by its key or by the name of that in the token: while
/// another one is being installed its certificate may not be in its place yet. Where the settings name a token and the vault
/// no object in it, the object is the one the settings name.
pub fn present(folder: &Folder, vault: &Vault) -> Result<(Issuer, String), NoIssuer> {
    let kept = vault.issuing_key().ok();
    if let Some(place) = issuing_keys::token(folder)?
        && kept.and_then(TokenObject::read).is_none()
    {
        let certificate = certificate(folder, "issuing.pem")?.ok_or(NoIssuer::Missing)?;
        let pem = certificate.pem();
        // without a PIN, or with a wrong one, the station opens all the same: it is set in an open station
        let issuer = Issuer::load_in_token(certificate, &place, issuing_keys::pin(folder, vault))?;
        return Ok((under_root(folder, issuer)?, pem));
    }
    let Some(key) = kept else { return Err(NoIssuer::Missing) };
    let mut found = certificate(folder, "issuing.pem")?;
    if !matches!(&found, Some(issuing) if belong_together(issuing, key)?)
        && let Some(staged) = certificate(folder, STAGED)?
        && belong_together(&staged, key)?
    {
        found = Some(staged);
    }
    let Some(certificate) = found else { return Err(NoIssuer::Missing) };
    let pem = certificate.pem();
    let issuer = Issuer::new(certificate, issuing_keys::key(folder, vault, key)?)?;
    Ok((under_root(folder, issuer)?, pem))
}

/// It ends with its root, where that is known.
fn under_root(folder: &Folder, issuer: Issuer) -> Result<Issuer, NoIssuer> {
    Ok(match root_of(folder, issuer.certificate())? {
        Some(root) => issuer.under(&root),
        None => issuer,
    })
}

/// The issuing CAs before it.
pub fn past(folder: &Folder, vault: &Vault) -> Result<Vec<PastIssuer>, NoIssuer> {
    let mut all = Vec::new();
    for number in vault.past_issuing_numbers() {
        let pem = folder.read(&folder.ca(&format!("issuing-{number}.pem")))?;
        let key = vault.past_issuing_key(number).map_err(|_| NoIssuer::Missing)?;
        let issuer = Issuer::new(Certificate::from_pem(&pem)?, issuing_keys::key(folder, vault, key)?)?;
        all.push(PastIssuer { number: number.clone(), issuer: under_root(folder, issuer)? });
    }
    Ok(all)
}

/// The certificates of the issuing CAs before it that sign nothing any more, for their keys are erased.
pub fn forgotten(
    folder: &Folder,
    issuer: &Issuer,
    past: &[PastIssuer],
) -> Result<Vec<Certificate>, NoIssuer> {
    let mut all = certificates(folder)?;
    all.retain(|one| one != issuer.certificate() && past.iter().all(|able| able.issuer.certificate() != one));
    Ok(all)
}
