//! Everything on record about one device, gathered for whoever looks at it: its runs, certificates, enrollments and
//! entries of the audit log. And a certificate as a file.

use crate::ca::certificate::{BadCertificate, Certificate as Parsed};
use crate::ca::inspect::CertificateFacts;
use crate::domain::code::{Code, Coded};
use crate::domain::thumbprint::Thumbprint;
use crate::station::evidence::{self, Alarm, Entry};
use crate::station::folder::Folder;
use crate::station::issuers::{self, NoIssuer};
use crate::station::labels::of_record;
use crate::store::certificates::{self, Certificate};
use crate::store::devices::{self, Device};
use crate::store::error::StoreError;
use crate::store::outbox::{self, OutboxRow};
use crate::store::paging;
use crate::store::reader::Reader;
use crate::store::runs::{self, Run, RunFilter};

/// Runs shown at once; older ones follow page by page.
pub const RUNS: u32 = 50;
/// Entries of the log shown at once.
pub const ENTRIES: u32 = 50;
/// Enrollments shown.
const ENROLLMENTS: u32 = 50;
/// Alarms shown.
const ALARMS: u32 = 50;

/// The file of one device.
pub struct DeviceFile {
    /// The device.
    pub device: Device,
    /// Its runs, newest first.
    pub runs: Vec<Run>,
    /// Whether it has older runs.
    pub older_runs: bool,
    /// Everything ever intended or issued for it, newest first.
    pub certificates: Vec<Sheet>,
    /// What the cloud was or is to be told about it, newest first.
    pub enrollments: Vec<OutboxRow>,
    /// The newest run that has a label, and how many labels of it are on record.
    pub label: Option<(u64, u64)>,
    /// Duplicates that were found, newest first.
    pub alarms: Vec<Alarm>,
    /// What the log holds about it, newest first.
    pub entries: Vec<Entry>,
    /// Whether the log holds older entries.
    pub older_entries: bool,
}

/// One certificate, decoded.
pub struct Sheet {
    /// Its row.
    pub row: Certificate,
    /// What it says; none for an intent without certificate, and for one that cannot be read.
    pub facts: Option<CertificateFacts>,
    /// Its SHA-1 thumbprint, as Azure shows it.
    pub sha1: Option<Thumbprint>,
}

/// The file of the device with this number: its runs before one number and its entries before another, or the
/// newest ones.
pub fn read(
    reader: &Reader<'_>,
    device: u64,
    vkey: Option<&str>,
    runs_before: Option<u64>,
    entries_before: Option<u64>,
) -> Result<Option<DeviceFile>, StoreError> {
    let Some(device) = devices::get(reader, device)? else { return Ok(None) };
    let filter = RunFilter { device: Some(device.id), ..RunFilter::default() };
    let mut runs: Vec<Run> =
        runs::list(reader, &filter, RUNS + 1, runs_before)?.into_iter().map(|(run, _)| run).collect();
    let older_runs = paging::cut(&mut runs, RUNS);
    let mut certificates: Vec<Sheet> =
        certificates::by_device(reader, device.id)?.into_iter().map(sheet).collect();
    certificates.reverse();
    let mut entries = evidence::of_device(reader, device.id, vkey, ENTRIES + 1, entries_before)?;
    let older_entries = paging::cut(&mut entries, ENTRIES);
    let label = of_record::newest_of(reader, device.id)?;
    let enrollments = outbox::of_registration(reader, &device.identity.registration_id, ENROLLMENTS)?;
    let alarms = evidence::alarms(reader, device.id, ALARMS)?;
    Ok(Some(DeviceFile {
        device,
        runs,
        older_runs,
        certificates,
        enrollments,
        label,
        alarms,
        entries,
        older_entries,
    }))
}

/// A certificate's row with what the certificate says.
pub fn sheet(row: Certificate) -> Sheet {
    let facts = row
        .der
        .clone()
        .and_then(|der| Parsed::from_der(der).ok())
        .and_then(|certificate| CertificateFacts::read(&certificate).ok());
    let sha1 = row.der.as_deref().map(Thumbprint::sha1);
    Sheet { row, facts, sha1 }
}

/// The forms in which a certificate can be taken along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// PEM.
    Pem,
    /// DER.
    Der,
    /// PEM of the certificate, then that of the issuing CA.
    Chain,
}

/// Why a certificate cannot be given out.
#[derive(Debug, thiserror::Error)]
pub enum NoFile {
    /// Intended and never issued.
    #[error("certificate {0} was never issued")]
    NeverIssued(crate::domain::cert_serial::CertSerial),
    /// What is on record is none.
    #[error(transparent)]
    Unreadable(#[from] BadCertificate),
    /// The chain cannot be read.
    #[error(transparent)]
    Issuer(#[from] NoIssuer),
}

impl Coded for NoFile {
    fn code(&self) -> Code {
        match self {
            NoFile::NeverIssued(_) => Code::CertificateUnknown,
            NoFile::Unreadable(error) => error.code(),
            NoFile::Issuer(error) => error.code(),
        }
    }
}

/// A certificate on record as a file.
pub fn certificate_file(folder: &Folder, row: Certificate, form: Form) -> Result<Vec<u8>, NoFile> {
    let der = row.der.ok_or(NoFile::NeverIssued(row.serial))?;
    let certificate = Parsed::from_der(der)?;
    Ok(match form {
        Form::Der => certificate.der().to_vec(),
        Form::Pem => certificate.pem().into_bytes(),
        Form::Chain => {
            let issuing = issuers::of_leaf(folder, &certificate)?;
            format!("{}{}", certificate.pem(), issuing.pem()).into_bytes()
        }
    })
}
