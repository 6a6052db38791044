//! `lineside ca sign`.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::ca::csr::{BadCsr, LARGEST_CSR};
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::registration_id::RegistrationId;
use crate::domain::thumbprint::Thumbprint;
use crate::station::authority::Engineering;
use crate::station::batch::issue::Bench;
use crate::station::batch::output_file::{BadOutput, OutputFile};
use crate::station::sign_request::{self, Ask};

/// A certificate for one request, with the issuing CA's behind it, PEM.
///
/// Only the key of the request gets in: names and extensions are the profile's. The device is known by its ID; it gets
/// its certificate once.
#[derive(Args)]
pub struct Sign {
    /// The certificate request (PKCS#10), PEM or DER
    csr: PathBuf,
    /// The device's ID, which becomes the CN
    #[arg(long, value_name = "ID")]
    device_id: RegistrationId,
    /// The certificate profile [default: the work order's, else the one that fits the key]
    #[arg(long, value_name = "NAME")]
    profile: Option<Name>,
    /// The work order whose unit is used [default: one of exactly one unit]
    #[arg(long, value_name = "LOT")]
    work_order: Option<Name>,
    /// Write the certificate to this file, which must not exist yet, and not to standard output
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
}

impl Sign {
    /// Signs and says what was signed.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let csr = self.read()?;
        // before anything is issued: a certificate that cannot be written need not be made
        let out = self.out.as_deref().map(begin).transpose()?;
        let (unlocked, _lock) = session.unlock_alone(common)?;
        let right = Engineering::at_the_terminal(session.actor.clone());
        let bench = Bench {
            folder: &session.folder,
            settings: &session.settings,
            store: &session.store,
            keys: &unlocked,
        };
        let person = session.person();
        let ask = Ask {
            csr: &csr,
            id: &self.device_id,
            profile: self.profile.as_ref(),
            work_order: self.work_order.as_ref(),
            person: &person,
        };
        let signed = sign_request::sign(&bench, &right, &ask)
            .map_err(|error| session.refused(&format!("certificate for {}", self.device_id), error))?;
        let certificate = &signed.certificate;
        let chain = format!("{}{}", certificate.pem(), unlocked.issuing_pem);
        let path = out.map(|out| write(out, &chain, &self.device_id)).transpose()?;
        let serial = signed.cert_serial;
        let value = json!({
            "run": signed.run,
            "registration_id": self.device_id,
            "cert_serial": serial,
            "not_before": certificate.not_before(),
            "not_after": certificate.not_after(),
            "sha1": Thumbprint::sha1(certificate.der()).to_string(),
            "sha256": certificate.sha256(),
            "profile": signed.profile,
            "work_order": signed.work_order,
            "chain_pem": chain,
            "out": path,
        });
        output::report(common.json, &value, || match &path {
            None => chain.clone(),
            Some(path) => format!(
                "{}: certificate {serial}, valid until {}, in {}",
                self.device_id,
                certificate.not_after(),
                path.display()
            ),
        })
    }

    /// The request; of a file that is too large, not more than shows it.
    fn read(&self) -> Result<Vec<u8>, Failure> {
        let failed = |cause| {
            Failure::usage(Code::FileUnreadable, format!("{} cannot be read: {cause}", self.csr.display()))
        };
        let file = File::open(&self.csr).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let most = u64::try_from(LARGEST_CSR).unwrap_or(u64::MAX);
        if length > most {
            return Err(BadCsr::TooLarge(usize::try_from(length).unwrap_or(usize::MAX)).into());
        }
        let mut csr = Vec::new();
        file.take(most + 1).read_to_end(&mut csr).map_err(failed)?;
        Ok(csr)
    }
}

/// A file under another name until it is whole, so that a process that was killed leaves nothing in its place.
fn begin(place: &Path) -> Result<OutputFile, BadOutput> {
    match place.symlink_metadata() {
        Ok(_) => Err(BadOutput::Exists(place.to_owned())),
        Err(_) => OutputFile::replacing(place),
    }
}

/// Writes the certificate; it is on record by now, so a failure says how to have it again.
fn write(mut out: OutputFile, chain: &str, id: &RegistrationId) -> Result<PathBuf, Failure> {
    let written = out.write_all(chain.as_bytes()).map_err(|cause| out.failed(cause));
    written.and_then(|()| out.finish()).map_err(|error| {
        output::note(&format!(
            "The certificate is issued and on record: `lineside ca export {id}` prints it."
        ));
        Failure::from(error)
    })
}
