//! TLS of the pages: under the owner's certificate, or one the station makes itself and renews.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::ca::certificate::{BadCertificate, Certificate};
use crate::ca::web_certificate::{self, NotMade};
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::clock::{self, NoEntropy};
use crate::station::folder::{Folder, FolderError};
use crate::station::issuers;
use crate::station::settings::pages::OwnCertificate;
use crate::store::Store;
use crate::store::error::StoreError;

/// The station's own certificate is made anew when less than this is left.
const RENEW: Duration = Duration::from_secs(30 * 86_400);
/// The most bytes of a key or certificate file that are read.
const LARGEST: u64 = 1024 * 1024;

/// Why the pages cannot be offered under TLS.
#[derive(Debug, thiserror::Error)]
pub enum NoTls {
    /// A file cannot be read or written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No certificate, or no key, in the file.
    #[error("{path} holds no usable {what}: {why}")]
    Garbage {
        /// Which file.
        path: PathBuf,
        /// What was expected.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// Key and certificate are not of each other.
    #[error("certificate and key of the pages do not fit: {0}")]
    Unfit(#[from] rustls::Error),
    /// Not valid now.
    #[error("the certificate of the pages is valid from {from} to {until}, and it is {now}")]
    NotValid {
        /// First moment.
        from: UtcTime,
        /// Last moment.
        until: UtcTime,
        /// The station's time.
        now: UtcTime,
    },
    /// What devices trust must not stand for a web page, and the other way round.
    #[error("the certificate of the pages comes from the CA of the devices")]
    DeviceCa,
    /// The station's own could not be made.
    #[error(transparent)]
    NotMade(#[from] NotMade),
    /// No random numbers.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// That one was made could not be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for NoTls {
    fn code(&self) -> Code {
        match self {
            NoTls::Folder(error) => error.code(),
            NoTls::Garbage { .. } | NoTls::Unfit(_) | NoTls::NotValid { .. } | NoTls::DeviceCa => {
                Code::CertificateUnfit
            }
            NoTls::NotMade(error) => error.code(),
            NoTls::Entropy(_) => Code::Internal,
            NoTls::Store(error) => error.code(),
        }
    }
}

/// What the pages are served with: the owner's certificate if the settings name one, else the station's own for
/// these names, made now if there is none that will do.
pub fn tls(
    folder: &Folder,
    store: &Store,
    own: Option<&OwnCertificate>,
    names: &[String],
    now: UtcTime,
) -> Result<ServerConfig, NoTls> {
    let Some(OwnCertificate { certificate, key }) = own else {
        return own_tls(folder, store, names, now);
    };
    let chain = chain(certificate)?;
    let leaf = leaf(certificate, &chain)?;
    let (from, until) = (leaf.not_before(), leaf.not_after());
    if now < from || now > until {
        return Err(NoTls::NotValid { from, until, now });
    }
    let past = issuers::past_numbers(folder)?.into_iter();
    let past = past.flat_map(|number| [format!("root-{number}.pem"), format!("issuing-{number}.pem")]);
    for file in ["root.pem", "issuing.pem"].map(str::to_owned).into_iter().chain(past) {
        let path = folder.ca(&file);
        // a station that waits for its certificate has no CA yet
        if !path.exists() {
            continue;
        }
        let bad = |error: BadCertificate| NoTls::Garbage {
            path: path.clone(),
            what: "certificate",
            why: error.to_string(),
        };
        let ca = Certificate::from_pem(&folder.read(&path)?).map_err(bad)?;
        if web_certificate::comes_from(&leaf, &ca).map_err(bad)? {
            return Err(NoTls::DeviceCa);
        }
    }
    config(chain, key)
}

fn own_tls(folder: &Folder, store: &Store, names: &[String], now: UtcTime) -> Result<ServerConfig, NoTls> {
    let (certificate, key) = (folder.tls_certificate(), folder.tls_key());
    match load(&certificate, &key) {
        Ok((leaf, config)) if still_good(&leaf, names, now) => return Ok(config),
        Ok(_) => {}
        Err(_) if !certificate.exists() => {}
        Err(error) => tracing::warn!(code = %error.code(), "the pages get a new certificate: {error}"),
    }
    let made = web_certificate::make(names, now, clock::random()?)?;
    let sha256 = made.certificate.sha256();
    store.change(&Actor::Station, now, |change| {
        change.record(AuditEvent::PagesCertified { names: names.to_vec(), sha256 });
        Ok::<_, StoreError>(())
    })?;
    // of a pair cut off half-way the next start makes another
    write(&key, made.key_pem.expose(), durable::PRIVATE)?;
    write(&certificate, made.certificate.pem().as_bytes(), durable::PUBLIC)?;
    Ok(load(&certificate, &key)?.1)
}

fn still_good(leaf: &Certificate, names: &[String], now: UtcTime) -> bool {
    let covered = web_certificate::names(leaf).is_ok_and(|known| names.iter().all(|n| known.contains(n)));
    covered && leaf.not_before() <= now && now.plus(RENEW) < leaf.not_after()
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FolderError> {
    durable::replace(path, bytes, mode).map_err(|cause| FolderError::Io { path: path.to_owned(), cause })
}

/// The leaf, and TLS with the whole chain and its key.
fn load(certificate: &Path, key: &Path) -> Result<(Certificate, ServerConfig), NoTls> {
    let chain = chain(certificate)?;
    Ok((leaf(certificate, &chain)?, config(chain, key)?))
}

fn garbage(path: &Path, what: &'static str, why: impl ToString) -> NoTls {
    NoTls::Garbage { path: path.to_owned(), what, why: why.to_string() }
}

fn not_larger(path: &Path) -> Result<(), FolderError> {
    let io = |cause| FolderError::Io { path: path.to_owned(), cause };
    match std::fs::metadata(path).map_err(io)?.len() > LARGEST {
        true => Err(io(std::io::ErrorKind::FileTooLarge.into())),
        false => Ok(()),
    }
}

/// The certificates of a PEM file, the pages' own first.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, NoTls> {
    not_larger(path)?;
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.map_err(|error| garbage(path, "certificate", error))
}

fn leaf(path: &Path, chain: &[CertificateDer<'static>]) -> Result<Certificate, NoTls> {
    let first = chain.first().ok_or_else(|| garbage(path, "certificate", "there is none"))?;
    Certificate::from_der(first.to_vec()).map_err(|error| garbage(path, "certificate", error))
}

/// TLS with this chain and the key of its first certificate; a key of another one is refused.
fn config(chain: Vec<CertificateDer<'static>>, key: &Path) -> Result<ServerConfig, NoTls> {
    not_larger(key)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| garbage(key, "private key", error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_no_client_auth().with_single_cert(chain, private)?)
}

#[cfg(test)]
mod tests;
