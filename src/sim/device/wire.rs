//! The device's side of the `lineside` protocol, written from its page and not from the station's code: what
//! a firmware team would write. One request at a time, bounded memory, and silence towards garbage.

use std::time::{Duration, Instant};

const LONGEST_LINE: usize = 512;
const BODY_GAP: Duration = Duration::from_millis(200);
const LINE_GAP: Duration = Duration::from_millis(500);

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A request whose checks are right.
    Request { number: u32, words: Vec<String>, body: Option<Vec<u8>> },
    /// A request whose body is damaged.
    BadBody { number: u32 },
    /// A request whose body is longer than this device takes.
    BigBody { number: u32 },
}

/// Bytes on their way to becoming requests.
pub(super) struct Ear {
    bytes: Vec<u8>,
    last_byte: Instant,
    chunk: usize,
    /// A good line whose body is still coming.
    line: Option<(u32, Vec<String>, usize)>,
}

impl Ear {
    pub(super) fn new(chunk: usize, now: Instant) -> Ear {
        Ear { bytes: Vec::new(), last_byte: now, chunk, line: None }
    }

    pub(super) fn hear(&mut self, bytes: &[u8], now: Instant) {
        if !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            self.last_byte = now;
        }
    }

    /// Whether something is half heard, so that its time must be watched.
    pub(super) fn waiting(&self) -> bool {
        self.line.is_some() || !self.bytes.is_empty()
    }

    pub(super) fn next(&mut self, now: Instant) -> Option<Heard> {
        let silence = now.saturating_duration_since(self.last_byte);
        loop {
            if let Some((number, words, length)) = self.line.take() {
                return match self.body(length) {
                    Some(body) => Some(Heard::Request { number, words, body: Some(body) }),
                    None if self.bytes.len() >= length + 9 || silence > BODY_GAP => {
                        Some(Heard::BadBody { number })
                    }
                    None => {
                        self.line = Some((number, words, length));
                        None
                    }
                };
            }
            let mark = self.bytes.iter().position(|byte| *byte == b'>');
            self.bytes.drain(..mark.unwrap_or(self.bytes.len()));
            let Some(end) = self.bytes.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') else {
                if self.bytes.len() >= LONGEST_LINE || (!self.bytes.is_empty() && silence > LINE_GAP) {
                    self.bytes.drain(..1);
                    continue;
                }
                return None;
            };
            let Some((number, words, length)) = self.bytes.get(..end).and_then(read_line) else {
                // only the mark is wrong: a good line may begin within this one
                self.bytes.drain(..1);
                continue;
            };
            self.bytes.drain(..=end);
            match length {
                None => return Some(Heard::Request { number, words, body: None }),
                Some(length) if length > self.chunk => return Some(Heard::BigBody { number }),
                Some(length) => self.line = Some((number, words, length)),
            }
        }
    }

    /// The body, if all of it is here and right. A wrong one stays, for a line may have begun within it.
    fn body(&mut self, length: usize) -> Option<Vec<u8>> {
        let body = self.bytes.get(..length)?.to_vec();
        let trailer = self.bytes.get(length..length + 9)?;
        if trailer != format!("{:08x}\n", crc32(&body)).as_bytes() {
            return None;
        }
        self.bytes.drain(..length + 9);
        Some(body)
    }
}

fn read_line(line: &[u8]) -> Option<(u32, Vec<String>, Option<usize>)> {
    let text = std::str::from_utf8(line).ok()?;
    let (head, check) = text.rsplit_once('*')?;
    if check != format!("{:08x}", crc32(head.as_bytes())) {
        return None;
    }
    let mut parts = head.strip_prefix('>')?.trim_end_matches(' ').split(' ');
    let number = parts.next()?.parse().ok()?;
    let mut words = Vec::new();
    let mut length = None;
    for part in parts {
        match part.strip_prefix('+') {
            Some(digits) => length = Some(digits.parse().ok()?),
            None => words.push(unescape(part)?),
        }
    }
    Some((number, words, length))
}

fn unescape(word: &str) -> Option<String> {
    if word == "-" {
        return Some(String::new());
    }
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((plain, coded)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        bytes.push(u8::from_str_radix(coded.get(..2)?, 16).ok()?);
        rest = coded.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

/// An answer as bytes.
pub(super) fn say(number: u32, words: &[&str], body: Option<&[u8]>) -> Vec<u8> {
    let mut head = format!("<{number}");
    for word in words {
        head.push(' ');
        match *word {
            "" => head.push('-'),
            "-" => head.push_str("%2d"),
            word => {
                for byte in word.bytes() {
                    match byte {
                        b'%' | b'*' | b'+' | 0..=b' ' | 0x7f.. => head.push_str(&format!("%{byte:02x}")),
                        plain => head.push(char::from(plain)),
                    }
                }
            }
        }
    }
    if let Some(body) = body {
        head.push_str(&format!(" +{}", body.len()));
    }
    head.push(' ');
    let mut bytes = format!("{head}*{:08x}\n", crc32(head.as_bytes())).into_bytes();
    if let Some(body) = body {
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(format!("{:08x}\n", crc32(body)).as_bytes());
    }
    bytes
}

/// Bit by bit, as a small device without room for a table does it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(head: &str) -> String {
        format!("{head} *{:08x}\n", crc32(format!("{head} ").as_bytes()))
    }

    #[test]
    fn a_request_is_heard_behind_garbage_and_a_lost_body_is_noticed() {
        let start = Instant::now();
        let mut ear = Ear::new(100, start);
        ear.hear(format!("noise>3 x\n{}", line(">7 digest a%20b -")).as_bytes(), start);
        let words = vec!["digest".to_owned(), "a b".to_owned(), String::new()];
        assert_eq!(ear.next(start), Some(Heard::Request { number: 7, words, body: None }));
        assert!(!ear.waiting());

        ear.hear(format!("{}ab", line(">8 put x 640 +4")).as_bytes(), start);
        assert_eq!(ear.next(start), None);
        assert_eq!(ear.next(start + Duration::from_millis(300)), Some(Heard::BadBody { number: 8 }));
        ear.hear(line(">9 put x 640 +101").as_bytes(), start);
        assert_eq!(ear.next(start), Some(Heard::BigBody { number: 9 }));
    }

    proptest! {
        #[test]
        fn garbage_is_only_ever_silence(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let start = Instant::now();
            let mut ear = Ear::new(4096, start);
            ear.hear(&bytes, start);
            prop_assert_eq!(ear.next(start + Duration::from_secs(1)), None);
            prop_assert!(!ear.waiting());
        }
    }
}
