//! `lineside init`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::ca::company::Company;
use crate::ca::token::uri::{BadTokenUri, TokenUri};
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::{output, passphrase, session};
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::secret::Secret;
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::founding::{self, Founding, InToken};

/// A new station.
#[derive(Args)]
pub struct Init {
    /// Your company, as it stands in the CA's names
    #[arg(long, default_value = "Lineside")]
    company: String,
    /// The station's name
    #[arg(long, default_value = "line-1")]
    name: Name,
    /// The first administrator
    #[arg(long, default_value = "admin")]
    admin: Name,
    /// Make no root: the issuing CA waits for a certificate of yours (`ca csr`, `ca install`)
    #[arg(long)]
    external_root: bool,
    /// File with the first administrator's password (else one is made and shown once)
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// Make the issuing CA's key in a PKCS#11 token: `pkcs11:token=NAME;object=NAME?module-path=/PATH/MODULE.so`
    #[arg(long, value_name = "URI", conflicts_with = "external_root")]
    pkcs11: Option<String>,
    /// File with the token's PIN (else it is asked for)
    #[arg(long, value_name = "F", requires = "pkcs11")]
    pin_file: Option<PathBuf>,
}

impl Init {
    /// Founds the station and shows what is to be written down.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let company: Company = self.company.parse()?;
        let place: Option<TokenUri> = self.pkcs11.as_deref().map(place).transpose()?;
        let folder = Folder::at(common.station_folder());
        let passphrase = passphrase::new_for_vault(common)?;
        let (password, made) = match &self.password_file {
            Some(path) => (passphrase::from_file(path)?, false),
            None => (new_password()?, true),
        };
        let pin = match &place {
            Some(_) => Some(passphrase::secret(self.pin_file.as_deref(), "PIN of the token: ")?),
            None => None,
        };
        let founding = Founding {
            company: &company,
            station: &self.name,
            external_root: self.external_root,
            passphrase: &passphrase,
            administrator: &self.admin,
            password: &password,
        };
        let (actor, now) = (session::actor(common), clock::now());
        let founded = match (&place, &pin) {
            (Some(place), Some(pin)) => {
                founding::found_in_token(&folder, &founding, &InToken { place, pin }, &actor, now)?
            }
            (_, _) => founding::found(&folder, &founding, &actor, now)?,
        };
        let recovery = String::from_utf8_lossy(founded.recovery.expose()).into_owned();
        let shown = made.then(|| String::from_utf8_lossy(password.expose()).into_owned());
        let place = folder.path().display().to_string();
        let value = json!({
            "station": place,
            "administrator": self.admin,
            "password": shown,
            "recovery_identity": recovery,
            "root_sha256": founded.root_sha256,
            "vkey": founded.vkey,
        });
        output::report(common.json, &value, || {
            let password = match &shown {
                Some(password) => format!("{password}   (change it soon; it is shown only now)"),
                None => "as in the file".to_owned(),
            };
            let (root, next) = match &founded.root_sha256 {
                Some(sha256) => (
                    format!("root, SHA-256       {sha256}\n\n"),
                    "carry root-key.age off the station, then `lineside secret set dps` and `lineside serve`.",
                ),
                None => (
                    "\n".to_owned(),
                    "have your root sign what `lineside ca csr` prints, then `lineside ca install CERT --root F`.",
                ),
            };
            format!(
                "The station {} is founded in {place}.\n\n\
                 Write down and keep away from the station:\n  \
                 recovery identity   {recovery}\n  \
                 verifier key        {}\n  \
                 {root}\
                 Log-in: {} / {password}\n\n\
                 Next: {next}",
                self.name, founded.vkey, self.admin,
            )
        })
    }
}

/// The place of a key in a token, as the command line names it.
fn place(text: &str) -> Result<TokenUri, Failure> {
    text.parse()
        .map_err(|fault: BadTokenUri| Failure::usage(Code::TokenUriInvalid, format!("--pkcs11: {fault}")))
}

/// Twenty letters and digits without look-alikes: about 98 bits.
pub fn new_password() -> Result<Secret, Failure> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random: [u8; 20] = clock::random().map_err(|e| Failure::work(Code::Internal, e))?;
    // 256 is a multiple of 32, so every letter is equally likely
    Ok(Secret::new(random.iter().map(|byte| ALPHABET[usize::from(*byte) % ALPHABET.len()]).collect()))
}
