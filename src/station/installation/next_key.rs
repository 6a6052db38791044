//! The key that waits for its certificate: in the vault, or in the token if the settings name one. In a token the vault knows
//! the name of the object before it is made, so that a try that was cut off leaves no key nobody knows of.

use super::{CannotInstall, Place, generations};
use crate::ca::ca_key::CaKey;
use crate::ca::issuer::BadIssuer;
use crate::ca::key::KeyPair;
use crate::ca::public_key::KeyKind;
use crate::ca::token;
use crate::ca::token::fault::TokenFault;
use crate::ca::token::object::TokenObject;
use crate::ca::token::uri::TokenUri;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::folder::Folder;
use crate::station::issuers::{self, NoIssuer};
use crate::station::{clock, crash_point, issuing_keys, vault_changes};
use crate::vault::Vault;

/// Makes a key that waits for its certificate, unless there is one.
pub(super) fn await_certificate(
    place: &Place<'_>,
    vault: &mut Vault,
    actor: &Actor,
    now: UtcTime,
) -> Result<CaKey, CannotInstall> {
    let kept = kept(vault);
    match issuing_keys::token(place.folder)? {
        Some(token) => {
            adopt(place, vault, &token, actor, now)?;
            if kept.is_none_or(|object| object.is_none_or(|object| object.public_key().is_none())) {
                make_in_token(place, vault, &token, actor, now)?;
            }
        }
        None => {
            if !matches!(kept, Some(None)) {
                let key = KeyPair::generate(KeyKind::EcP384)?.pkcs8()?;
                vault_changes::set_next_issuing_key(place.store, vault, key, actor, now)?;
            }
        }
    }
    waiting(place.folder, vault)
}

/// The key that waits, where the settings say that keys lie.
pub(super) fn waiting(folder: &Folder, vault: &Vault) -> Result<CaKey, CannotInstall> {
    let in_token = issuing_keys::token(folder)?.is_some();
    let waits = match kept(vault) {
        None => false,
        Some(None) => !in_token,
        Some(Some(object)) => in_token && object.public_key().is_some(),
    };
    let next = vault.next_issuing_key().ok().filter(|_| waits).ok_or(CannotInstall::NotWanted)?;
    Ok(issuing_keys::key(folder, vault, next)?)
}

/// The name of the object in the token, if the key that waits lies in one.
pub(super) fn object(vault: &Vault) -> Option<String> {
    kept(vault).flatten().map(|object| object.name().to_owned())
}

/// What the vault keeps of the key that waits: nothing, a private key, or the name of an object.
fn kept(vault: &Vault) -> Option<Option<TokenObject>> {
    vault.next_issuing_key().ok().map(TokenObject::read)
}

/// The vault takes note of the first object, which the settings name, before there is a second.
fn adopt(
    place: &Place<'_>,
    vault: &mut Vault,
    token: &TokenUri,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), CannotInstall> {
    let Some(present) = issuers::certificate(place.folder, "issuing.pem")? else { return Ok(()) };
    if vault.issuing_key().is_ok() {
        return Ok(());
    }
    let public_key = present.public_key().map_err(BadIssuer::from).map_err(NoIssuer::from)?;
    let kept = TokenObject::at(token, public_key).kept();
    Ok(vault_changes::set_issuing_key(place.store, vault, kept, actor, now)?)
}

fn make_in_token(
    place: &Place<'_>,
    vault: &mut Vault,
    token: &TokenUri,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), CannotInstall> {
    let begun = kept(vault).flatten().filter(|object| object.public_key().is_none());
    let mut object = match begun {
        Some(object) => object,
        None => intend(place, vault, token, actor, now)?,
    };
    crash_point::reached("token-key-intended");
    let pin = issuing_keys::pin(place.folder, vault);
    let made = match token::generate_or_take_up(&object.place(token), pin.clone()) {
        Err(TokenFault::KeyTaken { object: half, .. }) => {
            tracing::warn!(
                "the token holds half a key named {half}, which a try that was cut off left; nothing uses it"
            );
            object = intend(place, vault, token, actor, now)?;
            token::generate(&object.place(token), pin)
        }
        made => made,
    }?;
    crash_point::reached("token-key-made");
    let public_key = CaKey::from(made).public_key().clone();
    let kept = object.made(public_key).kept();
    Ok(vault_changes::set_next_issuing_key(place.store, vault, kept, actor, now)?)
}

/// Notes the name of the object that is to be made.
fn intend(
    place: &Place<'_>,
    vault: &mut Vault,
    token: &TokenUri,
    actor: &Actor,
    now: UtcTime,
) -> Result<TokenObject, CannotInstall> {
    let object = TokenObject::to_be_made(token, generations(place.store, vault)? + 1, clock::random()?);
    vault_changes::set_next_issuing_key(place.store, vault, object.kept(), actor, now)?;
    Ok(object)
}
