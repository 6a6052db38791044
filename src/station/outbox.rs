//! The outbox sender: takes what is due, makes it so at Azure, and writes down what became of it. It never
//! stops the line and never spins; attempts and the next try stand in the row, and so does the patience that
//! Azure asked for, which outlives the process and binds every sender.

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
const LONGEST_REST: Duration = Duration::from_secs(30);

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
        let mut trouble = Trouble::default();
        while !floor.stop.load(Ordering::Relaxed) {
            let rest = match floor.keys.current() {
                Some(keys) => tend(&floor, &keys, &mut trouble),
                None => REST,
            };
            let mut rested = Duration::ZERO;
            while rested < rest
                && !floor.stop.load(Ordering::Relaxed)
                && !floor.send_now.swap(false, Ordering::Relaxed)
            {
                thread::sleep(REST.min(rest - rested));
                rested += REST;
            }
        }
    })
}

/// What keeps the sender from sending.
#[derive(Debug, Default)]
struct Trouble {
    /// What was last said of it.
    told: String,
    /// How often it was met in a row.
    times: u32,
}

impl Trouble {
    /// Met again: says it if it is news. How long to rest, ever longer.
    fn met(&mut self, error: &CannotSend) -> Duration {
        let now = error.to_string();
        if self.told != now {
            tracing::warn!(code = %error.code(), "the outbox cannot send: {now}");
            self.told = now;
        }
        let rest = REST.saturating_mul(2u32.saturating_pow(self.times)).min(LONGEST_REST);
        self.times = self.times.saturating_add(1);
        rest
    }
}

/// Sends what is due now; says once what keeps it from sending. How long to rest then.
fn tend(floor: &Floor, keys: &Arc<Unlocked>, trouble: &mut Trouble) -> Duration {
    match send_due(&floor.store, keys, &floor.settings) {
        Ok(Round { tried, rest, away }) => {
            *trouble = Trouble::default();
            // a round that tried nothing has learnt nothing
            if tried > 0 || away.is_some() {
                floor.board.cloud(away);
            }
            rest.unwrap_or(if tried == 0 { REST } else { Duration::ZERO })
        }
        Err(error) => {
            floor.board.cloud(Some(error.code()));
            trouble.met(&error)
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
    /// Nothing more should be asked for this long: the cloud is away, or asked for patience. What it asked
    /// for is honoured even if the next round comes sooner.
    pub rest: Option<Duration>,
    /// Why the cloud took nothing, if it met every row.
    pub away: Option<Code>,
}

/// Sends rows that are due, oldest first, until one meets a failure that all others would meet, too. While
/// Azure's wish for patience lasts, nothing is sent at all.
pub fn send_due(store: &Store, keys: &Unlocked, settings: &Settings) -> Result<Round, CannotSend> {
    let now = clock::now();
    let rows = store.read(|r| outbox::due(r, now, AT_ONCE))?;
    if rows.is_empty() {
        return Ok(Round { tried: 0, rest: None, away: None });
    }
    if let Some(until) = store.read(|r| outbox::patience(r, now))? {
        let rest = Some(until.since(now).min(LONGEST_REST));
        return Ok(Round { tried: 0, rest, away: Some(Code::CloudThrottled) });
    }
    let client = client(keys, settings)?;
    for (row, tried) in rows.iter().zip(1..) {
        let settled = send(store, keys, &client, row, clock::now())?;
        let away = meets_all(&settled);
        // the time that Azure asks for begins with its answer
        let now = clock::now();
        let sent = match &settled {
            Settled::Sent(outcome) => Some(*outcome),
            Settled::Conflict(_) | Settled::Again(_) | Settled::Parked { .. } => None,
        };
        let next = match settle(store, row, settled, now) {
            Ok(next) => next,
            // cancelled while it was being sent: if the cloud has it, that is what the records say
            Err(StoreError::Conflict { table: "outbox", .. }) => {
                if let Some(outcome) = sent {
                    sent_all_the_same(store, row, outcome, now)?;
                }
                None
            }
            Err(error) => return Err(error.into()),
        };
        if away.is_some() {
            let rest = next.map_or(LONGEST_REST, |next| next.since(now).min(LONGEST_REST));
            return Ok(Round { tried, rest: Some(rest), away });
        }
    }
    Ok(Round { tried: rows.len(), rest: None, away: None })
}

/// Writes down that the cloud has a row that was cancelled meanwhile.
fn sent_all_the_same(store: &Store, row: &OutboxRow, outcome: &str, now: UtcTime) -> Result<(), StoreError> {
    tracing::warn!(registration_id = %row.registration_id, "outbox row {} was cancelled too late", row.id);
    let written =
        store.change(&Actor::Station, now, |change| settle::sent_all_the_same(change, row.id, outcome));
    match written {
        // it was not cancelled but settled by somebody else
        Err(StoreError::Conflict { table: "outbox", .. }) => Ok(()),
        written => written,
    }
}

/// Why what became of a row would become of all others, too, if it would.
fn meets_all(settled: &Settled) -> Option<Code> {
    match settled {
        Settled::Again(
            error @ (DpsError::Throttled { .. }
            | DpsError::Server { .. }
            | DpsError::Unreachable { .. }
            | DpsError::Untrusted { .. }),
        ) => Some(error.code()),
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

fn send(
    store: &Store,
    keys: &Unlocked,
    client: &DpsClient,
    row: &OutboxRow,
    now: UtcTime,
) -> Result<Settled, StoreError> {
    match try_to_send(store, keys, client, row, now) {
        Ok(settled) => Ok(settled),
        // trouble of the records as such says nothing about this row
        Err(BadOrder::Store(error)) if !matches!(error, StoreError::Row { .. }) => Err(error),
        Err(error) => Ok(Settled::Parked { why: error.to_string(), code: error.code() }),
    }
}

fn try_to_send(
    store: &Store,
    keys: &Unlocked,
    client: &DpsClient,
    row: &OutboxRow,
    now: UtcTime,
) -> Result<Settled, BadOrder> {
    let make_record = || store.read(|r| enrollment_record::record(r, &keys.vault, row));
    let record = make_record()?;
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
    Ok(match done {
        Ok(Settled::Conflict(why)) => {
            // what stands there may be this device's own earlier credential, which we had disabled
            let own = store.read(|r| enrollment_record::predecessors(r, &keys.vault, row))?;
            match client.succeed(&make_record()?, &own, now) {
                Ok(true) => Settled::Sent("replaced"),
                Ok(false) => Settled::Conflict(why),
                Err(error) => failed(error),
            }
        }
        Ok(settled) => settled,
        Err(error) => failed(error),
    })
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
) -> Result<Option<UtcTime>, StoreError> {
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
