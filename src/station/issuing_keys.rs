//! The keys of issuing CAs behind what the vault keeps of them: a private key, or the name of an object in the token of the
//! settings. And the token's PIN, whose refusal is kept on record until it is set anew.

use crate::ca::ca_key::CaKey;
use crate::ca::certificate::Certificate;
use crate::ca::key::{BadKeyPair, KeyPair};
use crate::ca::token::TokenKey;
use crate::ca::token::object::TokenObject;
use crate::ca::token::pin::Pin;
use crate::ca::token::uri::TokenUri;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::Coded as _;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::issuers::NoIssuer;
use crate::station::settings::Settings;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::meta;
use crate::vault::Vault;

/// Where the settings say that keys of issuing CAs lie: the token, and the first of them; none if they lie in the vault.
pub fn token(folder: &Folder) -> Result<Option<TokenUri>, NoIssuer> {
    Ok(Settings::parse(&folder.read(&folder.settings())?, folder.path())?.issuing_key)
}

/// Whether this is the certificate of the key that the vault keeps so.
pub fn belong_together(certificate: &Certificate, kept: &Secret) -> Result<bool, BadKeyPair> {
    let certified = certificate.public_key();
    if let Some(object) = TokenObject::read(kept) {
        return Ok(object.public_key().is_some_and(|key| certified.is_ok_and(|certified| certified == *key)));
    }
    let key = KeyPair::from_pkcs8(kept)?;
    Ok(certified.is_ok_and(|certified| certified == *key.public_key()))
}

/// The key that the vault keeps so.
pub fn key(folder: &Folder, vault: &Vault, kept: &Secret) -> Result<CaKey, NoIssuer> {
    let Some(object) = TokenObject::read(kept) else { return Ok(KeyPair::from_pkcs8(kept)?.into()) };
    let token = token(folder)?.ok_or(NoIssuer::NoToken)?;
    let public_key = object.public_key().ok_or(NoIssuer::Missing)?;
    Ok(TokenKey::new(object.place(&token), pin(folder, vault), public_key.clone()).into())
}

/// The token's PIN out of the vault. The records are opened only when somebody logs in, which is seldom.
pub fn pin(folder: &Folder, vault: &Vault) -> Pin {
    let (asked, told) = (folder.clone(), folder.clone());
    let was_refused = move |token: &str| {
        let refused = Store::open(&asked.database()).and_then(|store| store.read(meta::pin_refused_by));
        let refused =
            refused.map_err(|error| format!("whether it refused this PIN before is not known: {error}"))?;
        Ok(refused.is_some_and(|by| by == token))
    };
    let remember = move |token: &str| {
        let record = |store: Store| {
            store.change(&Actor::Station, clock::now(), |change| {
                meta::set_pin_refused_by(change, token)?;
                change.record(AuditEvent::TokenPinRefused { token: token.to_owned() });
                Ok::<_, StoreError>(())
            })
        };
        if let Err(error) = Store::open(&told.database()).and_then(record) {
            tracing::error!(code = %error.code(), "that the token refused its PIN is not on record: {error}");
        }
    };
    Pin::kept(vault.secret(&Name::of_token_pin()).ok(), was_refused, remember)
}
