//! A plant of real processes: a station's folder, `lineside serve` on it, the simulated Azure, and virtual devices
//! that live on when the station is killed. The test is the hands that plug them into the slots.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::process::Process;

/// Slots of the station. One is used once in a station's life, so that no verdict of an earlier device is held there.
const SLOTS: usize = 12;

/// A kind of device.
#[derive(Debug)]
pub struct Kind {
    /// The recipe, which is the devices' model too.
    pub product: &'static str,
    /// How serial numbers begin.
    pub prefix: &'static str,
    /// How the recipe's registration IDs begin.
    pub id_prefix: &'static str,
    /// How many certificates it gets; without any, a derived key.
    pub certificates: usize,
}

/// One virtual device.
#[derive(Debug, Clone)]
pub struct Device {
    pub serial: String,
    pub mac: String,
    /// As the recipe is expected to form it.
    pub registration_id: String,
    /// Where it remembers.
    pub state: PathBuf,
    /// Where its line appears.
    pub port: PathBuf,
}

/// The recipe of the demo's gateways with a secondary certificate beside the primary one.
pub fn two_certificates() -> String {
    let recipe = include_str!("../../../src/station/recipes/demo-gateway.toml");
    let with_key = recipe.replace("key = \"on-device\"", "key = \"on-device\"\ncopies = 2");
    let second = "[[inject]]\npath = \"secondary-chain.pem\"\ntemplate = \"secondary-chain\"\n\n[prove]";
    let recipe = with_key.replace("[prove]", second);
    assert!(recipe.contains("copies = 2") && recipe.contains("secondary-chain"), "{recipe}");
    recipe
}

/// The plant.
pub struct Plant {
    home: TempDir,
    pub azure: Value,
    pub devices: Vec<Device>,
    /// Slots by the serial number of the device in them.
    plugged: RefCell<BTreeMap<String, usize>>,
    /// Slots that were occupied in the present station's life.
    seen: RefCell<BTreeSet<usize>>,
    _processes: [Process; 2],
}

impl Plant {
    /// Founds a station for devices of this kind, with an active work order for all of them and `spare` more.
    pub fn found(kind: &Kind, devices: usize, spare: usize) -> Plant {
        let home = TempDir::new().unwrap();
        let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
        let mut azure = lineside(&["sim", "azure", "--ca-file", &at("azure-ca.pem")]);
        let info: Value = azure.until("line of the simulated Azure", |line| serde_json::from_str(line).ok());
        let count = devices.to_string();
        let (folder, state) = (at("ports"), at("devices"));
        let arguments = ["sim", "device", "--count", &count, "--model", kind.product];
        let places = ["--serial-prefix", kind.prefix, "--folder", &folder, "--state", &state];
        let mut bench = lineside(&[&arguments[..], &places[..]].concat());
        let devices = (0..devices).map(|_| plugged(&mut bench, kind, home.path())).collect::<Vec<_>>();
        std::fs::create_dir(at("slots")).unwrap();
        std::fs::write(at("passphrase"), "as long as it takes").unwrap();
        let plant = Plant {
            azure: info,
            devices,
            plugged: RefCell::default(),
            seen: RefCell::default(),
            _processes: [azure, bench],
            home,
        };
        plant.furnish(kind, &count, &spare.to_string());
        plant
    }

    fn furnish(&self, kind: &Kind, quantity: &str, spare: &str) {
        let at = |name: &str| self.path(name).to_str().unwrap().to_owned();
        self.cli(&["init", "--password-file", &at("passphrase")]);
        if kind.certificates == 2 {
            std::fs::write(at("station/products/demo-gateway.toml"), two_certificates()).unwrap();
        }
        let mut settings = std::fs::read_to_string(at("station/station.toml")).unwrap();
        let endpoint = format!("https://127.0.0.1:{}", self.azure["https"]);
        for (from, to) in [
            ("id_scope = \"\"", format!("id_scope = {}", self.azure["id_scope"])),
            ("https://global.azure-devices-provisioning.net", endpoint),
            ("# trust = \"azure-roots.pem\"", format!("trust = \"{}\"", at("azure-ca.pem"))),
        ] {
            assert!(settings.contains(from), "the generated settings have {from}");
            settings = settings.replace(from, &to);
        }
        for slot in 1..=SLOTS {
            let port = at(&format!("slots/{slot}"));
            settings.push_str(&format!("\n[[slot]]\nname = \"slot-{slot}\"\nport = \"{port}\"\n"));
        }
        std::fs::write(at("station/station.toml"), settings).unwrap();
        let connection = self.azure["dps_connection_string"].as_str().unwrap();
        std::fs::write(at("dps"), connection).unwrap();
        self.cli(&["secret", "set", "dps", "--file", &at("dps")]);
        self.cli(&["key", "add", "demo-sensors"]);
        let order = ["work-order", "add", "lot", "--product", kind.product];
        self.cli(&[&order[..], &["--quantity", quantity, "--spare", spare]].concat());
        self.cli(&["work-order", "activate", "lot"]);
    }

