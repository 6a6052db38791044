//! Which object of a token is the key of an issuing CA: its name there and the public key, as the vault keeps them in the
//! place of a private key. The token and its module are named by the settings, so they can change their place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::uri::TokenUri;
use crate::ca::public_key::PublicKey;
use crate::domain::secret::Secret;

/// The longest part of the first object's name that goes into the names of those after it, in bytes.
const LONGEST_BASE: usize = 64;

/// A key pair in a token, made or still to be made.
#[derive(Clone)]
pub struct TokenObject {
    object: String,
    id: Option<Vec<u8>>,
    public_key: Option<PublicKey>,
}

impl TokenObject {
    /// The object that this URI names, which holds the private part of this key.
    pub fn at(place: &TokenUri, public_key: PublicKey) -> TokenObject {
        let id = place.id().map(<[u8]>::to_vec);
        TokenObject { object: place.object().to_owned(), id, public_key: Some(public_key) }
    }

    /// A name no other object has, for the key of the issuing CA of this generation: label and CKA_ID end in the same
    /// random bytes, so that either finds it.
    pub fn to_be_made(place: &TokenUri, generation: u32, random: [u8; 8]) -> TokenObject {
        let mut base = place.object();
        while base.len() > LONGEST_BASE {
            let mut chars = base.chars();
            chars.next_back();
            base = chars.as_str();
        }
        let object = format!("{base}-g{generation}-{}", hex::encode(random));
        TokenObject { object, id: Some(random.to_vec()), public_key: None }
    }

    /// The same once its key was made.
    pub fn made(self, public_key: PublicKey) -> TokenObject {
        TokenObject { public_key: Some(public_key), ..self }
    }

    /// What the vault keeps in the place of a private key; none if that is a private key itself.
    pub fn read(kept: &Secret) -> Option<TokenObject> {
        let Kept { object, id, public_key } = serde_json::from_slice(kept.expose()).ok()?;
        let id = id.map(hex::decode).transpose().ok()?;
        let spki = public_key.map(|key| STANDARD.decode(key)).transpose().ok()?;
        let public_key = spki.map(|spki| PublicKey::from_spki_der(&spki)).transpose().ok()?;
        Some(TokenObject { object, id, public_key })
    }

    /// What the vault is to keep.
    pub fn kept(&self) -> Secret {
        let id = self.id.as_ref().map(hex::encode);
        let public_key = self.public_key.as_ref().map(|key| STANDARD.encode(key.spki_der()));
        let kept = json!({ "object": self.object, "id": id, "public_key": public_key });
        Secret::from(kept.to_string())
    }

    /// Its public key, once it was made.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }

    /// Its label.
    pub fn name(&self) -> &str {
        &self.object
    }

    /// Where it lies, in the token of this URI.
    pub fn place(&self, token: &TokenUri) -> TokenUri {
        token.with_object(&self.object, self.id.as_deref())
    }
}

/// As JSON, which no PKCS#8 key is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    object: String,
    id: Option<String>,
    public_key: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::key::KeyPair;
    use crate::ca::public_key::KeyKind;

    #[test]
    fn an_object_is_read_as_it_was_kept_and_a_private_key_is_none() {
        let token: TokenUri = "pkcs11:token=t;object=issuing?module-path=/m.so".parse().unwrap();
        let key = KeyPair::generate(KeyKind::EcP384).unwrap();
        assert!(TokenObject::read(&key.pkcs8().unwrap()).is_none());
        let first = TokenObject::at(&token, key.public_key().clone());
        let again = TokenObject::read(&first.kept()).unwrap();
        assert_eq!((again.name(), again.id.as_deref()), ("issuing", None));
        assert!(again.public_key() == Some(key.public_key()));
        assert_eq!(again.place(&token), token);

        let next = TokenObject::to_be_made(&token, 2, [7; 8]);
        let again = TokenObject::read(&next.kept()).unwrap();
        assert!(again.public_key().is_none());
        assert_eq!(again.name(), "issuing-g2-0707070707070707");
        let place = again.place(&token);
        assert_eq!((place.object(), place.id()), (again.name(), Some(&[7; 8][..])));
        assert_eq!(place.to_string().parse(), Ok(place.clone()), "{place} is a URI");
        assert_eq!((place.token(), place.module()), (token.token(), token.module()));
        let long: TokenUri =
            format!("pkcs11:token=t;object={}?module-path=/m.so", "%C3%A4".repeat(100)).parse().unwrap();
        assert_eq!(
            TokenObject::to_be_made(&long, 2, [7; 8]).name(),
            format!("{}-g2-0707070707070707", "ä".repeat(32))
        );
    }
}
