//! `lineside ca export`: the certificate of a device in the forms others take.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::ca::certificate::{self, Certificate};
use crate::ca::inspect::CertificateFacts;
use crate::ca::pkcs12::{self, Random};
use crate::cli::ca::csr::give;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{Common, output, passphrase};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::pair::Which;
use crate::domain::secret::Secret;
use crate::domain::thumbprint::Thumbprint;
use crate::station::{clock, issuers};
use crate::store::certificates;
use crate::store::devices;
use crate::store::error::StoreError;

/// A certificate of a device.
#[derive(Args)]
pub struct Export {
    /// Serial number, MAC, registration ID or device ID of the device, or the certificate's serial number
    device: String,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Chain)]
    format: Format,
    /// The secondary certificate, of a device that has two
    #[arg(long)]
    secondary: bool,
    /// The root's certificate, too (chain, pkcs12, json)
    #[arg(long)]
    with_root: bool,
    /// Write it to this file, which must not exist; der and pkcs12 need one
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
    /// File with the password of a PKCS#12 file (else it is asked for)
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
}

/// What others take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The device's own certificate, PEM
    Pem,
    /// The device's own certificate, DER
    Der,
    /// It and that of the issuing CA that signed it, PEM
    Chain,
    /// The same as a PKCS#12 file (AES-256; certificates only, for the station keeps no key)
    Pkcs12,
    /// What they say, as JSON
    Json,
    /// The device's own as one line of base64 DER, as the Azure portal and its APIs take it
    Line,
}

impl Export {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        let Export { device, format, secondary, with_root, out, password_file } = self;
        let which = if *secondary { Which::Secondary } else { Which::Primary };
        let row = find(session, device, which)?.ok_or_else(|| unknown(device))?;
        let leaf = Certificate::from_der(row.der.ok_or_else(|| unknown(device))?)?;
        let issuing = issuers::of_leaf(&session.folder, &leaf)?;
        let mut chain = vec![("device", leaf.clone()), ("issuing", issuing.clone())];
        if *with_root {
            chain.extend(issuers::root_of(&session.folder, &issuing)?.map(|root| ("root", root)));
        }
        let of: Vec<&Certificate> = chain.iter().map(|(_, one)| one).collect();
        let serial = row.serial;
        let text = match format {
            Format::Pem => leaf.pem(),
            Format::Chain => certificate::chain_pem(&of),
            Format::Line => format!("{}\n", STANDARD.encode(leaf.der())),
            Format::Json => {
                let value = details(&chain)?;
                let text = format!("{value:#}\n");
                return give(common, out.as_deref(), text.as_bytes(), || (value, text.clone()));
            }
            Format::Der | Format::Pkcs12 => {
                let Some(out) = out else {
                    return Err(Failure::usage(
                        Code::Usage,
                        "this format is no text: name a file with --out",
                    ));
                };
                let bytes = if *format == Format::Der {
                    leaf.der().to_vec()
                } else {
                    sealed(&chain, &file_password(password_file.as_deref())?)?
                };
                return give(common, Some(out), &bytes, || (Value::Null, String::new()));
            }
        };
        let member = if *format == Format::Chain { "chain_pem" } else { "certificate" };
        if out.is_none() {
            return output::report(common.json, &json!({ "serial": serial, member: text }), || text.clone());
        }
        give(common, out.as_deref(), text.as_bytes(), || (Value::Null, String::new()))
    }
}

fn unknown(device: &str) -> Failure {
    Failure::work(Code::CertificateUnknown, format!("“{device}” has no certificate here"))
}

fn find(
    session: &Session,
    device: &str,
    which: Which,
) -> Result<Option<certificates::Certificate>, StoreError> {
    session.store.read(|r| {
        if let Ok(serial) = device.parse::<CertSerial>()
            && let Some(row) = certificates::get(r, &serial)?
        {
            return Ok(Some(row));
        }
        match devices::find(r, device)? {
            Some(device) => certificates::live(r, device.id, which),
            None => Ok(None),
        }
    })
}

fn file_password(file: Option<&std::path::Path>) -> Result<Secret, Failure> {
    match file {
        Some(path) => passphrase::from_file(path),
        None => passphrase::twice("Password of the PKCS#12 file: "),
    }
}

fn sealed(chain: &[(&str, Certificate)], password: &Secret) -> Result<Vec<u8>, Failure> {
    let no_random = |error: clock::NoEntropy| Failure::work(Code::Internal, error);
    let random = Random {
        salt: clock::random().map_err(no_random)?,
        iv: clock::random().map_err(no_random)?,
        mac_salt: clock::random().map_err(no_random)?,
    };
    let named: Vec<(String, &Certificate)> =
        chain.iter().map(|(role, one)| (one.subject_cn().unwrap_or(role).to_owned(), one)).collect();
    Ok(pkcs12::seal(&named, password, &random)?)
}

fn details(chain: &[(&str, Certificate)]) -> Result<Value, Failure> {
    let mut all = serde_json::Map::new();
    for (role, one) in chain {
        let mut facts = json!(CertificateFacts::read(one)?);
        facts["sha1"] = json!(Thumbprint::sha1(one.der()).to_string());
        facts["pem"] = json!(one.pem());
        all.insert((*role).to_owned(), facts);
    }
    Ok(Value::Object(all))
}
