//! How a simulator is set up, and why it may refuse to start.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::faults::Faults;
use super::quota::Throttle;
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;

/// How a simulator is set up.
pub struct Config {
    /// The address to listen on; the server's certificate names it.
    pub listen: IpAddr,
    /// The port; 0 takes any that is free.
    pub https: u16,
    /// Host names of the linked IoT Hubs, at least one.
    pub hubs: Vec<String>,
    /// The access policy's key, 16 to 64 bytes; none makes one of 64 bytes from the seed.
    pub policy_key: Option<Secret>,
    /// Where the certificate (PEM) that clients must trust is written.
    pub ca_file: PathBuf,
    /// Random bytes, from which ID scope, keys, etags and IDs are made; a test gives fixed ones.
    pub seed: [u8; 32],
    /// How many polls of a registration are answered “assigning” before it is done.
    pub assigning_polls: u32,
    /// What `Retry-After` asks of registering devices, in whole seconds.
    pub retry_after: Duration,
    /// Rate limit of the service's side, if any.
    pub throttle: Option<Throttle>,
    /// Faults switched on from the beginning; [`super::Running::faults`] gives the same switches.
    pub faults: Arc<Faults>,
}

impl Config {
    /// The usual settings: any port, one hub `lab-hub.azure-devices.net`, a made-up key, one poll, one second.
    pub fn new(listen: IpAddr, ca_file: PathBuf, seed: [u8; 32]) -> Config {
        Config {
            listen,
            https: 0,
            hubs: vec!["lab-hub.azure-devices.net".to_owned()],
            policy_key: None,
            ca_file,
            seed,
            assigning_polls: 1,
            retry_after: Duration::from_secs(1),
            throttle: None,
            faults: Arc::new(Faults::default()),
        }
    }
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The address or port.
    #[error("the simulator cannot listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The CA file.
    #[error("the simulator cannot write its CA certificate to {}: {source}", path.display())]
    CaFile {
        /// Where to.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The server's certificate.
    #[error("the simulator's certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS settings.
    #[error("the simulator's TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The thread of the server.
    #[error("the simulator's server did not start: {0}")]
    Thread(std::io::Error),
    /// No hub, or one whose name is no host name.
    #[error("“{0}” is no host name of an IoT Hub")]
    Hub(String),
    /// The policy's key.
    #[error("the policy's key has {0} bytes instead of 16 to 64")]
    Key(usize),
}

impl Coded for SimError {
    fn code(&self) -> Code {
        match self {
            SimError::Listen { .. }
            | SimError::CaFile { .. }
            | SimError::Certificate(_)
            | SimError::Tls(_)
            | SimError::Thread(_) => Code::SimulatorStart,
            SimError::Hub(_) | SimError::Key(_) => Code::SimulatorSettings,
        }
    }
}

/// Checks what the types do not: host names and the length of the key.
pub(super) fn check(hubs: &[String], key: &Secret) -> Result<(), SimError> {
    let is_host = |hub: &String| {
        (1..=253).contains(&hub.len())
            && hub.chars().all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.'))
    };
    if hubs.is_empty() {
        return Err(SimError::Hub(String::new()));
    }
    if let Some(bad) = hubs.iter().find(|hub| !is_host(hub)) {
        return Err(SimError::Hub(bad.clone()));
    }
    if (16..=64).contains(&key.len()) { Ok(()) } else { Err(SimError::Key(key.len())) }
}
