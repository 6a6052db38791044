//! What a virtual device does with a request: the state machine behind the line protocol.

use std::io;

use super::fault::{Fault, Verb};
use super::keys;
use super::memory::{Entry, Memory, is_path};
use super::wire::{Heard, say};
use crate::domain::digest::Digest;

/// Most bytes in one body.
pub(super) const CHUNK: usize = 4096;
const LARGEST_FILE: usize = 256 * 1024;
const WINDOW: usize = 2;

/// Where a key that the device made lies.
struct OwnKey {
    pending: &'static str,
    in_use: &'static str,
}

/// Its own key, and the second one.
const KEYS: [OwnKey; 2] = [
    OwnKey { pending: "pending-key.pem", in_use: "key.pem" },
    OwnKey { pending: "pending-secondary-key.pem", in_use: "secondary-key.pem" },
];

/// What is to be done on the line.
pub(super) enum Act {
    /// Nothing: the device is mute or just restarted.
    Nothing,
    /// This answer.
    Say(Vec<u8>),
    /// “Wait”, and after a while the second.
    SayLater { wait: Vec<u8>, answer: Vec<u8> },
    /// The cable is pulled.
    Unplug,
    /// This answer ends the provisioning.
    Finish(Vec<u8>),
}

/// Words and body of an answer.
enum Answer {
    Ok(Vec<String>, Option<Vec<u8>>),
    Err(&'static str, &'static str),
}

fn ok() -> Answer {
    Answer::Ok(Vec::new(), None)
}

fn body(body: Option<Vec<u8>>) -> Answer {
    match body {
        Some(body) => Answer::Ok(Vec::new(), Some(body)),
        None => Answer::Err("failed", "the key cannot be used"),
    }
}

pub(super) struct Firmware {
    pub(super) memory: Memory,
    serial: String,
    mac: String,
    model: String,
    faults: Vec<Fault>,
    session: Option<String>,
    /// The present conversation was ended by `finish`.
    finished: bool,
    last: u32,
    kept: Option<(u32, Vec<u8>)>,
    /// A file that comes in parts: path, whole length, bytes so far.
    upload: Option<(String, usize, Vec<u8>)>,
    has_reset: bool,
}

