//! Judges shared access signatures (SAS tokens) as the service does: over the `sr` text exactly as it stands
//! in the token, whatever its escaping, letter case and the order of the parameters. SDKs differ in all three.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::percent;
use crate::domain::utc_time::UtcTime;

/// Longer tokens are refused unread.
const LONGEST: usize = 4096;
const SCHEME: &str = "SharedAccessSignature ";

/// A token whose form is right; nothing is verified yet.
#[derive(Debug)]
pub(super) struct Token {
    signed_text: String,
    signature: Vec<u8>,
    expires: u64,
    /// What the token is for, percent-decoded.
    pub(super) resource: String,
    /// The policy (`skn`); device tokens made by the Python SDK carry none.
    pub(super) policy: Option<String>,
}

/// Why a text is no token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadToken {
    /// Not `SharedAccessSignature …`, or too long.
    #[error("the Authorization header is no SharedAccessSignature of at most {LONGEST} characters")]
    Scheme,
    /// A parameter that must be there once is missing, doubled or unreadable.
    #[error("the token's parameter {0} is missing, doubled or unreadable")]
    Field(&'static str),
    /// A parameter nobody knows.
    #[error("the token has an unknown parameter “{0}”")]
    Unknown(String),
}

/// Reads the header's value.
pub(super) fn parse(header: &str) -> Result<Token, BadToken> {
    let scheme = header.get(..SCHEME.len()).filter(|head| head.eq_ignore_ascii_case(SCHEME));
    if scheme.is_none() || header.len() > LONGEST {
        return Err(BadToken::Scheme);
    }
    let (mut sr, mut sig, mut se, mut skn) = (None, None, None, None);
    for field in header.get(SCHEME.len()..).unwrap_or_default().trim().split('&') {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let (slot, name) = match name {
            "sr" => (&mut sr, "sr"),
            "sig" => (&mut sig, "sig"),
            "se" => (&mut se, "se"),
            "skn" => (&mut skn, "skn"),
            other => return Err(BadToken::Unknown(other.chars().take(24).collect())),
        };
        if slot.replace(value).is_some() {
            return Err(BadToken::Field(name));
        }
    }
    let sr = sr.ok_or(BadToken::Field("sr"))?;
    let se = se.ok_or(BadToken::Field("se"))?;
    let resource = percent::decode(sr).filter(|text| !text.is_empty()).ok_or(BadToken::Field("sr"))?;
    let signature = sig
        .and_then(percent::decode)
        .and_then(|text| STANDARD.decode(text).ok())
        .ok_or(BadToken::Field("sig"))?;
    let expires = se.parse().map_err(|_| BadToken::Field("se"))?;
    let policy = match skn {
        None | Some("") => None,
        Some(name) => Some(percent::decode(name).ok_or(BadToken::Field("skn"))?),
    };
    Ok(Token { signed_text: format!("{sr}\n{se}"), signature, expires, resource, policy })
}

impl Token {
    /// Whether this key made the signature; takes the same time whatever differs.
    pub(super) fn is_signed_by(&self, key: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::verify(&key, self.signed_text.as_bytes(), &self.signature).is_ok()
    }

    /// Whether the token's time is over.
    pub(super) fn is_expired(&self, now: UtcTime) -> bool {
        u64::try_from(now.seconds()).unwrap_or(0) >= self.expires
    }
}

/// Whether a token for `sr` opens `resource`: equal or a leading part of it, segment by segment, in any case.
pub(super) fn covers(sr: &str, resource: &str) -> bool {
    let mut have = resource.split('/');
    sr.trim_end_matches('/')
        .split('/')
        .all(|part| have.next().is_some_and(|own| own.eq_ignore_ascii_case(part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // a device token recorded from the Node SDK: raw slashes, key of the group derived for sn-0001
    const GROUP_KEY: &str =
        "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";

    fn derived(id: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(GROUP_KEY).unwrap());
        hmac::sign(&key, id.as_bytes()).as_ref().to_vec()
    }

    #[test]
    fn recorded_tokens_of_two_sdks_are_read_and_judged() {
        let node = include_str!("../../../fixtures/dps/node-device-group.authorization").trim_end();
        let token = parse(node).unwrap();
        assert_eq!(token.resource, "0ne00000LAB/registrations/sn-0001");
        assert_eq!(token.policy.as_deref(), Some("registration"));
        assert!(token.is_signed_by(&derived("sn-0001")));
        assert!(!token.is_signed_by(&derived("sn-0002")));
        assert!(!token.is_expired(UtcTime::from_seconds(1_795_354_665)));
        assert!(token.is_expired(UtcTime::from_seconds(1_795_354_666)));

        let python = include_str!("../../../fixtures/dps/python-device.authorization").trim_end();
        let token = parse(python).unwrap();
        assert_eq!(token.resource, "0ne00000LAB/registrations/sn-0001");
        assert_eq!(token.policy, None);
    }

    #[test]
    fn the_order_of_the_parameters_does_not_matter() {
        let key = b"0123456789abcdef";
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"LocalHost%3a8443\n99");
        let sig = STANDARD.encode(tag).replace('+', "%2b").replace('/', "%2F").replace('=', "%3D");
        for text in [
            format!("SharedAccessSignature sr=LocalHost%3a8443&sig={sig}&skn=p&se=99"),
            format!("sharedaccesssignature skn=p&se=99&sig={sig}&sr=LocalHost%3a8443"),
        ] {
            let token = parse(&text).unwrap();
            assert!(token.is_signed_by(key), "{text}");
            assert!(covers(&token.resource, "localhost:8443/enrollments/x"));
        }
    }

    #[test]
    fn a_prefix_counts_by_whole_segments() {
        assert!(covers("Hub", "hub/devices/a"));
        assert!(covers("hub/devices/", "hub/devices/a"));
        assert!(!covers("hub/dev", "hub/devices/a"));
        assert!(!covers("hub/devices/a/b", "hub/devices/a"));
    }

    #[test]
    fn broken_tokens_are_named() {
        assert_eq!(parse("Bearer x").unwrap_err(), BadToken::Scheme);
        let field = |text: &str| parse(&format!("{SCHEME}{text}")).unwrap_err();
        assert_eq!(field("sr=a&se=1"), BadToken::Field("sig"));
        assert_eq!(field("sr=a&sr=b&sig=YQ%3D%3D&se=1"), BadToken::Field("sr"));
        assert_eq!(field("sr=a&sig=YQ%3D%3D&se=soon"), BadToken::Field("se"));
        assert_eq!(field("sr=a&sig=!&se=1"), BadToken::Field("sig"));
        assert_eq!(field("sr=a&sig=YQ%3D%3D&se=1&x=1"), BadToken::Unknown("x".into()));
    }

    proptest! {
        #[test]
        fn hostile_headers_never_panic(text in "(SharedAccessSignature )?[a-z=&%\\PC]{0,60}") {
            let _ = parse(&text);
        }
    }
}
