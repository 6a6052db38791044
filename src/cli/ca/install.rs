//! `lineside ca install`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::ca::certificate::{Certificate, LARGEST_CERTIFICATE};
use crate::cli::Common;
use crate::cli::ca::second::SecondPerson;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::code::Code;
use crate::station::authority::Administering;
use crate::station::clock;
use crate::station::folder::Lock;
use crate::station::installation::{self, CannotInstall, Installed};

/// The certificate that a root elsewhere signed.
#[derive(Args)]
pub struct Install {
    /// The certificate of the issuing CA, PEM or DER
    certificate: PathBuf,
    /// The root's certificate, PEM or DER; needed the first time and with another root
    #[arg(long, value_name = "F")]
    root: Option<PathBuf>,
    #[command(flatten)]
    second: SecondPerson,
}

impl Install {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        let certificate = read(&self.certificate)?;
        let root = self.root.as_deref().map(read).transpose()?;
        let who = Administering::at_the_terminal(session.actor.clone());
        let confirmation = self.second.confirm(session, &who, "installation of an issuing CA")?;
        let passphrase = passphrase::of_vault(common)?;
        let (mut vault, lock) = session.vault_alone(&passphrase)?;
        let (place, now) = (session.place(), clock::now());
        let installed =
            installation::install(&place, &mut vault, &who, &confirmation, certificate, root, now)
                .map_err(|error| failed(session, "installation of an issuing CA", error))?;
        finish(session, common, &lock, &installed)
    }
}

/// What did not come to its end: refused, which goes on record, or on record already.
pub fn failed(session: &Session, what: &str, error: CannotInstall) -> Failure {
    if matches!(error, CannotInstall::OnRecord(_)) {
        return Failure::from(error);
    }
    session.refused(what, error)
}

/// Tells what was installed.
pub fn finish(session: &Session, common: &Common, _: &Lock, installed: &Installed) -> Result<(), Failure> {
    for doubt in &installed.doubts {
        output::note(&format!("Warning: {doubt}."));
    }
    let Installed { facts, doubts, entry, unprinted, unlisted } = installed;
    if let Some(error) = unprinted {
        output::note(&format!("Warning: it is on record, and its sheet could not be written: {error}."));
    }
    if let Some(error) = unlisted {
        output::note(&format!(
            "Warning: its revocation list could not be made: {error}. `lineside ca crl` makes it."
        ));
    }
    let sheet = session.folder.ca(&format!("ceremony-{entry:04}.txt")).display().to_string();
    let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    let value = json!({ "installed": facts, "warnings": doubts, "audit_entry": entry, "record": sheet });
    output::report(common.json, &value, || {
        format!(
            "From now on devices get their certificates from\n{facts}\nThe record to print: {sheet}\n\
             Next: give the new certificate (ca/issuing.pem) to whoever trusts this CA, such as Azure."
        )
    })
}

/// A certificate from a file, PEM or DER.
fn read(path: &Path) -> Result<Certificate, Failure> {
    use std::io::Read;
    let bad = |error: std::io::Error| {
        Failure::usage(Code::FileUnreadable, format!("{} cannot be read: {error}", path.display()))
    };
    let most = u64::try_from(2 * LARGEST_CERTIFICATE + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(bad)?.take(most).read_to_end(&mut bytes).map_err(bad)?;
    match String::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN") => Ok(Certificate::from_pem(&text)?),
        Ok(text) => Ok(Certificate::from_der(text.into_bytes())?),
        Err(binary) => Ok(Certificate::from_der(binary.into_bytes())?),
    }
}
