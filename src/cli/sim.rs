//! `lineside sim azure | device`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Subcommand;
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::code::Code;
use crate::sim::azure::config::Config;
use crate::sim::azure::{Info, Simulator};
use crate::sim::device::fault::Fault;
use crate::sim::device::process::{self, ProcessConfig, RegisterConfig};
use crate::station::clock;

/// How long a virtual device tries to register.
const REGISTER_WITHIN: Duration = Duration::from_secs(60);

/// The outside world, simulated.
#[derive(Subcommand)]
pub enum Sim {
    /// Azure DPS over TLS: prints one JSON line that says where it is, then serves until ended
    Azure {
        /// The address to listen on
        #[arg(long, default_value = "127.0.0.1")]
        listen: IpAddr,
        /// The port; 0 takes any free one
        #[arg(long, default_value_t = 0)]
        https: u16,
        /// Where to write the certificate of the simulator's own CA
        #[arg(long, value_name = "F", default_value = "sim-azure-ca.pem")]
        ca_file: PathBuf,
        /// Hub that devices are assigned to; may be given several times
        #[arg(long, default_value = "lab-hub.azure-devices.net")]
        hub: Vec<String>,
    },
    /// Virtual devices on pseudo terminals: print one JSON line for each thing that happens to them
    Device(Device),
}

/// Virtual devices.
#[derive(clap::Args)]
pub struct Device {
    /// How many
    #[arg(long, default_value_t = 1)]
    count: u16,
    /// Folder for the links to their ports
    #[arg(long, default_value = "ports")]
    folder: PathBuf,
    /// Folder where they keep what they received
    #[arg(long, default_value = "devices")]
    state: PathBuf,
    /// The model they say they are
    #[arg(long, default_value = "demo-gateway")]
    model: String,
    /// How their serial numbers begin
    #[arg(long, default_value = "SIM")]
    serial_prefix: String,
    /// Fault of all of them, or INDEX:FAULT of one, counted from 1; may be given several times
    #[arg(long, value_name = "F")]
    fault: Vec<String>,
    /// Let them register at DPS with what was injected, trusting this CA
    #[arg(long, value_name = "CA_FILE")]
    register: Option<PathBuf>,
    /// Unplug each once it has finished
    #[arg(long)]
    unplug: bool,
    /// Makes MACs and faults repeatable
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Sim {
    /// Runs until ended.
    pub fn run(&self, _common: &Common) -> Result<(), Failure> {
        match self {
            Sim::Azure { listen, https, ca_file, hub } => {
                let seed = clock::random().map_err(|e| Failure::work(Code::Internal, e))?;
                let config = Config {
                    https: *https,
                    hubs: hub.clone(),
                    ..Config::new(*listen, ca_file.clone(), seed)
                };
                let running = Simulator::start(config, clock::now)?;
                output::line(&where_it_is(running.info()).to_string())?;
                loop {
                    std::thread::park();
                }
            }
            Sim::Device(device) => device.run(),
        }
    }
}

/// The JSON line of `sim azure`.
fn where_it_is(info: &Info) -> serde_json::Value {
    json!({
        "id_scope": info.id_scope,
        "dps_connection_string": info.dps_connection_string,
        "hub_connection_string": info.hub_connection_string,
        "ca_file": info.ca_file,
        "https": info.https,
        "mqtts": info.mqtts,
    })
}

impl Device {
    fn run(&self) -> Result<(), Failure> {
        let config = ProcessConfig {
            count: self.count,
            folder: self.folder.clone(),
            state: self.state.clone(),
            driver: crate::domain::product::DriverKind::Lineside,
            model: self.model.clone(),
            serial_prefix: self.serial_prefix.clone(),
            faults: self.faults()?,
            register: self
                .register
                .as_ref()
                .map(|ca_file| RegisterConfig { ca_file: ca_file.clone(), within: REGISTER_WITHIN }),
            unplug_after_finish: self.unplug,
            seed: self.seed,
            now: clock::now,
        };
        let stop = Arc::new(AtomicBool::new(false));
        // links left behind would lead to whatever pseudo terminal gets their numbers next
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&stop))
                .map_err(|e| Failure::work(Code::Internal, e))?;
        }
        process::run(&config, &stop, &mut |event| {
            // a reader that went away does not stop the devices
            let _ = serde_json::to_string(event).map(|line| output::line(&line));
        })?;
        Ok(())
    }

    fn faults(&self) -> Result<BTreeMap<u16, Vec<Fault>>, Failure> {
        let mut faults: BTreeMap<u16, Vec<Fault>> = BTreeMap::new();
        for text in &self.fault {
            let bad = |e: &dyn std::fmt::Display| Failure::usage(Code::Usage, format!("--fault {text}: {e}"));
            let (indices, fault) = match text.split_once(':') {
                Some((index, fault)) => {
                    let index: u16 = index.parse().map_err(|e| bad(&e))?;
                    (index..=index, fault)
                }
                None => (1..=self.count, text.as_str()),
            };
            let fault: Fault = fault.parse().map_err(|e| bad(&e))?;
            for index in indices {
                faults.entry(index).or_default().push(fault);
            }
        }
        Ok(faults)
    }
}
