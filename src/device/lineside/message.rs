//! What is asked and answered in the `lineside` protocol: typed requests, and answers checked before they
//! are believed.

use crate::device::driver::{CsrKey, Identified, LONGEST_FIELD};
use crate::device::error::{LineError, harmless};
use crate::domain::digest::Digest;
use crate::domain::pair::Which;
use crate::domain::proof::Challenge;

use super::frame::{Frame, Mark, print};

/// How an HMAC key lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Base64 text.
    Base64,
    /// The bytes themselves.
    Raw,
}

/// Where a part of a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Length of the whole file.
    pub total: usize,
    /// Offset of the part.
    pub at: usize,
}

/// A request.
pub enum Request<'a> {
    /// Opens a conversation.
    Hello {
        /// Told apart by this.
        session: [u8; 8],
    },
    /// Who are you?
    Identify,
    /// Make a pending key and request a certificate.
    Csr {
        /// Which of the device's keys.
        which: Which,
        /// Common name.
        cn: &'a str,
        /// Kind of key.
        key: CsrKey,
        /// Keep a pending key if there is one.
        reuse: bool,
    },
    /// A file, whole or a part of it.
    Put {
        /// Where it goes.
        path: &'a str,
        /// Access rights.
        mode: u32,
        /// Which part; `None` for the whole file.
        place: Option<Place>,
        /// The bytes.
        body: &'a [u8],
    },
    /// SHA-256 of a file.
    Digest {
        /// Which.
        path: &'a str,
    },
    /// Move what is pending to its place.
    Commit,
    /// Sign the proof message.
    Sign {
        /// Path of the key; empty for the device's own, [`OWN_SECONDARY`] for its own second one.
        key: &'a str,
        /// The parts.
        challenge: &'a Challenge,
    },
    /// HMAC of the proof message.
    Hmac {
        /// How the key lies in its file.
        form: KeyForm,
        /// Path of the key.
        key: &'a str,
        /// The parts.
        challenge: &'a Challenge,
    },
    /// The end.
    Finish,
}

impl Request<'_> {
    /// Its verb.
    pub fn verb(&self) -> &'static str {
        match self {
            Request::Hello { .. } => "hello",
            Request::Identify => "identify",
            Request::Csr { .. } => "csr",
            Request::Put { place: None, .. } => "put",
            Request::Put { place: Some(_), .. } => "part",
            Request::Digest { .. } => "digest",
            Request::Commit => "commit",
            Request::Sign { .. } => "sign",
            Request::Hmac { .. } => "hmac",
            Request::Finish => "finish",
        }
    }

    /// The bytes on the wire.
    pub fn print(&self, number: u32) -> Vec<u8> {
        let verb = self.verb();
        let proof = |before: &[&str], challenge: &Challenge| {
            let run = challenge.run.to_string();
            let nonce = challenge.nonce_text();
            let parts = [challenge.station.as_str(), &run, challenge.registration_id.as_str(), &nonce];
            print(Mark::Request, number, &[before, &parts].concat(), None)
        };
        let plain = |words: &[&str]| print(Mark::Request, number, words, None);
        match self {
            Request::Hello { session } => plain(&[verb, "1", &hex::encode(session)]),
            Request::Identify | Request::Commit | Request::Finish => plain(&[verb]),
            Request::Csr { which, cn, key, reuse } => {
                let words = [verb, cn, key_word(*key), if *reuse { "reuse" } else { "new" }, which.as_str()];
                // firmware that makes one key knows no word for it
                plain(match which {
                    Which::Primary => words.get(..4).unwrap_or(&words),
                    Which::Secondary => &words,
                })
            }
            Request::Put { path, mode, place, body } => {
                let mode = format!("{mode:o}");
                let place = place.map(|place| (place.total.to_string(), place.at.to_string()));
                let mut words = vec![verb, path, &mode];
                if let Some((total, at)) = &place {
                    words.extend([total.as_str(), at.as_str()]);
                }
                print(Mark::Request, number, &words, Some(body))
            }
            Request::Digest { path } => plain(&[verb, path]),
            Request::Sign { key, challenge } => proof(&[verb, key], challenge),
            Request::Hmac { form, key, challenge } => {
                let form = match form {
                    KeyForm::Base64 => "base64",
                    KeyForm::Raw => "raw",
                };
                proof(&[verb, form, key], challenge)
            }
        }
    }
}

