//! The plant of the demo: a station founded for the day, Azure simulated in this process, two lots.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::ca::company::Company;
use crate::cli::Common;
use crate::cli::demo::bench::Bench;
use crate::cli::failure::Failure;
use crate::cli::init::new_password;
use crate::cli::session;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::verdict::Verdict;
use crate::durable;
use crate::sim::azure::config::Config;
use crate::sim::azure::{Running, Simulator};
use crate::station::folder::{Folder, FolderError};
use crate::station::founding::{self, Founding};
use crate::station::serving::Serving;
use crate::station::settings::generated;
use crate::station::{clock, keys, products, vault_changes};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox;
use crate::store::reader::Reader;
use crate::store::runs::{self, RunFilter};
use crate::store::work_orders::{self, NewWorkOrder};
use crate::vault::group_key::GroupKey;
use crate::web::{self, Pages};

/// One kind of device in the demo.
pub struct Lot {
    /// The recipe, which is the devices' model, too.
    pub product: &'static str,
    /// The work order.
    order: &'static str,
    /// How serial numbers begin.
    pub prefix: &'static str,
    /// Makes MACs differ between the lots.
    pub seed: u64,
    /// Whether this lot takes the odd device.
    larger_half: bool,
}

/// Devices with X.509 identities.
pub const GATEWAYS: Lot =
    Lot { product: "demo-gateway", order: "demo-gateways", prefix: "GW", seed: 1, larger_half: true };
/// Devices with derived keys.
pub const SENSORS: Lot =
    Lot { product: "demo-sensor", order: "demo-sensors", prefix: "SE", seed: 2, larger_half: false };

impl Lot {
    /// How many of all devices are of this kind.
    pub fn share(&self, devices: u16) -> u16 {
        if self.larger_half { devices.div_ceil(2) } else { devices / 2 }
    }

    /// The serial number of a device, counted from 1: as the virtual devices name themselves.
    fn serial(&self, index: u16) -> String {
        format!("{}{index:05}", self.prefix)
    }
}

/// A plant that runs.
pub struct Plant {
    /// The station.
    pub serving: Serving,
    /// Name and password of the administrator.
    pub login: (Name, Zeroizing<String>),
    /// The folder of the devices' ports.
    pub ports: PathBuf,
    /// The folder the devices remember in.
    pub devices: PathBuf,
    /// The simulated Azure's CA, which the devices trust.
    pub ca_file: PathBuf,
    actor: Actor,
    azure: Running,
    pages: Pages,
    benches: Mutex<Vec<Bench>>,
}

