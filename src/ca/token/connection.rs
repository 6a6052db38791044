//! One session with a token, logged in, and the handle of the key in it. Neither survives the token's removal, and
//! that a session opens is no sign that the token is there: only a key that was found is.

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use x509_cert::der::Decode;
use x509_cert::der::asn1::OctetStringRef;

use super::fault::TokenFault;
use super::module;
use super::pin::{self, Pin};
use super::uri::TokenUri;
use super::way::Way;
use crate::ca::body::Body;
use crate::ca::public_key::{KeyKind, PublicKey};

/// The OID of P-384 in DER: CKA_EC_PARAMS.
const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
/// The length of an uncompressed point on P-384.
const POINT: usize = 97;

/// A session in which the key is at hand.
pub(super) struct Connection {
    session: Session,
    key: ObjectHandle,
    way: Way,
}

impl Connection {
    /// Finds the token, logs in and finds the key, which must be the one expected as far as the token tells.
    pub(super) fn open(uri: &TokenUri, pin: &Pin, expected: &PublicKey) -> Result<Connection, TokenFault> {
        let library = module::loaded(uri.module())?;
        let (session, way) = logged_in(&library, uri, pin, false)?;
        let (token, object) = (uri.token(), uri.object());
        let keys = find(&session, uri, ObjectClass::PRIVATE_KEY)?;
        let key = match keys.as_slice() {
            [] => {
                return Err(TokenFault::KeyNotFound { token: token.to_owned(), object: object.to_owned() });
            }
            [key] => *key,
            several => {
                let count = several.len();
                let (token, object) = (token.to_owned(), object.to_owned());
                return Err(TokenFault::KeyAmbiguous { token, object, count });
            }
        };
        // some tokens keep no public part; every signature is verified anyhow
        for public in find(&session, uri, ObjectClass::PUBLIC_KEY)? {
            if public_key(&session, uri, public)? != *expected {
                return Err(TokenFault::OtherKey { token: token.to_owned(), object: object.to_owned() });
            }
        }
        Ok(Connection { session, key, way })
    }

    /// Signs a body with ECDSA and SHA-384: both numbers of the signature one after the other.
    pub(super) fn sign(&self, uri: &TokenUri, body: &Body) -> Result<Vec<u8>, TokenFault> {
        let signed = self.session.sign(&self.way.mechanism(), self.key, &self.way.input(body));
        signed.map_err(|error| TokenFault::of(uri.token(), &error))
    }

    /// Asks the token about the key: only what it tells of a key is a sign of life.
    pub(super) fn is_alive(&self, uri: &TokenUri) -> Result<(), TokenFault> {
        let told = self.session.get_attributes(self.key, &[AttributeType::KeyType]);
        told.map(|_| ()).map_err(|error| TokenFault::of(uri.token(), &error))
    }

    /// Makes a key pair on P-384 in the token: it signs, and cannot be taken out. With `take_up` one that lies there is
    /// taken if it is whole.
    pub(super) fn generate(uri: &TokenUri, pin: &Pin, take_up: bool) -> Result<PublicKey, TokenFault> {
        let library = module::loaded(uri.module())?;
        let (session, _) = logged_in(&library, uri, pin, true)?;
        let token = || uri.token().to_owned();
        let private = find(&session, uri, ObjectClass::PRIVATE_KEY)?;
        let public = find(&session, uri, ObjectClass::PUBLIC_KEY)?;
        match (private.as_slice(), public.as_slice()) {
            ([], []) => {}
            ([private], [public]) if take_up => return kept_in(&session, uri, *private, *public),
            _ => return Err(TokenFault::KeyTaken { token: token(), object: uri.object().to_owned() }),
        }
        let fault = |error| TokenFault::of(uri.token(), &error);
        let mut public = vec![Attribute::Private(false), Attribute::EcParams(P384.to_vec())];
        public.extend([Attribute::Token(true), Attribute::Verify(true)]);
        // some libraries allow a key everything that is not denied it
        public.extend([Attribute::Encrypt(false), Attribute::Wrap(false)]);
        public.extend(named(uri));
        let mut private = vec![Attribute::Private(true), Attribute::Sensitive(true)];
        private.extend([Attribute::Extractable(false), Attribute::Token(true), Attribute::Sign(true)]);
        private.extend([Attribute::Decrypt(false), Attribute::Unwrap(false), Attribute::Derive(false)]);
        private.extend(named(uri));
        let made = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private);
        let (public, private) = made.map_err(fault)?;
        kept_in(&session, uri, private, public)
    }
}