impl Firmware {
    pub(super) fn new(memory: Memory, serial: &str, mac: &str, model: &str, faults: &[Fault]) -> Firmware {
        Firmware {
            memory,
            serial: serial.to_owned(),
            mac: mac.to_owned(),
            model: model.to_owned(),
            faults: faults.to_vec(),
            session: None,
            finished: false,
            last: 0,
            kept: None,
            upload: None,
            has_reset: false,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub(super) fn handle(&mut self, heard: Heard) -> Act {
        if self.has(Fault::Silent) {
            return Act::Nothing;
        }
        let (number, words, content) = match heard {
            Heard::BadBody { number } => return Act::Say(say(number, &["err", "body"], None)),
            Heard::BigBody { number } => return Act::Say(say(number, &["err", "big"], None)),
            Heard::Request { number, words, body } => (number, words, body),
        };
        let Some(verb) = words.first().and_then(|word| Verb::of_request(word)) else {
            return Act::Say(say(number, &["err", "unknown"], None));
        };
        if self.has(Fault::UnplugAt(verb)) {
            return Act::Unplug;
        }
        if self.has(Fault::ResetAt(verb)) && !self.has_reset {
            self.restart();
            return Act::Nothing;
        }
        if verb != Verb::Hello {
            if self.session.is_none() {
                return Act::Say(say(number, &["err", "hello"], None));
            }
            let is_part = words.first().is_some_and(|word| word == "part");
            if number <= self.last && !is_part {
                return match &self.kept {
                    Some((of, answer)) if *of == number => Act::Say(answer.clone()),
                    _ => Act::Nothing,
                };
            }
        }
        let answer = match self.carry_out(verb, number, &words, content) {
            Ok(answer) => answer,
            Err(_) => Answer::Err("failed", "the memory does not take it"),
        };
        let was_ok = matches!(answer, Answer::Ok(..));
        let bytes = match answer {
            Answer::Ok(words, body) => {
                let words: Vec<&str> =
                    std::iter::once("ok").chain(words.iter().map(String::as_str)).collect();
                say(number, &words, body.as_deref())
            }
            Answer::Err(word, text) => say(number, &["err", word, text], None),
        };
        if verb != Verb::Hello {
            self.last = self.last.max(number);
            self.kept = Some((number, bytes.clone()));
        }
        match verb {
            Verb::Finish if was_ok => Act::Finish(bytes),
            Verb::Csr | Verb::Put | Verb::Commit if self.has(Fault::Slow) => {
                Act::SayLater { wait: say(number, &["wait"], None), answer: bytes }
            }
            Verb::Csr | Verb::Put | Verb::Commit => Act::Say(bytes),
            Verb::Hello | Verb::Identify | Verb::Digest | Verb::Prove | Verb::Finish => Act::Say(bytes),
        }
    }

    /// The power went: what was not committed is gone, the pending key is not.
    fn restart(&mut self) {
        self.has_reset = true;
        self.session = None;
        self.kept = None;
        self.upload = None;
        self.memory.pending.clear();
    }

    fn carry_out(
        &mut self,
        verb: Verb,
        number: u32,
        words: &[String],
        content: Option<Vec<u8>>,
    ) -> io::Result<Answer> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if self.finished && matches!(verb, Verb::Csr | Verb::Put | Verb::Commit) {
            return Ok(Answer::Err("state", "this conversation is finished"));
        }
        match (verb, words.as_slice(), content) {
            (Verb::Hello, ["hello", "1", session], None) => Ok(self.hello(session)),
            (Verb::Identify, ["identify"], None) => {
                let serial = if self.has(Fault::PlaceholderSerial) { "0000000000" } else { &self.serial };
                let model = if self.has(Fault::WrongModel) { "other-product" } else { &self.model };
                let words = [serial, &self.mac, model, "1.0.0"].map(str::to_owned).to_vec();
                Ok(Answer::Ok(words, None))
            }
            (Verb::Csr, ["csr", cn, "p256", how @ ("new" | "reuse")], None) => {
                self.csr(&KEYS[0], cn, *how == "reuse")
            }
            (Verb::Csr, ["csr", cn, "p256", how @ ("new" | "reuse"), "secondary"], None) => {
                self.csr(&KEYS[1], cn, *how == "reuse")
            }
            (Verb::Put, ["put", path, _mode], Some(content)) => self.put(path, content),
            (Verb::Put, ["part", path, _mode, total, at], Some(content)) => {
                self.part(number, path, total, at, &content)
            }
            (Verb::Digest, ["digest", path], None) => Ok(self.digest(path)),
            (Verb::Commit, ["commit"], None) => self.commit(),
            (Verb::Prove, ["sign", key, parts @ ..], None) => self.sign(key, parts),
            (Verb::Prove, ["hmac", form @ ("base64" | "raw"), key, parts @ ..], None) => {
                self.hmac(*form == "base64", key, parts)
            }
            (Verb::Finish, ["finish"], None) => {
                self.memory.record(&Entry { verb: "finish".to_owned(), ..Entry::default() })?;
                self.memory.forget_own("provable")?;
                self.finished = true;
                Ok(ok())
            }
            _ => Ok(Answer::Err("argument", "this is not how it is asked")),
        }
    }

    fn hello(&mut self, session: &str) -> Answer {
        if self.session.as_deref() != Some(session) {
            self.memory.pending.clear();
            self.upload = None;
            self.finished = false;
        }
        self.session = Some(session.to_owned());
        self.kept = None;
        self.last = 0;
        let numbers = [CHUNK.to_string(), LARGEST_FILE.to_string(), WINDOW.to_string()];
        let mut words = vec!["1".to_owned(), session.to_owned()];
        words.extend(numbers);
        words.push("p256,sign,hmac,secondary".to_owned());
        Answer::Ok(words, None)
    }

    fn csr(&mut self, own: &OwnKey, cn: &str, reuse: bool) -> io::Result<Answer> {
        // a station that died after `commit` asks for the key it saw: by then it is the one in use
        let held = || self.memory.own(own.pending).or_else(|| self.memory.own(own.in_use));
        let pem = match reuse.then(held).flatten() {
            Some(pem) => pem,
            None => {
                let made = if self.has(Fault::ClonedKey) { keys::cloned_key() } else { keys::make_key() };
                let Some(pem) = made else { return Ok(Answer::Err("failed", "no key came")) };
                self.memory.set_own(own.pending, pem.as_bytes())?;
                pem.into_bytes()
            }
        };
        let Some((mut request, public_key)) = keys::make_csr(&pem, cn) else {
            return Ok(Answer::Err("failed", "no request came"));
        };
        self.memory.record(&Entry {
            verb: "csr".to_owned(),
            path: Some(cn.to_owned()),
            public_key: Some(public_key),
            ..Entry::default()
        })?;
        // the last byte of the request is the last byte of its signature
        if self.has(Fault::BadCsr)
            && let Some(byte) = request.last_mut()
        {
            *byte ^= 1;
        }
        Ok(Answer::Ok(Vec::new(), Some(request)))
    }

    fn put(&mut self, path: &str, content: Vec<u8>) -> io::Result<Answer> {
        if !is_path(path) {
            return Ok(Answer::Err("argument", "not a path"));
        }
        self.memory.record(&Memory::received(path, &content))?;
        self.memory.pending.insert(path.to_owned(), content);
        Ok(ok())
    }

    fn part(&mut self, number: u32, path: &str, total: &str, at: &str, content: &[u8]) -> io::Result<Answer> {
        let (Ok(total), Ok(at)) = (total.parse::<usize>(), at.parse::<usize>()) else {
            return Ok(Answer::Err("argument", "not a number"));
        };
        if total > LARGEST_FILE || at.saturating_add(content.len()) > total {
            return Ok(Answer::Err("big", "longer than announced or than there is room"));
        }
        if !is_path(path) {
            return Ok(Answer::Err("argument", "not a path"));
        }
        if at == 0 && number > self.last {
            self.upload = Some((path.to_owned(), total, Vec::new()));
        }
        let finished = self.memory.pending.get(path).map_or(0, Vec::len);
        let content = match &mut self.upload {
            Some((of, of_total, sofar)) if of == path && *of_total == total => {
                // what is new in it: nothing, if its answer was lost and it comes again
                let Some(known) = sofar.len().checked_sub(at) else {
                    return Ok(Answer::Err("gap", "an earlier part is missing"));
                };
                sofar.extend_from_slice(content.get(known..).unwrap_or_default());
                if sofar.len() < total {
                    return Ok(ok());
                }
                std::mem::take(sofar)
            }
            // the last part again: its answer was lost
            _ if finished == total => return Ok(ok()),
            _ => return Ok(Answer::Err("gap", "the first part is missing")),
        };
        self.upload = None;
        self.put(path, content)
    }

    fn digest(&self, path: &str) -> Answer {
        let Some(mut content) = self.memory.file(path) else {
            return Answer::Err("nofile", "there is no such file");
        };
        if self.has(Fault::WrongDigest) {
            content.push(0);
        }
        Answer::Ok(vec![Digest::of(&content).to_string()], None)
    }

    fn commit(&mut self) -> io::Result<Answer> {
        self.memory.record(&Entry { verb: "commit".to_owned(), ..Entry::default() })?;
        // one that moves nothing must not open a finished device to proofs again
        let is_key_pending = KEYS.iter().any(|own| self.memory.own(own.pending).is_some());
        if !self.memory.pending.is_empty() || is_key_pending {
            self.memory.commit()?;
            for own in &KEYS {
                self.memory.rename_own(own.pending, own.in_use)?;
            }
            self.memory.set_own("provable", b"")?;
        }
        Ok(ok())
    }

    /// The proof message, if a proof may be given now.
    fn message(&mut self, parts: &[&str]) -> io::Result<Result<Vec<u8>, Answer>> {
        if self.memory.own("provable").is_none() {
            return Ok(Err(Answer::Err("state", "proofs are given between commit and finish")));
        }
        let word = |part: &&str| {
            (1..=128).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
        };
        if parts.len() != 4 || !parts.iter().all(word) {
            return Ok(Err(Answer::Err("argument", "not the parts of a proof")));
        }
        let mut message = format!("lineside-prove-v1\n{}", parts.join("\n"));
        self.memory.record(&Entry {
            verb: "prove".to_owned(),
            sha256: Some(Digest::of(message.as_bytes())),
            message: Some(message.clone()),
            ..Entry::default()
        })?;
        if self.has(Fault::BadProof) {
            message.push('!');
        }
        Ok(Ok(message.into_bytes()))
    }

    fn sign(&mut self, key: &str, parts: &[&str]) -> io::Result<Answer> {
        let message = match self.message(parts)? {
            Ok(message) => message,
            Err(refused) => return Ok(refused),
        };
        let pem = match key {
            "" => self.memory.own(KEYS[0].in_use),
            ":secondary" => self.memory.own(KEYS[1].in_use),
            path => self.memory.committed(path),
        };
        match pem {
            Some(pem) => Ok(body(keys::sign(&pem, &message))),
            None => Ok(Answer::Err("nokey", "there is no such key")),
        }
    }

    fn hmac(&mut self, is_base64: bool, key: &str, parts: &[&str]) -> io::Result<Answer> {
        let message = match self.message(parts)? {
            Ok(message) => message,
            Err(refused) => return Ok(refused),
        };
        match self.memory.committed(key) {
            Some(file) => Ok(body(keys::hmac(&file, is_base64, &message))),
            None => Ok(Answer::Err("nokey", "there is no such key")),
        }
    }
}