impl Plant {
    /// Founds the station and starts everything but the devices.
    pub fn build(place: &Path, devices: u16, common: &Common) -> Result<Plant, Failure> {
        let folder = Folder::at(place);
        let actor = session::actor(common);
        let entropy = |e| Failure::work(Code::Internal, e);
        let (passphrase, password) = (new_password()?, new_password()?);
        let login: (Name, _) =
            ("admin".parse()?, Zeroizing::new(String::from_utf8_lossy(password.expose()).into_owned()));
        let company: Company = "Demo".parse()?;
        let station: Name = "demo".parse()?;
        let founding = Founding {
            company: &company,
            station: &station,
            external_root: false,
            passphrase: &passphrase,
            administrator: &login.0,
            password: &password,
        };
        founding::found(&folder, &founding, &actor, clock::now())?;

        let ca_file = place.join("sim-azure-ca.pem");
        let seed = clock::random().map_err(entropy)?;
        let config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ca_file.clone(), seed);
        let azure = Simulator::start(config, clock::now)?;
        let ports = place.join("ports");
        let settings = settings(&station, azure.info().id_scope.as_str(), azure.info().https, devices);
        replace(&folder.settings(), settings.as_bytes())?;
        for folder in [&ports, &place.join("devices")] {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|cause| FolderError::Io { path: folder.clone(), cause })?;
        }
        fill_vault(&folder, &passphrase, &azure, &actor)?;
        for (lot, template) in [(&GATEWAYS, "device-qr.zpl"), (&SENSORS, "device-datamatrix.zpl")] {
            add_label(&folder, lot, template)?;
        }

        let no_page = |error| Failure::usage(Code::ListenRefused, format!("no page can be served: {error}"));
        let anywhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(no_page)?;
        let serving = Serving::start(&folder)?;
        let floor = &serving.floor;
        floor.keys.put(keys::unlock(&folder, &floor.store, &passphrase, &actor, clock::now())?);
        let pages = web::start(anywhere, floor, &serving.door, None).map_err(no_page)?;
        let devices = place.join("devices");
        Ok(Plant { serving, login, ports, devices, ca_file, actor, azure, pages, benches: Mutex::default() })
    }

    /// The address of the page.
    pub fn url(&self) -> String {
        self.pages.url().to_owned()
    }

    /// Writes the lot's work order down and releases it.
    pub fn activate(&self, lot: &Lot, count: u16) -> Result<(), Failure> {
        let name: Name = lot.order.parse()?;
        let product: Name = lot.product.parse()?;
        let order = NewWorkOrder {
            name: &name,
            product: &product,
            quantity: u32::from(count),
            spare: u32::from(count),
            serials: &[],
        };
        let person = self.login.0.to_string();
        self.store().change(&self.actor, clock::now(), |change| {
            work_orders::add(change, &order)?;
            work_orders::activate(change, &name, &person)
        })?;
        Ok(())
    }

    /// How many devices have passed.
    pub fn passed(&self, r: &Reader<'_>) -> Result<u64, StoreError> {
        Ok(work_orders::list(r, 10, None)?.iter().map(|progress| u64::from(progress.passed)).sum())
    }

    /// How many runs of this lot ended in another verdict than PASS.
    pub fn refused(&self, lot: &Lot) -> Result<u64, Failure> {
        let filter = RunFilter { work_order: Some(lot.order.parse()?), ..RunFilter::default() };
        let runs = self.store().read(|r| runs::list(r, &filter, 1000, None))?;
        let refused = runs
            .iter()
            .filter(|(run, _)| run.ending.as_ref().is_some_and(|ending| ending.verdict != Verdict::Pass));
        Ok(u64::try_from(refused.count()).unwrap_or(u64::MAX))
    }

    /// Waits until the outbox has nothing left to send.
    pub fn wait_until_sent(&self, deadline: Instant) -> Result<(), Failure> {
        while self.store().read(outbox::depth)?.waiting > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether somebody pressed Ctrl-C.
    pub fn interrupted(&self) -> bool {
        self.pages.ended()
    }

    /// Leaves these devices in their slots until the plant ends.
    pub fn keep(&self, bench: Bench) {
        if let Ok(mut benches) = self.benches.lock() {
            benches.push(bench);
        }
    }

    fn store(&self) -> &Store {
        &self.serving.floor.store
    }

    /// Waits for Ctrl-C, then ends everything.
    pub fn wait(self) {
        let Plant { serving, azure, pages, benches, .. } = self;
        pages.wait();
        drop(benches);
        serving.stop();
        azure.stop();
    }

    /// Ends everything.
    pub fn stop(self) {
        let Plant { serving, azure, pages, benches, .. } = self;
        drop(benches);
        pages.stop();
        serving.stop();
        azure.stop();
    }
}

fn settings(station: &Name, id_scope: &str, https: u16, devices: u16) -> String {
    let mut text = generated(station)
        .replace("id_scope = \"\"", &format!("id_scope = \"{id_scope}\""))
        .replace(
            "global_endpoint = \"https://global.azure-devices-provisioning.net\"",
            &format!("global_endpoint = \"https://127.0.0.1:{https}\""),
        )
        .replace("# trust = \"azure-roots.pem\"", "trust = \"sim-azure-ca.pem\"");
    text.push_str("\n[[printer]]\nname = \"labels\"\nfile = \"labels/\"\n");
    let mut slot = 0;
    for lot in [&GATEWAYS, &SENSORS] {
        for index in 1..=lot.share(devices) {
            slot += 1;
            let serial = lot.serial(index);
            text.push_str(&format!("\n[[slot]]\nname = \"slot-{slot:02}\"\nport = \"ports/{serial}\"\n"));
        }
    }
    text
}

/// The lot's recipe, with a label.
fn add_label(folder: &Folder, lot: &Lot, template: &str) -> Result<(), Failure> {
    let path = products::add(folder, &lot.product.parse()?)?;
    let text = folder.read(&path)?;
    let text = format!("{text}\n[label]\ntemplate = \"{template}\"\nprinter = \"labels\"\n");
    Ok(replace(&path, text.as_bytes())?)
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    durable::replace(path, bytes, durable::PUBLIC)
        .map_err(|cause| FolderError::Io { path: path.to_owned(), cause })
}

fn fill_vault(folder: &Folder, passphrase: &Secret, azure: &Running, actor: &Actor) -> Result<(), Failure> {
    let store = Store::open(&folder.database())?;
    let now = clock::now();
    let entropy = |e| Failure::work(Code::Internal, e);
    let mut unlocked = keys::unlock(folder, &store, passphrase, actor, now)?;
    let connection = Secret::from(azure.info().dps_connection_string.clone());
    vault_changes::set_secret(&store, &mut unlocked.vault, &"dps".parse()?, connection, actor, now)?;
    let primary = Zeroizing::new(clock::random::<64>().map_err(entropy)?);
    let secondary = Zeroizing::new(clock::random::<64>().map_err(entropy)?);
    let group = GroupKey::from_random(&primary, &secondary);
    vault_changes::add_group_key(&store, &mut unlocked.vault, &"demo-sensors".parse()?, group, actor, now)?;
    Ok(())
}
