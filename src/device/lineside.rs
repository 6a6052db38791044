//! Driver for our own line protocol (ARCHITECTURE.md): numbered requests, asked again with the same
//! number, so that nothing is done twice and no old answer is taken for a new one.

pub mod frame;
pub mod message;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use self::frame::{Frame, Mark, Parsed};
use self::message::{Answer, KeyForm, Limits, Place, Request};
use super::driver::{CsrKey, Driver, Identified};
use super::error::LineError;
use super::link::{Link, Shown, repeat};
use super::render::Rendered;
use crate::domain::digest::Digest;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::{Credential, KeyOrigin, Product};
use crate::domain::proof::Challenge;

/// The longest body a device may answer with: a request or a signature.
const LONGEST_ANSWER: usize = 16 * 1024;
/// Repeats of one request; silence alone ends earlier, by the recipe's deadline.
const ATTEMPTS: u32 = 12;
/// Repeats of a file that fits one body, before it is cut into parts.
const WHOLE_ATTEMPTS: u32 = 3;
/// One more repeat is granted for this many bytes of a file in parts.
const BYTES_PER_ATTEMPT: usize = 512;
/// The shortest part into which a bad line makes us cut a file.
const SHORTEST_PART: usize = 128;
/// A device may say “wait” for this many times the recipe's deadline.
const MOST_WAITING: u32 = 12;
/// A file has the time to be sent this often, all its parts and repeats together.
const MOST_SENDS: u32 = 8;

/// A conversation with a device that speaks the protocol.
pub struct LinesideDriver<P> {
    link: Link<P>,
    session: [u8; 8],
    answer_within: Duration,
    /// Known after hello.
    limits: Option<Limits>,
    next: u32,
    /// Files of the keys that sign; empty for those the device made.
    signing_keys: Pair<String>,
    hmac_key: Option<(KeyForm, String)>,
}

impl<P: Read + Write> LinesideDriver<P> {
    /// Over an open port, for devices of this product.
    pub fn new(port: P, baud: u32, product: &Product, session: [u8; 8]) -> LinesideDriver<P> {
        let injected = |template: &str| product.inject.iter().find(|file| file.template == template);
        let made_by_station = matches!(&product.credential, Credential::X509 { key: KeyOrigin::Station, .. });
        let path = |template: &str| {
            let file = injected(template).filter(|_| made_by_station);
            file.map(|file| file.path.clone()).unwrap_or_default()
        };
        let signing_keys = Pair {
            primary: path("private-key"),
            secondary: product.credential.is_two().then(|| path("secondary-private-key")),
        };
        let base64 = injected("device-key").map(|file| (KeyForm::Base64, file.path.clone()));
        let raw = || injected("device-key.raw").map(|file| (KeyForm::Raw, file.path.clone()));
        LinesideDriver {
            link: Link::new(port, baud),
            session,
            answer_within: product.identify.answer_within,
            limits: None,
            next: 0,
            signing_keys,
            hmac_key: base64.or_else(raw),
        }
    }

    /// One request and its answer; repeated with the same number while nothing or something damaged comes.
    fn ask(&mut self, request: &Request<'_>) -> Result<Frame, LineError> {
        self.ask_times(request, Shown::Plain, ATTEMPTS)
    }

    fn ask_times(&mut self, request: &Request<'_>, shown: Shown, attempts: u32) -> Result<Frame, LineError> {
        let number = self.next;
        self.next += 1;
        let bytes = Zeroizing::new(request.print(number));
        let verb = request.verb();
        let mut left = self.answer_within;
        // one deadline for all repeats: a device that says `wait` each time gains nothing by it
        let last = Instant::now() + self.answer_within * MOST_WAITING;
        repeat(attempts, |before| {
            let patience = patience(before).min(left);
            if patience.is_zero() {
                return Err(LineError::Silent { what: verb.to_owned(), waited: self.answer_within });
            }
            self.begin_again(before)?;
            self.link.send(&bytes, shown)?;
            let answered = self.wait_for(number, verb, patience + self.link.wire_time(bytes.len()), last);
            if matches!(answered, Err(LineError::Silent { .. })) {
                left = left.saturating_sub(patience);
            }
            answered
        })
    }

