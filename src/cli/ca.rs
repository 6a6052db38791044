//! `lineside ca show | export | sign | revoke | crl | prove`.

mod sign;

use clap::Subcommand;
use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::ca::inspect::CertificateFacts;
use crate::ca::issuer::Issuer;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::revocation_reason::RevocationReason;
use crate::station::authority::{Administering, Engineering};
use crate::station::{clock, possession, revocation};
use crate::store::certificates;
use crate::store::devices;
use crate::store::error::StoreError;
use crate::vault::root_key;

/// The issuing CA.
#[derive(Subcommand)]
pub enum Ca {
    /// Root and issuing CA, and the days they have left
    Show,
    /// The certificate of a device with its chain, PEM
    Export {
        /// Serial number, MAC, registration ID or device ID of the device, or the certificate's serial number
        device: String,
    },
    /// A certificate for one request (PKCS#10) from outside
    Sign(sign::Sign),
    /// Revoke a certificate and disable what it enrolled
    Revoke {
        /// The certificate's serial number
        cert_serial: String,
        /// RFC 5280's word, such as keyCompromise or superseded
        #[arg(long)]
        reason: RevocationReason,
    },
    /// Make the next revocation list: `ca/crl.pem`
    Crl,
    /// Prove to Azure that this station holds the key of its issuing CA: a certificate over a verification code, PEM
    Prove {
        /// The verification code, as Azure shows it beside the uploaded certificate
        code: String,
        /// Prove it for the root instead; root-key.age must lie in the station's folder
        #[arg(long)]
        root: bool,
    },
}

impl Ca {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        if let Ca::Sign(sign) = self {
            return sign.run(common);
        }
        let session = Session::open(common)?;
        match self {
            Ca::Sign(sign) => sign.run(common),
            Ca::Show => show(&session, common),
            Ca::Export { device } => export(&session, common, device),
            Ca::Revoke { cert_serial, reason } => {
                let serial = cert_serial
                    .parse::<CertSerial>()
                    .map_err(|e| Failure::usage(Code::CertificateUnknown, e))?;
                let engineer = Engineering::at_the_terminal(session.actor.clone());
                revocation::revoke(&session.store, &engineer, clock::now(), &serial, *reason)
                    .map_err(|error| session.refused(&format!("revocation of {serial}"), error))?;
                output::report(common.json, &json!({ "revoked": serial, "reason": reason }), || {
                    format!("{serial} is revoked. `lineside ca crl` makes the list that says so.")
                })
            }
            Ca::Prove { code, root } => prove(&session, common, code, *root),
            Ca::Crl => {
                let unlocked = session.unlock(common)?;
                let (number, entries) = revocation::issue_crl(
                    &session.folder,
                    &session.store,
                    &unlocked.issuer,
                    &session.actor,
                    clock::now(),
                )?;
                output::report(common.json, &json!({ "number": number, "entries": entries }), || {
                    format!(
                        "List {number} with {entries} entries: {}",
                        session.folder.ca("crl.pem").display()
                    )
                })
            }
        }
    }
}

fn prove(session: &Session, common: &Common, code: &str, root: bool) -> Result<(), Failure> {
    let unlocked = session.unlock(common)?;
    let who = Administering::at_the_terminal(session.actor.clone());
    let (store, now) = (&session.store, clock::now());
    let proof = if root {
        let passphrase = passphrase::of_vault(common)?;
        let key = root_key::open_root_key(session.folder.path(), &passphrase)?;
        let issuer = Issuer::load(&unlocked.root_pem, &key)?;
        possession::prove(store, &who, now, "root", &issuer, code)?
    } else {
        possession::prove(store, &who, now, "issuing", &unlocked.issuer, code)?
    };
    let value = json!({ "sha256": proof.sha256(), "not_after": proof.not_after(), "pem": proof.pem() });
    output::report(common.json, &value, || proof.pem())
}

fn show(session: &Session, common: &Common) -> Result<(), Failure> {
    let now = clock::now();
    let mut text = String::new();
    let mut value = serde_json::Map::new();
    for name in ["root", "issuing"] {
        let pem = session.folder.read(&session.folder.ca(&format!("{name}.pem")))?;
        let certificate = Certificate::from_pem(&pem)?;
        let facts = CertificateFacts::read(&certificate)?;
        let days = certificate.not_after().since(now).as_secs() / 86_400;
        text.push_str(&format!("{name} CA, {days} days left\n{facts}\n"));
        value.insert(name.to_owned(), json!({ "facts": facts, "days_left": days }));
    }
    // where it lies is told by the settings: neither vault nor token is opened for that
    let (words, place) = match &session.settings.issuing_key {
        Some(place) => (
            format!(
                "issuing key: in the token “{}”, object “{}”, module {}\n",
                place.token(),
                place.object(),
                place.module().display()
            ),
            json!({ "token": place.token(), "object": place.object(), "module": place.module() }),
        ),
        None => ("issuing key: in the vault\n".to_owned(), json!("vault")),
    };
    text.push_str(&words);
    value.insert("issuing_key".to_owned(), place);
    output::report(common.json, &value, || text)
}

fn export(session: &Session, common: &Common, device: &str) -> Result<(), Failure> {
    let unknown = || Failure::work(Code::CertificateUnknown, format!("“{device}” has no certificate here"));
    let row = session.store.read(|r| {
        if let Ok(serial) = device.parse::<CertSerial>()
            && let Some(row) = certificates::get(r, &serial)?
        {
            return Ok(Some(row));
        }
        match devices::find(r, device)? {
            Some(device) => certificates::live(r, device.id),
            None => Ok::<_, StoreError>(None),
        }
    })?;
    let row = row.ok_or_else(unknown)?;
    let leaf = Certificate::from_der(row.der.ok_or_else(unknown)?)?;
    let issuing = session.folder.read(&session.folder.ca("issuing.pem"))?;
    let chain = format!("{}{issuing}", leaf.pem());
    output::report(common.json, &json!({ "serial": row.serial, "chain_pem": chain }), || chain.clone())
}
