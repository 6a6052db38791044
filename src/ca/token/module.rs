//! The libraries that speak to tokens: each is loaded and initialised once in a process, for that is what PKCS#11
//! allows, and stays; and the slot in which a token lies right now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::slot::{Slot, TokenInfo};

use super::fault::{TokenFault, described};
use super::uri::TokenUri;

static LOADED: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// The library of this path, initialised.
pub(super) fn loaded(path: &Path) -> Result<Pkcs11, TokenFault> {
    let fault = |cause: String| TokenFault::Module { module: path.to_owned(), cause };
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = loaded.get(path) {
        return Ok(library.clone());
    }
    let library = Pkcs11::new(path).map_err(|error| fault(described(&error)))?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // another path to the same library
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(fault(described(&error))),
    }
    loaded.insert(path.to_owned(), library.clone());
    Ok(library)
}

/// The one slot that holds the token. Slots are numbered anew by many libraries, so the label finds it each time.
pub(super) fn find(library: &Pkcs11, uri: &TokenUri) -> Result<(Slot, TokenInfo), TokenFault> {
    let slots = library.get_slots_with_token().map_err(|error| TokenFault::of(uri.token(), &error))?;
    // a slot that does not answer holds another token, or ours that is being pulled
    let infos = slots.into_iter().filter_map(|slot| Some((slot, library.get_token_info(slot).ok()?)));
    let mut found: Vec<(Slot, TokenInfo)> = infos
        .filter(|(_, info)| info.token_initialized() && info.label() == uri.token())
        .filter(|(_, info)| uri.serial().is_none_or(|serial| info.serial_number() == serial))
        .collect();
    let token = || uri.token().to_owned();
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (Some(_), others) => Err(TokenFault::Ambiguous { token: token(), count: others + 1 }),
        (None, _) => Err(TokenFault::Gone { token: token() }),
    }
}

/// Refuses a token that lacks a mechanism.
pub(super) fn must_have(
    library: &Pkcs11,
    uri: &TokenUri,
    slot: Slot,
    wanted: (MechanismType, &'static str),
) -> Result<(), TokenFault> {
    let all = library.get_mechanism_list(slot).map_err(|error| TokenFault::of(uri.token(), &error))?;
    let (mechanism, name) = wanted;
    match all.contains(&mechanism) {
        true => Ok(()),
        false => Err(TokenFault::Mechanism { token: uri.token().to_owned(), mechanism: name }),
    }
}
