//! `lineside serve`.

use std::net::{SocketAddr, TcpListener};

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::{output, passphrase, session};
use crate::domain::code::{Code, Coded as _};
use crate::station::folder::Folder;
use crate::station::keys;
use crate::station::serving::Serving;
use crate::station::settings::Settings;
use crate::station::settings::pages::parse_listen;
use crate::station::slots::Floor;
use crate::station::{ca_material, clock, profiles, web_certificate};
use crate::store::runs;
use crate::web;

/// Run the station.
#[derive(Args)]
pub struct Serve {
    /// Address of the pages instead of the one in station.toml; port 0 takes any free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

impl Serve {
    /// Serves until the process is told to end (SIGINT or SIGTERM).
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let folder = Folder::at(common.station_folder());
        let listen = self.listen.as_deref().map(parse_listen).transpose()?;
        if let Some(listen) = listen {
            // wrong usage leaves nothing on record
            folder.must_exist()?;
            let settings = Settings::parse(&folder.read(&folder.settings())?, folder.path())?;
            settings.pages.check(listen)?;
        }
        profiles::check_all(&folder).map_err(|fault| Failure::usage(fault.code(), fault))?;
        let serving = Serving::start(&folder)?;
        let served = serve(common, &folder, listen, &serving);
        serving.stop();
        served
    }
}

/// Opens the pages, then the vault, so that no slot begins on a station that cannot serve; then waits for the
/// end.
fn serve(
    common: &Common,
    folder: &Folder,
    listen: Option<SocketAddr>,
    serving: &Serving,
) -> Result<(), Failure> {
    let floor = &serving.floor;
    let listen = listen.unwrap_or(floor.settings.listen);
    let pages = &floor.settings.pages;
    let tls = match pages.speaks_tls(listen) {
        true => {
            let (own, names) = (pages.own_certificate.as_ref(), pages.names(listen));
            Some(web_certificate::tls(folder, &floor.store, own, &names, clock::now())?)
        }
        false => None,
    };
    let refused = |error| Failure::usage(Code::ListenRefused, format!("{listen} cannot be used: {error}"));
    let listener = TcpListener::bind(listen).map_err(refused)?;
    if given_without_asking(common) {
        let actor = session::actor(common);
        let passphrase = passphrase::of_vault(common)?;
        match keys::unlock(folder, &floor.store, &passphrase, &actor, clock::now()) {
            Ok(unlocked) => floor.keys.put(unlocked),
            // a station that restarts unattended with an old passphrase waits on its Unlock page
            Err(error) => output::note(&format!("The station stays locked: {}", Failure::from(error))),
        }
    }
    let pages = web::start(listener, floor, &serving.door, tls).map_err(refused)?;
    match announce(common, floor, pages.url()) {
        Ok(()) => pages.wait(),
        Err(failure) => {
            pages.stop();
            return Err(failure);
        }
    }
    Ok(())
}

/// Says where the pages are and what waits for a person.
fn announce(common: &Common, floor: &Floor, url: &str) -> Result<(), Failure> {
    let unfinished = floor.store.read(|r| runs::unfinished(r, 1000))?;
    for (run, device) in &unfinished {
        let serial = device.as_ref().map(|d| d.serial.to_string()).unwrap_or_default();
        output::note(&format!(
            "Run {} of {serial} has no verdict (it stood at {}): `lineside run resume`, `supersede` or `quarantine`.",
            run.id, run.stage
        ));
    }
    if floor.folder.path().join("root-key.age").exists() {
        output::note("The root's key lies in this folder: carry root-key.age off the station.");
    }
    let locked = floor.keys.current().is_none();
    let value = json!({ "url": url, "locked": locked, "unfinished": unfinished.len() });
    output::report(common.json, &value, || match locked {
        false => url.to_owned(),
        true if ca_material::only_waits(&floor.folder) => {
            format!("{url}   waits for the certificate of its issuing CA: the CA page says what to do")
        }
        true => format!("{url}   locked: open the page and unlock it"),
    })
}

/// Whether a passphrase can be had without a person at the terminal; else the page asks for it.
fn given_without_asking(common: &Common) -> bool {
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
        .is_some_and(|folder| std::path::Path::new(&folder).join("lineside-vault").is_file());
    common.passphrase_file.is_some() || credential
}
