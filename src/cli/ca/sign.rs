//! `lineside ca sign`.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::ca::csr::{BadCsr, LARGEST_CSR};
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::registration_id::RegistrationId;
use crate::domain::thumbprint::Thumbprint;
use crate::station::authority::Engineering;
use crate::station::batch::issue::Bench;
use crate::station::batch::output_file::{BadOutput, OutputFile};
use crate::station::sign_request::{self, Ask, Signed, SignedOne};

/// A certificate for one request, with the issuing CA's behind it, PEM.
///
/// Only the key of the request gets in: names and extensions are the profile's. The device is known by its ID; it gets
/// its certificate once. Where the recipe gives two, both are made at once, the primary one first.
#[derive(Args)]
pub struct Sign {
    /// The certificate request (PKCS#10), PEM or DER
    csr: PathBuf,
    /// The device's ID, which becomes the CN
    #[arg(long, value_name = "ID")]
    device_id: RegistrationId,
    /// The request for the second key, where the work order's recipe gives two certificates
    #[arg(long, value_name = "F")]
    secondary_csr: Option<PathBuf>,
    /// The certificate profile [default: the work order's, else the one that fits the key]
    #[arg(long, value_name = "NAME")]
    profile: Option<Name>,
    /// The work order whose unit is used [default: one of exactly one unit]
    #[arg(long, value_name = "LOT")]
    work_order: Option<Name>,
    /// Write the certificate to this file, which must not exist yet, and not to standard output
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
    /// The same for the second certificate; it goes with --out
    #[arg(long, value_name = "F", requires_all = ["out", "secondary_csr"])]
    secondary_out: Option<PathBuf>,
}

impl Sign {
    /// Signs and says what was signed.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let csr = read(&self.csr)?;
        let second = self.secondary_csr.as_deref().map(read).transpose()?;
        // before anything is issued: a certificate that cannot be written need not be made
        let out = self.places()?.map(|places| places.try_map(|_, place| begin(place))).transpose()?;
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
            csr: Pair { primary: &csr, secondary: second.as_deref() },
            id: &self.device_id,
            profile: self.profile.as_ref(),
            work_order: self.work_order.as_ref(),
            person: &person,
        };
        let signed = sign_request::sign(&bench, &right, &ask)
            .map_err(|error| session.refused(&format!("certificate for {}", self.device_id), error))?;
        let chains = signed
            .certificates
            .as_ref()
            .map(|_, one| format!("{}{}", one.certificate.pem(), unlocked.issuing_pem));
        let paths = match out {
            Some(out) => Some(self.write(out, &chains)?),
            None => None,
        };
        let json = |which| self.told(which, &signed, &chains, paths.as_ref());
        let mut value = json(Which::Primary);
        value["run"] = signed.run.into();
        value["registration_id"] = self.device_id.as_str().into();
        value["profile"] = signed.profile.as_str().into();
        value["work_order"] = signed.work_order.as_str().into();
        if signed.certificates.is_two() {
            value["secondary"] = json(Which::Secondary);
        }
        output::report(common.json, &value, || match &paths {
            None => chains.each().map(|(_, chain)| chain.as_str()).collect(),
            Some(paths) => {
                let lines = signed.certificates.each().map(|(which, one)| {
                    let kind = match which {
                        Which::Primary => "certificate",
                        Which::Secondary => "secondary certificate",
                    };
                    let place = paths.get(which).map(|path| path.display().to_string()).unwrap_or_default();
                    let (serial, until) = (one.cert_serial, one.certificate.not_after());
                    format!("{}: {kind} {serial}, valid until {until}, in {place}", self.device_id)
                });
                lines.collect::<Vec<_>>().join("\n")
            }
        })
    }

    /// Where the certificates go, if not to standard output.
    fn places(&self) -> Result<Option<Pair<&Path>>, Failure> {
        let (primary, secondary) = (self.out.as_deref(), self.secondary_out.as_deref());
        match (primary, secondary) {
            (Some(_), None) if self.secondary_csr.is_some() => {
                Err(Failure::usage(Code::Usage, "say with --secondary-out where the second certificate goes"))
            }
            (Some(one), Some(other)) if one == other => {
                Err(Failure::usage(Code::Usage, "--out and --secondary-out name the same file"))
            }
            (primary, secondary) => Ok(primary.map(|primary| Pair { primary, secondary })),
        }
    }

    /// What is said of one certificate in JSON.
    fn told(
        &self,
        which: Which,
        signed: &Signed,
        chains: &Pair<String>,
        paths: Option<&Pair<PathBuf>>,
    ) -> Value {
        let Some(SignedOne { cert_serial, certificate }) = signed.certificates.get(which) else {
            return Value::Null;
        };
        json!({
            "cert_serial": cert_serial,
            "not_before": certificate.not_before(),
            "not_after": certificate.not_after(),
            "sha1": Thumbprint::sha1(certificate.der()).to_string(),
            "sha256": certificate.sha256(),
            "chain_pem": chains.get(which),
            "out": paths.and_then(|paths| paths.get(which)),
        })
    }

    /// Writes the certificates; they are on record by now, so a failure says how to have them again.
    fn write(&self, out: Pair<OutputFile>, chains: &Pair<String>) -> Result<Pair<PathBuf>, Failure> {
        let written = out.try_map(|which, mut out| {
            let chain = chains.get(which).map(String::as_bytes).unwrap_or_default();
            out.write_all(chain).map_err(|cause| out.failed(cause)).and_then(|()| out.finish())
        });
        written.map_err(|error| {
            let id = &self.device_id;
            let how = match chains.is_two() {
                false => "The certificate is issued and on record: `lineside ca export",
                true => "Both certificates are issued and on record: `lineside ca export [--secondary]",
            };
            output::note(&format!("{how} {id}` prints it."));
            Failure::from(error)
        })
    }
}

/// A request; of a file that is too large, not more than shows it.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed =
        |cause| Failure::usage(Code::FileUnreadable, format!("{} cannot be read: {cause}", path.display()));
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let most = u64::try_from(LARGEST_CSR).unwrap_or(u64::MAX);
    if length > most {
        return Err(BadCsr::TooLarge(usize::try_from(length).unwrap_or(usize::MAX)).into());
    }
    let mut csr = Vec::new();
    file.take(most + 1).read_to_end(&mut csr).map_err(failed)?;
    Ok(csr)
}

/// A file under another name until it is whole, so that a process that was killed leaves nothing in its place.
fn begin(place: &Path) -> Result<OutputFile, BadOutput> {
    match place.symlink_metadata() {
        Ok(_) => Err(BadOutput::Exists(place.to_owned())),
        Err(_) => OutputFile::replacing(place),
    }
}
