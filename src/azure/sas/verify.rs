//! Judging a token that somebody presents: any order of its parameters, any spelling of its resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Resource, SasKey};
use crate::azure::percent;
use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;

/// The longest token that is read, in bytes.
pub const LONGEST: usize = 4096;

/// Why a token is refused. The signature is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// Longer than any real token.
    #[error("the token has {0} characters, more than {LONGEST}")]
    TooLong(usize),
    /// Something else stands there.
    #[error("the token does not begin with “SharedAccessSignature ”")]
    NotSas,
    /// A parameter is not there.
    #[error("the token has no parameter {0}")]
    Missing(&'static str),
    /// A parameter stands twice.
    #[error("the token has the parameter {0} twice")]
    Twice(&'static str),
    /// A parameter cannot be decoded.
    #[error("the token's parameter {0} cannot be read")]
    Garbled(&'static str),
    /// Its time is over.
    #[error("the token ended at {at}")]
    Expired {
        /// When.
        at: UtcTime,
    },
    /// Made for something else.
    #[error("the token is for “{found}”, not for “{expected}”")]
    OtherResource {
        /// What it names.
        found: String,
        /// What it should name.
        expected: String,
    },
    /// A device's token at DPS names a policy that is not `registration`.
    #[error("the token names the policy “{0}”, a device's token names “registration” or none")]
    Policy(String),
    /// Another key, or an altered token.
    #[error("the token's signature is not of this key")]
    Signature,
}

impl Coded for BadToken {
    fn code(&self) -> Code {
        Code::TokenRefused
    }
}

/// A token taken apart, nothing of it believed yet.
#[derive(Clone)]
pub struct PresentedToken<'a> {
    sr: &'a str,
    se: &'a str,
    tag: [u8; 32],
    resource: String,
    expires: UtcTime,
    policy: Option<String>,
}

impl<'a> PresentedToken<'a> {
    /// Takes a token apart. Parameters it does not know are passed over, as Azure does.
    pub fn parse(text: &'a str) -> Result<PresentedToken<'a>, BadToken> {
        if text.len() > LONGEST {
            return Err(BadToken::TooLong(text.len()));
        }
        let parameters = text.trim().strip_prefix("SharedAccessSignature ").ok_or(BadToken::NotSas)?;
        let (mut sr, mut sig, mut se, mut skn) = (None, None, None, None);
        for parameter in parameters.trim().split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (place, name) = match name {
                "sr" => (&mut sr, "sr"),
                "sig" => (&mut sig, "sig"),
                "se" => (&mut se, "se"),
                "skn" => (&mut skn, "skn"),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(BadToken::Twice(name));
            }
        }
        let sr = sr.ok_or(BadToken::Missing("sr"))?;
        let sig = sig.ok_or(BadToken::Missing("sig"))?;
        let se = se.ok_or(BadToken::Missing("se"))?;
        if se.is_empty() || !se.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadToken::Garbled("se"));
        }
        let expires: i64 = se.parse().map_err(|_| BadToken::Garbled("se"))?;
        let policy = match skn.filter(|skn| !skn.is_empty()) {
            Some(skn) => Some(percent::decode(skn).ok_or(BadToken::Garbled("skn"))?),
            None => None,
        };
        Ok(PresentedToken {
            sr,
            se,
            tag: tag(sig).ok_or(BadToken::Garbled("sig"))?,
            resource: percent::decode(sr).ok_or(BadToken::Garbled("sr"))?,
            expires: UtcTime::from_seconds(expires),
            policy,
        })
    }

    /// The policy it names: whoever verifies looks up that policy's key.
    pub fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// Believes the token if this key signed it, for this resource, and its time is not over.
    pub fn verify(&self, key: &SasKey, expected: &Resource, now: UtcTime) -> Result<(), BadToken> {
        if !key.0.verify(&[self.sr.as_bytes(), b"\n", self.se.as_bytes()], &self.tag) {
            return Err(BadToken::Signature);
        }
        if self.expires <= now {
            return Err(BadToken::Expired { at: self.expires });
        }
        let fits = match expected {
            Resource::Host(asked) => covers(&self.resource, asked),
            Resource::DpsRegistration { .. } => {
                if let Some(policy) = self.policy.as_ref().filter(|policy| *policy != "registration") {
                    return Err(BadToken::Policy(policy.clone()));
                }
                self.resource.eq_ignore_ascii_case(&expected.path())
            }
        };
        if !fits {
            return Err(BadToken::OtherResource { found: self.resource.clone(), expected: expected.path() });
        }
        Ok(())
    }
}

/// Judges a token's text at once; see [`PresentedToken::verify`].
pub fn verify(text: &str, key: &SasKey, expected: &Resource, now: UtcTime) -> Result<(), BadToken> {
    PresentedToken::parse(text)?.verify(key, expected, now)
}

fn tag(sig: &str) -> Option<[u8; 32]> {
    STANDARD.decode(percent::decode(sig)?).ok()?.try_into().ok()
}

/// Whether what the token names is, segment by segment, the beginning of what is asked for. A token for a
/// host without a port is good for any port of it, since clients differ in whether they sign the port.
fn covers(named: &str, asked: &str) -> bool {
    let mut asked = asked.split('/');
    let mut named = named.trim_end_matches('/').split('/');
    let (Some(named_host), Some(asked_host)) = (named.next(), asked.next()) else { return false };
    let without_port = match asked_host.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => asked_host,
    };
    let host_fits =
        named_host.eq_ignore_ascii_case(asked_host) || named_host.eq_ignore_ascii_case(without_port);
    host_fits
        && !named_host.is_empty()
        && named.all(|segment| asked.next().is_some_and(|asked| asked.eq_ignore_ascii_case(segment)))
}

#[cfg(test)]
mod tests;
