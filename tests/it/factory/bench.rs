//! Virtual devices on a bench: `lineside sim device` as a process of its own.

use std::path::PathBuf;

use serde_json::Value;

use super::process::Process;
use super::{Station, lineside};

/// Devices that are plugged in until this is dropped.
pub struct Bench {
    process: Process,
    /// Serial numbers in order.
    pub serials: Vec<String>,
    /// Their ports, in the same order.
    pub ports: Vec<PathBuf>,
}

impl Bench {
    /// Plugs devices in beside a station: how many, how their serial numbers begin, what else `sim device`
    /// is to be told (`--seed` keeps their MAC addresses apart).
    pub fn plug(station: &Station, count: u16, prefix: &str, words: &[&str]) -> Bench {
        let mut command = lineside();
        command.args(["sim", "device", "--count", &count.to_string(), "--serial-prefix", prefix]);
        for (option, name) in [("--folder", "ports"), ("--state", "devices")] {
            let folder = station.beside(name);
            std::fs::create_dir_all(&folder).unwrap();
            command.arg(option).arg(folder);
        }
        command.args(words);
        let mut bench = Bench { process: Process::start(command), serials: Vec::new(), ports: Vec::new() };
        for _ in 0..count {
            let plugged = bench.until("plugged");
            bench.serials.push(plugged["serial"].as_str().unwrap().to_owned());
            bench.ports.push(PathBuf::from(plugged["port"].as_str().unwrap()));
        }
        bench
    }

    /// Pulls all devices out: their ports go with them, as with USB devices.
    fn pull(&mut self) {
        // first the links: once the devices are gone, another test's may get the numbers of their terminals
        for port in &self.ports {
            // a device that unplugged itself took its port along
            let _ = std::fs::remove_file(port);
        }
        self.process.kill();
    }

    /// The port of the first device, for a command line.
    pub fn port(&self) -> &str {
        self.ports[0].to_str().unwrap()
    }

    /// Waits for this event; those before it are skipped.
    pub fn until(&mut self, event: &str) -> Value {
        loop {
            let line = self.process.json_line();
            if line["event"] == event {
                return line;
            }
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.pull();
    }
}
