//! The outbox sender: takes what is due, makes it so at Azure, and writes down what became of it. It never
//! stops the line and never spins; attempts and the next try stand in the row.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::azure::connection_string::{BadConnectionString, DpsConnectionString};
use crate::azure::dps::{Disabled, DpsClient, Outcome};
use crate::azure::dps_error::DpsError;
use crate::azure::https::{ClientError, Roots};
use crate::azure::schedule;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::clock;
use crate::station::enrollment_record::{self, BadOrder};
use crate::station::keys::Unlocked;
use crate::station::settings::Settings;
use crate::station::slots::Floor;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox::settle;
use crate::store::outbox::{self, Operation, OutboxRow};
use crate::vault::error::VaultError;

/// How long the sender rests when nothing is due.
const REST: Duration = Duration::from_millis(250);
/// Rows taken at once.
const AT_ONCE: u32 = 32;
/// The longest rest after a failure that would meet every row: soon after the cloud is back, it is noticed.
const LONGEST_OUTAGE_REST: Duration = Duration::from_secs(30);
/// The longest rest that Azure itself can ask of the whole outbox; the row that it refused waits longer.
const LONGEST_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The name of the secret that holds the connection string.
pub const SECRET: &str = "dps";

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum CannotSend {
    /// There is no connection string, or it cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The connection string is faulty.
    #[error(transparent)]
    ConnectionString(#[from] BadConnectionString),
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CannotSend {
    fn code(&self) -> Code {
        match self {
            CannotSend::Vault(error) => error.code(),
            CannotSend::ConnectionString(error) => error.code(),
            CannotSend::Client(error) => error.code(),
            CannotSend::Store(error) => error.code(),
        }
    }
}

/// Starts the sender's thread.
pub fn start(floor: &Floor) -> std::io::Result<JoinHandle<()>> {
    let floor = floor.clone();
    thread::Builder::new().name("outbox".to_owned()).spawn(move || {
        let mut told = String::new();
        while !floor.stop.load(Ordering::Relaxed) {
            let rest = match floor.keys.current() {
                Some(keys) => tend(&floor, &keys, &mut told),
                None => REST,
            };
            let mut rested = Duration::ZERO;
            while rested < rest && !floor.stop.load(Ordering::Relaxed) {
                thread::sleep(REST.min(rest - rested));
                rested += REST;
            }
        }
    })
}

/// Sends what is due now; says once what keeps it from sending. How long to rest then.
fn tend(floor: &Floor, keys: &Arc<Unlocked>, told: &mut String) -> Duration {
    match send_due(&floor.store, keys, &floor.settings) {
        Ok(Round { tried, rest }) => {
            told.clear();
            rest.unwrap_or(if tried == 0 { REST } else { Duration::ZERO })
        }
        Err(error) => {
            let now = error.to_string();
            if *told != now {
                tracing::warn!(code = %error.code(), "the outbox cannot send: {now}");
                *told = now;
            }
            REST
        }
    }
}

/// The client for the DPS whose connection string is in the vault.
pub fn client(keys: &Unlocked, settings: &Settings) -> Result<DpsClient, CannotSend> {
    let name: Name = SECRET.parse().map_err(|_| BadConnectionString::Form)?;
    let connection = DpsConnectionString::parse(keys.vault.secret(&name)?)?;
    let roots = match &settings.azure.trust {
        Some(path) => Roots::File(path.clone()),
        None => Roots::System,
    };
    Ok(DpsClient::new(&connection, &roots, settings.azure.timeout)?)
}

/// What one round of sending came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// How many rows were tried.
    pub tried: usize,
    /// Nothing more should be asked for this long: the cloud is away, or asked for patience.
    pub rest: Option<Duration>,
}

/// Sends rows that are due, oldest first, until one meets a failure that all others would meet, too.
pub fn send_due(store: &Store, keys: &Unlocked, settings: &Settings) -> Result<Round, CannotSend> {
    let rows = store.read(|r| outbox::due(r, clock::now(), AT_ONCE))?;
    if rows.is_empty() {
        return Ok(Round { tried: 0, rest: None });
    }
    let client = client(keys, settings)?;
    for (row, tried) in rows.iter().zip(1..) {
        let now = clock::now();
        let settled = send(store, keys, &client, row, now);
        let longest = longest_rest(&settled);
        let next = settle(store, row, settled, now)?;
        if let (Some(longest), Some(next)) = (longest, next) {
            return Ok(Round { tried, rest: Some(next.since(now).min(longest)) });
        }
    }
    Ok(Round { tried: rows.len(), rest: None })
}

/// How long a failure may keep the other rows from being tried; none if it is the row's own.
fn longest_rest(settled: &Settled) -> Option<Duration> {
    match settled {
        Settled::Again(DpsError::Throttled { .. } | DpsError::Server { retry_after: Some(_), .. }) => {
            Some(LONGEST_PATIENCE)
        }
        Settled::Again(
            DpsError::Unreachable { .. }
            | DpsError::Untrusted { .. }
            | DpsError::Server { retry_after: None, .. },
        ) => Some(LONGEST_OUTAGE_REST),
        Settled::Again(
            DpsError::Exists(_)
            | DpsError::Changed(_)
            | DpsError::Refused { .. }
            | DpsError::Strange { .. }
            | DpsError::Request { .. },
        )
        | Settled::Sent(_)
        | Settled::Conflict(_)
        | Settled::Parked { .. } => None,
    }
}

/// What became of one row.
enum Settled {
    Sent(&'static str),
    Conflict(String),
    Again(DpsError),
    Parked { why: String, code: Code },
}

fn send(store: &Store, keys: &Unlocked, client: &DpsClient, row: &OutboxRow, now: UtcTime) -> Settled {
    let parked = |error: BadOrder| Settled::Parked { why: error.to_string(), code: error.code() };
    let record = match store.read(|r| enrollment_record::record(r, &keys.vault, row)) {
        Ok(record) => record,
        Err(error) => return parked(error),
    };
    let done = match row.operation {
        Operation::Create => client.ensure(&record, now).map(|outcome| match outcome {
            Outcome::Created => Settled::Sent("created"),
            Outcome::AlreadyThere => Settled::Sent("already there"),
            Outcome::Conflict { why } => Settled::Conflict(why),
        }),
        Operation::Disable => client.disable(record, now).map(|outcome| match outcome {
            Disabled::Created => Settled::Sent("disabled record created"),
            Disabled::Updated => Settled::Sent("disabled"),
            Disabled::Already => Settled::Sent("disabled already"),
        }),
    };
    match done {
        Ok(Settled::Conflict(why)) => {
            // what stands there may be this device's own earlier credential, which we had disabled
            let own = match store.read(|r| enrollment_record::predecessors(r, &keys.vault, row)) {
                Ok(own) => own,
                Err(error) => return parked(error),
            };
            let record = match store.read(|r| enrollment_record::record(r, &keys.vault, row)) {
                Ok(record) => record,
                Err(error) => return parked(error),
            };
            match client.succeed(&record, &own, now) {
                Ok(true) => Settled::Sent("replaced"),
                Ok(false) => Settled::Conflict(why),
                Err(error) => failed(error),
            }
        }
        Ok(settled) => settled,
        Err(error) => failed(error),
    }
}

fn failed(error: DpsError) -> Settled {
    if error.worth_retrying() {
        Settled::Again(error)
    } else {
        Settled::Parked { why: error.to_string(), code: error.code() }
    }
}

/// Writes down what became of a row; when it is tried again, if it is.
fn settle(
    store: &Store,
    row: &OutboxRow,
    settled: Settled,
    now: UtcTime,
) -> Result<Option<UtcTime>, CannotSend> {
    let station = Actor::Station;
    match settled {
        Settled::Sent(outcome) => {
            store.change(&station, now, |change| settle::sent(change, row.id, outcome))?;
        }
        Settled::Conflict(why) => {
            tracing::warn!(code = %Code::EnrollmentConflict, registration_id = %row.registration_id, "{why}");
            store.change(&station, now, |change| {
                settle::conflict(change, row.id, &why, Some(Code::EnrollmentConflict))
            })?;
        }
        Settled::Parked { why, code } => {
            tracing::warn!(%code, registration_id = %row.registration_id, "parked: {why}");
            store.change(&station, now, |change| settle::park(change, row.id, &why, Some(code)))?;
        }
        Settled::Again(error) => {
            let jitter = clock::random().map(u32::from_be_bytes).unwrap_or(u32::MAX / 2);
            let next = schedule::next_try(row.attempts.saturating_add(1), now, error.server_asked(), jitter);
            settle::failed(store, row.id, next, Some(error.code()), &error.to_string())?;
            return Ok(Some(next));
        }
    }
    Ok(None)
}
