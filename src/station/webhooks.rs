//! Webhooks: other systems are told what the audit log says, in its order and at least once. Each has a thread and
//! a durable cursor of its own, which moves on only once the receiver has taken what is before it. A locked station
//! sends nothing.

pub mod parcel;

use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::azure::https::ClientError;
use crate::azure::schedule;
use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;
use crate::station::board::{Fault, Worry};
use crate::station::clock;
use crate::station::keys::Unlocked;
use crate::station::post::{PostFailed, Postman};
use crate::station::settings::Settings;
use crate::station::settings::outside::Webhook;
use crate::station::slots::Floor;
use crate::station::webhooks::parcel::{Next, Parcel};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::webhooks::{self, Cursor};
use crate::vault::error::VaultError;

/// How long a sender rests when there is nothing to tell.
const REST: Duration = Duration::from_millis(250);
/// What a webhook need not be told is put on its books only after so many entries: they are read quickly again.
const PASSED_OVER: u64 = 1000;
/// After so many attempts in vain everybody at the station is told.
const TROUBLING: u32 = 3;

/// How long a receiver may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

/// Why nothing was delivered.
#[derive(Debug, thiserror::Error)]
enum CannotDeliver {
    /// The secret that signs is not in the vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The receiver did not take it.
    #[error(transparent)]
    Post(#[from] PostFailed),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CannotDeliver {
    fn code(&self) -> Code {
        match self {
            CannotDeliver::Vault(error) => error.code(),
            CannotDeliver::Client(error) => error.code(),
            CannotDeliver::Post(error) => error.code(),
            CannotDeliver::Store(error) => error.code(),
        }
    }
}

impl CannotDeliver {
    /// How long the receiver asks to be left alone, at most [`LONGEST_ASKED`].
    fn asked(&self) -> Option<Duration> {
        match self {
            CannotDeliver::Post(error) => error.retry_after().map(|asked| asked.min(LONGEST_ASKED)),
            CannotDeliver::Vault(_) | CannotDeliver::Client(_) | CannotDeliver::Store(_) => None,
        }
    }
}

/// Starts a thread for each webhook of the settings. A new one is told what comes from now on.
///
/// # Errors
/// Those of the operating system, when a thread cannot be started.
pub fn start(floor: &Floor) -> std::io::Result<Vec<JoinHandle<()>>> {
    let webhooks = floor.settings.webhooks.iter().cloned().enumerate();
    webhooks
        .map(|(number, webhook)| {
            let floor = floor.clone();
            let name = format!("webhook {}", webhook.name);
            thread::Builder::new().name(name).spawn(move || tend(&floor, &webhook, Worry::Webhook(number)))
        })
        .collect()
}

/// Makes sure that each webhook has its cursor. To be called before anything else is recorded.
pub fn enter(store: &Store, settings: &Settings, now: UtcTime) -> Result<(), StoreError> {
    settings.webhooks.iter().try_for_each(|webhook| webhooks::enter(store, &webhook.name, now))
}

fn tend(floor: &Floor, webhook: &Webhook, worry: Worry) {
    let mut sender = Sender::default();
    while !floor.stop.load(Ordering::Relaxed) {
        let moved = match floor.keys.current() {
            Some(keys) => step(floor, webhook, worry, &keys, &mut sender),
            None => false,
        };
        if !moved {
            thread::sleep(REST);
        }
    }
}

/// What a thread keeps between deliveries.
#[derive(Default)]
struct Sender {
    postman: Option<Postman>,
    /// Up to here there is nothing to tell.
    seen: u64,
}

/// Tells the next thing, if one is due. Whether there may be more at once.
fn step(floor: &Floor, webhook: &Webhook, worry: Worry, keys: &Unlocked, sender: &mut Sender) -> bool {
    let store = &floor.store;
    let now = clock::now();
    let cursor = match store.read(|r| webhooks::get(r, &webhook.name)) {
        Ok(Some(cursor)) if cursor.next_try <= now => cursor,
        Ok(Some(cursor)) => {
            // also after a restart
            show(floor, worry, &cursor);
            return false;
        }
        Ok(None) => return false,
        Err(error) => {
            tracing::error!(code = %error.code(), webhook = %webhook.name, "webhook: {error}");
            return false;
        }
    };
    let done = deliver(floor, webhook, keys, &cursor, sender);
    let now = clock::now();
    let written = match &done {
        Ok(Moved::Nothing) => return false,
        Ok(Moved::Over { seq }) => {
            sender.seen = *seq;
            if seq.saturating_sub(cursor.seq) < PASSED_OVER {
                return true;
            }
            webhooks::advance(store, &webhook.name, *seq, cursor.checkpoint, now)
        }
        Ok(Moved::Told { seq, checkpoint }) => {
            floor.board.warn(worry, None);
            webhooks::advance(store, &webhook.name, *seq, *checkpoint, now)
        }
        Err(error) => {
            sender.postman = None;
            let attempts = cursor.attempts.saturating_add(1);
            let jitter = clock::random().map(u32::from_be_bytes).unwrap_or(u32::MAX / 2);
            let next_try = schedule::next_try(attempts, now, error.asked(), jitter);
            if attempts == 1 || attempts == TROUBLING {
                tracing::warn!(code = %error.code(), webhook = %webhook.name, attempts, "webhook: {error}");
            }
            let fault = Fault::of(error);
            let since = cursor.since.or(Some(now));
            let (last_error, last_code) = (Some(fault.sentence.clone()), Some(fault.code));
            show(floor, worry, &Cursor { attempts, last_error, last_code, since, ..cursor });
            webhooks::failed(store, &webhook.name, next_try, (&fault.sentence, fault.code), now)
        }
    };
    if let Err(error) = written {
        // told again later: at least once
        tracing::error!(code = %error.code(), webhook = %webhook.name, "webhook: {error}");
        return false;
    }
    done.is_ok()
}

fn show(floor: &Floor, worry: Worry, cursor: &Cursor) {
    if cursor.attempts < TROUBLING {
        return;
    }
    let code = cursor.last_code.unwrap_or(Code::WebhookFailed);
    let sentence = cursor.last_error.clone().unwrap_or_default();
    floor.board.warn(worry, Some(Fault { code, sentence, since: cursor.since }));
}

/// What one step came to.
enum Moved {
    Nothing,
    Over { seq: u64 },
    Told { seq: u64, checkpoint: u64 },
}

/// Delivers the next thing. How far the receiver is then told.
fn deliver(
    floor: &Floor,
    webhook: &Webhook,
    keys: &Unlocked,
    cursor: &Cursor,
    sender: &mut Sender,
) -> Result<Moved, CannotDeliver> {
    let seen = sender.seen.max(cursor.seq);
    let next = floor.store.read(|r| parcel::next(r, webhook, seen, cursor.checkpoint))?;
    let (parcel, seq, checkpoint) = match next {
        Next::Nothing => return Ok(Moved::Nothing),
        Next::Skip { seq } => return Ok(Moved::Over { seq }),
        Next::Tell { parcel, seq, checkpoint } => (parcel, seq, checkpoint),
    };
    let secret = keys.vault.secret(&webhook.secret)?;
    let Parcel { id, body } = parcel;
    let headers = [
        ("X-Lineside-Signature", parcel::signature(secret, clock::now(), &body)),
        ("X-Lineside-Delivery", id),
        ("X-Lineside-Webhook", webhook.name.to_string()),
    ];
    let ready = match &mut sender.postman {
        Some(ready) => ready,
        None => {
            sender.postman.insert(Postman::new(webhook.address.clone(), &webhook.roots, webhook.timeout)?)
        }
    };
    ready.send(body, &headers, clock::now())?;
    Ok(Moved::Told { seq, checkpoint })
}