    /// Before a repeat: drops the rest of a damaged answer, and ends whatever half line the device holds.
    fn begin_again(&mut self, before: u32) -> Result<(), LineError> {
        if before > 0 {
            self.link.discard();
            self.link.send(b"\n", Shown::Plain)?;
        }
        Ok(())
    }

    /// The answer with this number, by `last` at the latest, however often the device says `wait`. A later one's
    /// answer means that this request was lost.
    fn wait_for(
        &mut self,
        number: u32,
        verb: &str,
        patience: Duration,
        last: Instant,
    ) -> Result<Frame, LineError> {
        let mut until = Instant::now() + patience;
        let garbled = || LineError::Garbled { what: verb.to_owned() };
        loop {
            if Instant::now() >= last {
                return Err(LineError::Silent { what: verb.to_owned(), waited: self.answer_within });
            }
            match frame::parse(Mark::Reply, self.link.received(), LONGEST_ANSWER) {
                Parsed::More => {
                    if !self.link.fill(until.min(last))? {
                        return Err(LineError::Silent { what: verb.to_owned(), waited: self.answer_within });
                    }
                }
                Parsed::Garbage(count) => self.link.used(count),
                Parsed::BadBody(of, count) => {
                    self.link.used(count);
                    if of == number {
                        return Err(garbled());
                    }
                }
                Parsed::Good(frame, count) => {
                    self.link.used(count);
                    if frame.number < number {
                        continue;
                    }
                    if frame.number > number {
                        return Err(garbled());
                    }
                    match message::answer(frame) {
                        Answer::Done(frame) => return Ok(frame),
                        Answer::Wait => until = Instant::now() + self.answer_within.min(patience * 3),
                        Answer::Again => return Err(garbled()),
                        Answer::NoHello => return Err(LineError::Restarted { what: verb.to_owned() }),
                        Answer::Refused(error) => return Err(error),
                    }
                }
            }
        }
    }

    fn hello(&mut self) -> Result<Limits, LineError> {
        self.limits = None;
        self.next = 0;
        // ends what an earlier station may have left half-said
        self.begin_again(1)?;
        let frame = self.ask(&Request::Hello { session: self.session })?;
        let limits = message::limits(&frame, self.session)?;
        self.limits = Some(limits.clone());
        Ok(limits)
    }

    fn limits(&mut self) -> Result<Limits, LineError> {
        match &self.limits {
            Some(limits) => Ok(limits.clone()),
            None => self.hello(),
        }
    }

    fn need(&mut self, capability: &str) -> Result<(), LineError> {
        let limits = self.limits()?;
        if limits.capabilities.iter().any(|word| word == capability) {
            return Ok(());
        }
        Err(LineError::NotCapable { what: format!("its firmware does not offer “{capability}”") })
    }

    /// A second key that the device makes itself is more than most firmware knows of.
    fn need_second(&mut self, which: Which) -> Result<(), LineError> {
        match which {
            Which::Primary => Ok(()),
            Which::Secondary => self.need(which.as_str()),
        }
    }

    /// A file in several parts: up to the device's window under way, and back to the first byte that is not
    /// acknowledged when something is lost, in smaller parts each time, since a bad line lets short ones through.
    fn put_parts(
        &mut self,
        file: &Rendered,
        limits: &Limits,
        longest: usize,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), LineError> {
        let content = file.content.expose();
        let (total, shown) = (content.len(), if file.secret { Shown::Length } else { Shown::Plain });
        let mut size = longest.min(limits.chunk);
        let mut acknowledged = 0;
        // a longer file meets more losses
        let attempts = ATTEMPTS + u32::try_from(total / BYTES_PER_ATTEMPT).unwrap_or(0);
        let last =
            Instant::now() + self.answer_within * MOST_WAITING + self.link.wire_time(total) * MOST_SENDS;
        repeat(attempts, |before| {
            self.begin_again(before)?;
            if before > 0 {
                size = (size / 2).max(SHORTEST_PART.min(limits.chunk));
            }
            let mut under_way = VecDeque::new();
            let mut sent = acknowledged;
            while acknowledged < total {
                while sent < total && under_way.len() < limits.window {
                    let body = content.get(sent..total.min(sent + size)).unwrap_or_default();
                    let place = Some(Place { total, at: sent });
                    let request = Request::Put { path: &file.path, mode: file.mode, place, body };
                    self.link.send(&Zeroizing::new(request.print(self.next)), shown)?;
                    sent += body.len();
                    under_way.push_back((self.next, sent));
                    self.next += 1;
                }
                let Some((number, end)) = under_way.pop_front() else { break };
                let patience = patience(before.min(2)) + self.link.wire_time(size * limits.window);
                self.wait_for(number, "part", patience, last)?;
                acknowledged = end;
                progress(in_all(acknowledged), in_all(total));
            }
            Ok(())
        })
    }
}

