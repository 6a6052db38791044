//! Watches the token that the issuing CA's key lies in: while it is away the pages and the log say so, and no longer once
//! it is back.

use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::ca::signer::SignFailed;
use crate::domain::code::Coded as _;
use crate::station::board::{Fault, Worry};
use crate::station::slots::Floor;

/// How often it is looked at.
const LOOKING: Duration = Duration::from_secs(5);
/// How soon the watch sees that the station was unlocked, or ends.
const TURN: Duration = Duration::from_millis(250);

/// Starts the watch, if the settings say that the key lies in a token.
pub fn start(floor: &Floor) -> std::io::Result<Option<JoinHandle<()>>> {
    if floor.settings.issuing_key.is_none() {
        return Ok(None);
    }
    let floor = floor.clone();
    let watch = thread::Builder::new().name("token".to_owned()).spawn(move || {
        let mut looked: Option<Instant> = None;
        while !floor.stop.load(Ordering::Relaxed) {
            if looked.is_none_or(|at| at.elapsed() >= LOOKING)
                && let Some(keys) = floor.keys.current()
            {
                look(&floor, keys.issuer.ready().err());
                looked = Some(Instant::now());
            }
            thread::sleep(TURN);
        }
    })?;
    Ok(Some(watch))
}

/// Shows what is wrong with it, or that nothing is; the log tells each once.
fn look(floor: &Floor, wrong: Option<SignFailed>) {
    let news = floor.board.warn(Worry::Token, wrong.as_ref().map(Fault::of));
    match wrong {
        Some(error) if news => {
            tracing::warn!(code = %error.code(), "nothing can be signed: {error}");
        }
        None if news => tracing::info!("the token with the issuing CA's key is back"),
        Some(_) | None => {}
    }
}