/// The public part of a key pair of ours that cannot be taken out of the token; one that can be is deleted.
fn kept_in(
    session: &Session,
    uri: &TokenUri,
    private: ObjectHandle,
    public: ObjectHandle,
) -> Result<PublicKey, TokenFault> {
    let fault = |error| TokenFault::of(uri.token(), &error);
    let wanted = [AttributeType::Sensitive, AttributeType::Extractable];
    let kept = session.get_attributes(private, &wanted).map_err(fault)?;
    if !kept.contains(&Attribute::Sensitive(true)) || !kept.contains(&Attribute::Extractable(false)) {
        session.destroy_object(private).and_then(|()| session.destroy_object(public)).map_err(fault)?;
        return Err(TokenFault::NotSensitive { token: uri.token().to_owned() });
    }
    public_key(session, uri, public)
}

fn logged_in(
    library: &Pkcs11,
    uri: &TokenUri,
    pin: &Pin,
    to_make_a_key: bool,
) -> Result<(Session, Way), TokenFault> {
    let (slot, info) = module::find(library, uri)?;
    let has = module::mechanisms(library, uri, slot)?;
    let lacks = |mechanism| TokenFault::Mechanism { token: uri.token().to_owned(), mechanism };
    let way = Way::of(&has).ok_or_else(|| lacks("CKM_ECDSA"))?;
    pin.must_be_there(uri.token())?;
    let opened = match to_make_a_key {
        true => {
            if !has.contains(&MechanismType::ECC_KEY_PAIR_GEN) {
                return Err(lacks("CKM_EC_KEY_PAIR_GEN"));
            }
            library.open_rw_session(slot)
        }
        false => library.open_ro_session(slot),
    };
    let session = opened.map_err(|error| TokenFault::of(uri.token(), &error))?;
    pin::log_in(&session, uri, &info, pin)?;
    Ok((session, way))
}

/// What names a key of this URI.
fn named(uri: &TokenUri) -> impl Iterator<Item = Attribute> {
    let id = uri.id().map(|id| Attribute::Id(id.to_vec()));
    [Attribute::Label(uri.object().as_bytes().to_vec())].into_iter().chain(id)
}

fn find(session: &Session, uri: &TokenUri, class: ObjectClass) -> Result<Vec<ObjectHandle>, TokenFault> {
    let mut wanted = vec![Attribute::Class(class), Attribute::KeyType(KeyType::EC), Attribute::Token(true)];
    wanted.extend(named(uri));
    session.find_objects(&wanted).map_err(|error| TokenFault::of(uri.token(), &error))
}

/// The point of a public key: an OCTET STRING in DER, as the standard has it, or bare, as some tokens do.
fn public_key(session: &Session, uri: &TokenUri, public: ObjectHandle) -> Result<PublicKey, TokenFault> {
    let attributes = session.get_attributes(public, &[AttributeType::EcPoint]);
    let attributes = attributes.map_err(|error| TokenFault::of(uri.token(), &error))?;
    let bad = || TokenFault::NotP384 { token: uri.token().to_owned() };
    let [Attribute::EcPoint(point)] = attributes.as_slice() else { return Err(bad()) };
    let point = match point.len() {
        POINT => point.as_slice(),
        _ => <&OctetStringRef>::from_der(point).map_err(|_| bad())?.as_bytes(),
    };
    PublicKey::from_point(KeyKind::EcP384, point).map_err(|_| bad())
}
