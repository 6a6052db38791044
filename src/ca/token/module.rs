//! The libraries that speak to tokens: each is loaded once in a process and initialised for all of it, for that is what
//! PKCS#11 allows; and the slot in which a token lies right now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::slot::{Slot, TokenInfo};

use super::fault::{TokenFault, described};
use super::uri::TokenUri;

/// A library that was loaded. It stays so: what it has begun in this process does not end with a handle of ours.
struct Loaded {
    library: Pkcs11,
    initialised: bool,
}

static LOADED: Mutex<BTreeMap<PathBuf, Loaded>> = Mutex::new(BTreeMap::new());
/// Held to read while a library is called, to write while one begins anew.
static CALLS: RwLock<()> = RwLock::new(());

/// Nothing begins anew while this is held.
pub(super) fn in_use() -> RwLockReadGuard<'static, ()> {
    CALLS.read().unwrap_or_else(PoisonError::into_inner)
}

/// The library of this path, initialised.
pub(super) fn loaded(path: &Path) -> Result<Pkcs11, TokenFault> {
    let fault = |error: Error| TokenFault::Module { module: path.to_owned(), cause: described(&error) };
    let mut all = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.contains_key(path) {
        let library = Pkcs11::new(path).map_err(fault)?;
        all.insert(path.to_owned(), Loaded { library, initialised: false });
    }
    let unknown = || TokenFault::Module { module: path.to_owned(), cause: "it was not loaded".to_owned() };
    let loaded = all.get_mut(path).ok_or_else(unknown)?;
    if !loaded.initialised {
        match loaded.library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // another path to the same library
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => loaded.initialised = true,
            Err(error) => return Err(fault(error)),
        }
    }
    Ok(loaded.library.clone())
}

/// Ends what the library has begun, so that its next use looks for tokens from the start: some never see a token
/// again that was pulled. Every session is gone then; whoever had one finds that out and opens another.
pub(super) fn begin_anew(path: &Path) {
    let _alone = CALLS.write().unwrap_or_else(PoisonError::into_inner);
    let mut all = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = all.get_mut(path) {
        // one that cannot even be ended says so again when it is initialised
        let _ = loaded.library.clone().finalize();
        loaded.initialised = false;
    }
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

/// The mechanisms of the token in this slot.
pub(super) fn mechanisms(
    library: &Pkcs11,
    uri: &TokenUri,
    slot: Slot,
) -> Result<Vec<MechanismType>, TokenFault> {
    library.get_mechanism_list(slot).map_err(|error| TokenFault::of(uri.token(), &error))
}