fn in_all(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// How long silence lasts before a request is repeated: 1, 2, 4 … s.
fn patience(before: u32) -> Duration {
    Duration::from_secs(1 << before.min(6))
}

impl<P: Read + Write> Driver for LinesideDriver<P> {
    fn identify(&mut self) -> Result<Identified, LineError> {
        self.hello()?;
        message::identified(&self.ask(&Request::Identify)?)
    }

    fn request_csr(
        &mut self,
        which: Which,
        cn: &str,
        key: CsrKey,
        reuse: bool,
    ) -> Result<Vec<u8>, LineError> {
        self.need(message::key_word(key))?;
        self.need_second(which)?;
        let frame = self.ask(&Request::Csr { which, cn, key, reuse })?;
        message::body(frame, 1, LONGEST_ANSWER)
    }

    fn put(&mut self, file: &Rendered, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LineError> {
        let limits = self.limits()?;
        let total = file.content.len();
        if total > limits.file {
            let (size, most) = (in_all(total), in_all(limits.file));
            return Err(LineError::TooLarge { what: format!("“{}”", file.path), size, most });
        }
        progress(0, in_all(total));
        if total > limits.chunk {
            return self.put_parts(file, &limits, limits.chunk, progress);
        }
        let shown = if file.secret { Shown::Length } else { Shown::Plain };
        let body = file.content.expose();
        let whole = Request::Put { path: &file.path, mode: file.mode, place: None, body };
        match self.ask_times(&whole, shown, WHOLE_ATTEMPTS) {
            Ok(_) => progress(in_all(total), in_all(total)),
            Err(LineError::Garbled { .. }) if total > SHORTEST_PART => {
                self.begin_again(1)?;
                self.put_parts(file, &limits, total / 2, progress)?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn read_back(&mut self, file: &Rendered) -> Result<Digest, LineError> {
        self.limits()?;
        message::digest(&self.ask(&Request::Digest { path: &file.path })?)
    }

    fn commit(&mut self) -> Result<(), LineError> {
        self.limits()?;
        self.ask(&Request::Commit).map(|_| ())
    }

    fn prove_signature(&mut self, which: Which, challenge: &Challenge) -> Result<Vec<u8>, LineError> {
        self.need("sign")?;
        let Some(key) = self.signing_keys.get(which).cloned() else {
            let what = "this recipe gives the device no secondary key".to_owned();
            return Err(LineError::NotCapable { what });
        };
        let key = match (key.as_str(), which) {
            ("", Which::Secondary) => {
                self.need_second(which)?;
                message::OWN_SECONDARY
            }
            (path, Which::Primary | Which::Secondary) => path,
        };
        let frame = self.ask(&Request::Sign { key, challenge })?;
        message::body(frame, 8, 256)
    }

    fn prove_hmac(&mut self, challenge: &Challenge) -> Result<Vec<u8>, LineError> {
        self.need("hmac")?;
        let Some((form, key)) = self.hmac_key.clone() else {
            return Err(LineError::NotCapable {
                what: "the recipe injects no device-key to prove".to_owned(),
            });
        };
        let frame = self.ask(&Request::Hmac { form, key: &key, challenge })?;
        message::body(frame, 32, 32)
    }

    fn finish(&mut self) -> Result<(), LineError> {
        self.limits()?;
        self.ask(&Request::Finish)?;
        self.limits = None;
        Ok(())
    }

    /// Nothing is to be said: files that were not committed are forgotten with the next hello.
    fn abandon(&mut self) {
        self.limits = None;
    }

    fn present(&mut self) -> bool {
        let answer_within = std::mem::replace(&mut self.answer_within, Duration::from_secs(1));
        let answered = self.hello();
        self.answer_within = answer_within;
        answered.is_ok()
    }
}
