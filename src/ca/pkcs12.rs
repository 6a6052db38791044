//! Certificates as PKCS#12 (RFC 7292): no private key, for the station keeps none. The content is sealed with PBES2
//! (PBKDF2 with HMAC-SHA-256, AES-256 in CBC mode; RFC 8018), the whole is authenticated with HMAC-SHA-256.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hmac, pbkdf2};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

use super::certificate::Certificate;
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;

/// Rounds of both key derivations.
pub const ITERATIONS: NonZeroU32 = NonZeroU32::new(200_000).unwrap();

const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const ENCRYPTED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
const CERT_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const X509_CERTIFICATE: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const FRIENDLY_NAME: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14";
const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC_WITH_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x09";
const AES_256_CBC: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const SHA_256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const NULL: &[u8] = b"\x05\x00";

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BMP_STRING: u8 = 0x1e;
/// `[0]`, around something and in the place of its tag.
const EXPLICIT: u8 = 0xa0;
const IMPLICIT: u8 = 0x80;

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// A password that is no text.
    #[error("the password of a PKCS#12 file is a text of at least one character")]
    Password,
    /// The library did not encrypt; it gives no reason.
    #[error("the PKCS#12 file could not be encrypted")]
    Cipher,
}

impl Coded for NotSealed {
    fn code(&self) -> Code {
        match self {
            NotSealed::Password => Code::SecretInvalid,
            NotSealed::Cipher => Code::SignFailed,
        }
    }
}

/// Salts and initial vector, 16 bytes each; they are never used twice.
pub struct Random {
    /// Salt of the content's key.
    pub salt: [u8; 16],
    /// Initial vector of the content.
    pub iv: [u8; 16],
    /// Salt of the authentication's key.
    pub mac_salt: [u8; 16],
}

/// The file: these certificates, each under its name, sealed with the password.
pub fn seal(
    certificates: &[(String, &Certificate)],
    password: &Secret,
    random: &Random,
) -> Result<Vec<u8>, NotSealed> {
    let text = std::str::from_utf8(password.expose()).ok().filter(|text| !text.is_empty());
    let text = text.ok_or(NotSealed::Password)?;
    let bags: Vec<Vec<u8>> = certificates.iter().map(|(name, one)| bag(name, one)).collect();
    let contents = concat(SEQUENCE, &bags.iter().map(Vec::as_slice).collect::<Vec<_>>());

    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &random.salt, password.expose(), &mut *key);
    let mut sealed = contents;
    UnboundCipherKey::new(&AES_256, &*key)
        .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
        .and_then(|key| {
            let iv = EncryptionContext::Iv128(FixedLength::from(random.iv));
            key.less_safe_encrypt(&mut sealed, iv)
        })
        .map_err(|_| NotSealed::Cipher)?;

    let encrypted = concat(
        SEQUENCE,
        &[
            &[INTEGER, 1, 0],
            &concat(SEQUENCE, &[DATA, &content_cipher(random), &concat(IMPLICIT, &[&sealed])]),
        ],
    );
    let part = concat(SEQUENCE, &[ENCRYPTED_DATA, &concat(EXPLICIT, &[&encrypted])]);
    let safe = concat(SEQUENCE, &[&part]);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &mac_key(text, &random.mac_salt)), &safe);
    let mac = concat(
        SEQUENCE,
        &[
            &concat(SEQUENCE, &[&concat(SEQUENCE, &[SHA_256, NULL]), &concat(OCTETS, &[tag.as_ref()])]),
            &concat(OCTETS, &[&random.mac_salt]),
            &rounds(),
        ],
    );
    let content = concat(SEQUENCE, &[DATA, &concat(EXPLICIT, &[&concat(OCTETS, &[&safe])])]);
    Ok(concat(SEQUENCE, &[&[INTEGER, 1, 3], &content, &mac]))
}