/// Stands for the second key the device made itself, where a path would stand; no path has a colon.
pub const OWN_SECONDARY: &str = ":secondary";

/// The word for a kind of key, in requests and among the capabilities.
pub fn key_word(key: CsrKey) -> &'static str {
    match key {
        CsrKey::P256 => "p256",
        CsrKey::P384 => "p384",
    }
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done(Frame),
    /// Still busy.
    Wait,
    /// The body or an earlier part was lost: send again.
    Again,
    /// There is no conversation: the device has restarted.
    NoHello,
    /// It will not or cannot.
    Refused(LineError),
}

/// Sorts an answer by its first word, which is taken off.
pub fn answer(mut frame: Frame) -> Answer {
    let first = if frame.words.is_empty() { String::new() } else { frame.words.remove(0) };
    let second = frame.words.first().map(String::as_str).unwrap_or_default();
    match (first.as_str(), second) {
        ("ok", _) => Answer::Done(frame),
        ("wait", _) => Answer::Wait,
        ("err", "body" | "gap") => Answer::Again,
        ("err", "hello") => Answer::NoHello,
        ("err", word) => {
            let text = frame.words.get(1).map(String::as_str).unwrap_or_default();
            Answer::Refused(LineError::Refused {
                code: harmless(word.as_bytes(), 32),
                message: harmless(text.as_bytes(), 160),
            })
        }
        (other, _) => Answer::Refused(LineError::Protocol {
            what: format!("“{}” is no answer", harmless(other.as_bytes(), 32)),
        }),
    }
}

/// What a device can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes in one body.
    pub chunk: usize,
    /// Most bytes in one file.
    pub file: usize,
    /// Parts that may be under way at once.
    pub window: usize,
    /// Capability words.
    pub capabilities: Vec<String>,
}

fn broken(what: &str) -> LineError {
    LineError::Protocol { what: what.to_owned() }
}

/// The answer to `hello`.
pub fn limits(frame: &Frame, session: [u8; 8]) -> Result<Limits, LineError> {
    let [version, echoed, chunk, file, window, capabilities] = frame.words.as_slice() else {
        return Err(broken("its answer to hello has not six words"));
    };
    if version != "1" {
        return Err(LineError::NotCapable { what: "protocol version 1".to_owned() });
    }
    if *echoed != hex::encode(session) {
        return Err(broken("it answered another session's hello"));
    }
    let number = |text: &String, least: usize, most: usize| {
        text.parse::<usize>().ok().filter(|n| (least..=most).contains(n))
    };
    Ok(Limits {
        chunk: number(chunk, 16, 65_536).ok_or_else(|| broken("its chunk is not 16 to 65536"))?,
        file: number(file, 16, 1 << 30).ok_or_else(|| broken("its file limit is not 16 to 2^30"))?,
        window: number(window, 1, 16).ok_or_else(|| broken("its window is not 1 to 16"))?,
        capabilities: capabilities.split(',').map(str::to_owned).collect(),
    })
}

/// The answer to `identify`.
pub fn identified(frame: &Frame) -> Result<Identified, LineError> {
    let [serial, mac, model, firmware] = frame.words.as_slice() else {
        return Err(broken("its answer to identify has not four words"));
    };
    let bounded = |text: &String| text.chars().take(LONGEST_FIELD).collect::<String>();
    let optional = |text: &String| if text.is_empty() { None } else { Some(bounded(text)) };
    Ok(Identified {
        serial: bounded(serial),
        mac: optional(mac),
        model: optional(model),
        firmware: optional(firmware),
    })
}

/// The answer to `digest`.
pub fn digest(frame: &Frame) -> Result<Digest, LineError> {
    let [digest] = frame.words.as_slice() else { return Err(broken("its answer to digest is no digest")) };
    digest.parse().map_err(|_| broken("its answer to digest is no digest"))
}

/// An answer that is a body of `least` to `most` bytes.
pub fn body(frame: Frame, least: usize, most: usize) -> Result<Vec<u8>, LineError> {
    match frame.body {
        Some(body) if (least..=most).contains(&body.len()) => Ok(body),
        _ => Err(broken("an answer has no body, or one of the wrong size")),
    }
}
