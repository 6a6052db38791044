//! A simulated Azure Device Provisioning Service over TLS: enrollments for the station's outbox, registration
//! for devices, with real token, key and certificate checks, and with faults on demand. Everything is in
//! memory and bounded. Not simulated: TPM challenges, CA uploads, custom allocation webhooks, Entra tokens.

pub mod config;
pub mod faults;
pub mod journal;
pub mod quota;

mod attestation;
mod bulk;
mod certificate;
mod chain;
mod device_side;
mod enrollment;
mod paging;
mod percent;
mod proof;
mod randomness;
mod records;
mod refusal;
mod registration;
mod request;
mod sas_check;
mod server;
mod service;
mod service_side;
mod settings;
mod tls;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::config::{Config, SimError};
use self::device_side::Desk;
use self::faults::Faults;
use self::journal::{Journal, LoggedRequest};
use self::quota::Quota;
use self::randomness::Randomness;
use self::records::Records;
use self::server::Shared;
use self::service::Service;
use self::service_side::Access;
use crate::domain::utc_time::UtcTime;
use crate::durable;

/// The access policy that every new DPS has.
const POLICY: &str = "provisioningserviceowner";

/// What a client needs to know. The connection string carries the simulator's key, so it has no `Debug`.
#[derive(Clone)]
pub struct Info {
    /// The ID scope that devices name.
    pub id_scope: String,
    /// For the station: `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`, host with port.
    pub dps_connection_string: String,
    /// For the hub's registry; none, since no hub is served.
    pub hub_connection_string: Option<String>,
    /// The certificate (PEM) to trust.
    pub ca_file: PathBuf,
    /// The port served.
    pub https: u16,
    /// The MQTT port; none, since MQTT is not served.
    pub mqtts: Option<u16>,
}

/// How many records there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Individual enrollments.
    pub enrollments: usize,
    /// Enrollment groups.
    pub groups: usize,
    /// Devices with a hub.
    pub assigned: usize,
}

/// Starts simulators.
pub struct Simulator;

/// A simulator that serves until it is stopped or dropped.
pub struct Running {
    info: Info,
    shared: Arc<Shared>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Binds the port, writes the CA file and serves on threads of its own. When it returns, connections are
    /// accepted. `now` is the simulator's clock.
    pub fn start(config: Config, now: fn() -> UtcTime) -> Result<Running, SimError> {
        let Config {
            listen,
            https,
            hubs,
            policy_key,
            ca_file,
            seed,
            assigning_polls,
            retry_after,
            throttle,
            faults,
        } = config;
        let mut random = Randomness::new(&seed);
        let id_scope = format!("0ne{}", random.hex(8).to_ascii_uppercase());
        let key = policy_key.unwrap_or_else(|| random.key());
        config::check(&hubs, &key)?;
        let address = SocketAddr::new(listen, https);
        let refused = |source| SimError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let https = listener.local_addr().map_err(refused)?.port();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let identity = tls::identity(listen, now())?;
        write_ca(&ca_file, &identity.ca_pem)?;
        let tls = tls::server(identity, &provider)?;
        let host = match listen {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        let info = Info {
            id_scope: id_scope.clone(),
            dps_connection_string: format!(
                "HostName={host}:{https};SharedAccessKeyName={POLICY};SharedAccessKey={}",
                STANDARD.encode(key.expose())
            ),
            hub_connection_string: None,
            ca_file,
            https,
            mqtts: None,
        };
        let hosts = vec![host, "localhost".to_owned(), "127.0.0.1".to_owned()];
        let service = Service {
            access: Access { policy: POLICY.to_owned(), key, hosts, port: https },
            desk: Desk { id_scope, assigning_polls, retry_after: retry_after.as_secs(), provider },
            records: Records::new(hubs, random),
        };
        let shared = Arc::new(Shared {
            service: Mutex::new(service),
            faults,
            journal: Journal::default(),
            throttle,
            quota: Mutex::new(Quota::default()),
            now,
        });
        let (handle, thread) = serve(listener, tls, shared.clone())?;
        Ok(Running { info, shared, handle, thread: Some(thread) })
    }
}

fn write_ca(path: &Path, pem: &str) -> Result<(), SimError> {
    durable::replace(path, pem.as_bytes(), durable::PUBLIC)
        .map_err(|source| SimError::CaFile { path: path.to_owned(), source })
}

fn serve(
    listener: TcpListener,
    tls: rustls::ServerConfig,
    shared: Arc<Shared>,
) -> Result<(ServerHandle, JoinHandle<()>), SimError> {
    let (ready, started) = mpsc::channel();
    let body = move || {
        actix_web::rt::System::new().block_on(async move {
            match server::build(listener, tls, shared) {
                Ok(server) => {
                    // whoever waits for it is gone only if start() itself is gone
                    let _ = ready.send(Ok(server.handle()));
                    if let Err(error) = server.await {
                        tracing::error!(%error, "the simulated DPS ended");
                    }
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        });
    };
    let thread =
        std::thread::Builder::new().name("sim-azure".into()).spawn(body).map_err(SimError::Thread)?;
    match started.recv_timeout(Duration::from_secs(10)) {
        Ok(Ok(handle)) => Ok((handle, thread)),
        Ok(Err(error)) => Err(SimError::Thread(error)),
        Err(gone) => Err(SimError::Thread(std::io::Error::other(gone))),
    }
}

impl Running {
    /// What clients need.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The switches for faults; they may be kept and used while the simulator runs.
    pub fn faults(&self) -> Arc<Faults> {
        self.shared.faults.clone()
    }

    /// The latest requests, oldest first, at most 10 000.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.journal.read()
    }

    /// How many records there are now.
    pub fn counts(&self) -> Counts {
        let service = self.shared.service();
        let records = &service.records;
        Counts {
            enrollments: records.individuals.len(),
            groups: records.groups.len(),
            assigned: records.registrations.values().filter(|it| it.status() == "assigned").count(),
        }
    }

    /// Ends it and waits for its threads; running requests are cut off.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // the command is sent by the call itself; the thread's end says that it was followed
        drop(self.handle.stop(false));
        if thread.join().is_err() {
            tracing::error!("the thread of the simulated DPS had panicked");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