/// RFC 7292 §4.2.3, with the name that Windows and Java show.
fn bag(name: &str, certificate: &Certificate) -> Vec<u8> {
    let held =
        concat(SEQUENCE, &[X509_CERTIFICATE, &concat(EXPLICIT, &[&concat(OCTETS, &[certificate.der()])])]);
    let shown: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let named = concat(SEQUENCE, &[FRIENDLY_NAME, &concat(SET, &[&concat(BMP_STRING, &[&shown])])]);
    concat(SEQUENCE, &[CERT_BAG, &concat(EXPLICIT, &[&held]), &concat(SET, &[&named])])
}

/// RFC 8018 §A.4 and §B.2.5.
fn content_cipher(random: &Random) -> Vec<u8> {
    let derivation = concat(
        SEQUENCE,
        &[&concat(OCTETS, &[&random.salt]), &rounds(), &concat(SEQUENCE, &[HMAC_WITH_SHA256, NULL])],
    );
    let derivation = concat(SEQUENCE, &[PBKDF2, &derivation]);
    let cipher = concat(SEQUENCE, &[AES_256_CBC, &concat(OCTETS, &[&random.iv])]);
    concat(SEQUENCE, &[PBES2, &concat(SEQUENCE, &[&derivation, &cipher])])
}

/// RFC 7292 §B.2 with SHA-256 for purpose 3 (authentication): 32 bytes are one block of it.
fn mac_key(password: &str, salt: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    const BLOCK: usize = 64;
    let mut wide: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.encode_utf16().flat_map(u16::to_be_bytes).collect());
    wide.extend([0, 0]);
    let whole = |length: usize| length.div_ceil(BLOCK) * BLOCK;
    let mut input = Zeroizing::new(vec![3; BLOCK]);
    input.extend(salt.iter().cycle().take(BLOCK));
    input.extend(wide.iter().cycle().take(whole(wide.len())));
    let mut key = Zeroizing::new(digest(&SHA256, &input).as_ref().to_vec());
    for _ in 1..ITERATIONS.get() {
        *key = digest(&SHA256, &key).as_ref().to_vec();
    }
    key
}

fn rounds() -> Vec<u8> {
    let bytes = ITERATIONS.get().to_be_bytes();
    // a number is as short as it can be, with a clear first bit: 200 000 is 03 0d 40
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(3);
    concat(INTEGER, &[bytes.get(start..).unwrap_or_default()])
}

/// A DER value of these parts.
fn concat(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let significant = bytes.get(start..).unwrap_or_default();
    let mut value = vec![tag];
    if length > 0x7f {
        // at most eight bytes of a length
        value.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
    }
    value.extend_from_slice(significant);
    parts.iter().for_each(|part| value.extend_from_slice(part));
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::throwaway::{OpenSsl, ThrowawayCa};

    #[test]
    fn openssl_opens_it_with_the_password_only_and_finds_modern_ciphers() {
        let ca = ThrowawayCa::made_now();
        let random = Random { salt: [1; 16], iv: [2; 16], mac_salt: [3; 16] };
        for password in ["correct horse", "Straßenbahn 東京", &"long ".repeat(40)] {
            let named = [("a root".to_owned(), &ca.root), ("issuing".to_owned(), ca.issuer.certificate())];
            let file = seal(&named, &Secret::from(password.to_owned()), &random).unwrap();
            let openssl = OpenSsl::in_new_folder();
            openssl.write("certificates.p12", &file);
            openssl.write("password", password.as_bytes());
            openssl.write("wrong", b"battery staple");
            let words = ["pkcs12", "-in", "certificates.p12", "-nokeys", "-passin"];
            let found = openssl.run(&[&words[..], &["file:password"]].concat());
            assert!(found.contains(&ca.root.pem()), "{found}");
            assert!(found.contains(&ca.issuer.certificate().pem()), "{found}");
            assert!(openssl.attempt(&[&words[..], &["file:wrong"]].concat()).is_err());
        }
        assert_eq!(seal(&[], &Secret::new(vec![]), &random), Err(NotSealed::Password));
        assert_eq!(seal(&[], &Secret::new(vec![255]), &random), Err(NotSealed::Password));
    }
}