    /// A path in the plant's temporary folder; the station lies in `station`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn arguments<'a>(&self, command: &[&'a str], ours: &'a [String; 2]) -> Vec<&'a str> {
        let options = ["--station", &ours[0], "--passphrase-file", &ours[1], "--json"];
        [command, &options[..]].concat()
    }

    fn places(&self) -> [String; 2] {
        ["station", "passphrase"].map(|name| self.path(name).to_str().unwrap().to_owned())
    }

    /// What a command reports, or what it says on standard error if it fails.
    pub fn try_cli(&self, command: &[&str]) -> Result<Value, String> {
        // a wrapper that does nothing
        self.try_cli_under(&["env"], command)
    }

    /// What a command reports that another program runs, such as strace.
    pub fn cli_under(&self, wrapper: &[&str], command: &[&str]) -> Value {
        let done = self.try_cli_under(wrapper, command);
        done.unwrap_or_else(|error| panic!("{} lineside {}: {error}", wrapper[0], command.join(" ")))
    }

    fn try_cli_under(&self, wrapper: &[&str], command: &[&str]) -> Result<Value, String> {
        let done = Command::new(wrapper[0])
            .args(&wrapper[1..])
            .arg(env!("CARGO_BIN_EXE_lineside"))
            .args(self.arguments(command, &self.places()))
            .env_remove("LINESIDE_LOG")
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{} is needed: {error}", wrapper[0]));
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        Ok(serde_json::from_slice(&done.stdout).expect("--json reports JSON"))
    }

    /// What a command reports; it must succeed.
    pub fn cli(&self, command: &[&str]) -> Value {
        self.cli_under(&["env"], command)
    }

    /// Starts the station and does not wait for it.
    pub fn start(&self, crash_at: Option<&str>) -> Process {
        let environment = crash_at.map(|point| ("LINESIDE_CRASH_AT", point));
        self.start_with(environment)
    }

    /// Starts the station and waits until it says its first word to a device.
    pub fn start_until_first_word(&self) -> Process {
        let mut station = self.start_with(Some(("LINESIDE_LOG", "lineside::line=trace")));
        station.until("word to a device", |line| line.contains("TRACE sent=").then_some(()));
        station
    }

    /// Every slot that is empty now is good for use again.
    fn start_with(&self, environment: Option<(&str, &str)>) -> Process {
        *self.seen.borrow_mut() = self.plugged.borrow().values().copied().collect();
        let places = self.places();
        let arguments = self.arguments(&["serve", "--listen", "127.0.0.1:0"], &places);
        Process::start(env!("CARGO_BIN_EXE_lineside"), &arguments, environment.as_slice())
    }

    /// Starts the station and waits until it serves, unlocked.
    pub fn serve(&self, crash_at: Option<&str>) -> Process {
        let mut station = self.start(crash_at);
        station.until("station that serves, unlocked", |line| {
            let report: Value = serde_json::from_str(line).ok()?;
            (report["locked"] == false).then_some(())
        });
        station
    }

    /// Puts a device into a slot that this station has not seen occupied.
    pub fn plug(&self, device: &Device) {
        let mut seen = self.seen.borrow_mut();
        let slot = (1..=SLOTS).find(|slot| !seen.contains(slot)).expect("a slot that was not used");
        seen.insert(slot);
        symlink(&device.port, self.slot(slot)).unwrap();
        assert!(self.plugged.borrow_mut().insert(device.serial.clone(), slot).is_none());
    }

    fn slot(&self, number: usize) -> PathBuf {
        self.path("slots").join(number.to_string())
    }

    /// Takes a device out of its slot.
    pub fn pull(&self, device: &Device) {
        let slot = self.plugged.borrow_mut().remove(&device.serial).expect("the device is in a slot");
        std::fs::remove_file(self.slot(slot)).unwrap();
    }

    /// Takes every device out while the station is down.
    pub fn pull_all(&self) {
        for slot in std::mem::take(&mut *self.plugged.borrow_mut()).into_values() {
            std::fs::remove_file(self.slot(slot)).unwrap();
        }
        self.seen.borrow_mut().clear();
    }
}

fn lineside(arguments: &[&str]) -> Process {
    Process::start(env!("CARGO_BIN_EXE_lineside"), arguments, &[])
}

fn plugged(bench: &mut Process, kind: &Kind, home: &Path) -> Device {
    bench.until("virtual device", |line| {
        let event: Value = serde_json::from_str(line).ok().filter(|e: &Value| e["event"] == "plugged")?;
        let (serial, mac) = (event["serial"].as_str()?.to_owned(), event["mac"].as_str()?.to_owned());
        let registration_id =
            format!("{}-{}-mac-{}", kind.id_prefix, serial.to_lowercase(), mac.replace(':', "-"));
        let (port, state) = (event["port"].as_str()?.into(), home.join("devices").join(&serial));
        Some(Device { serial, mac, registration_id, state, port })
    })
}
