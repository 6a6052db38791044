//! The ways in which a virtual device can go wrong, as the command line names them.

use std::fmt;
use std::str::FromStr;

/// A request of the line protocol, as faults and the journal name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A conversation is opened.
    Hello,
    /// Who are you?
    Identify,
    /// Make a key.
    Csr,
    /// A file or a part of one.
    Put,
    /// A file's digest.
    Digest,
    /// Move everything to its place.
    Commit,
    /// A signature or HMAC.
    Prove,
    /// The end.
    Finish,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 8] = [
        Verb::Hello,
        Verb::Identify,
        Verb::Csr,
        Verb::Put,
        Verb::Digest,
        Verb::Commit,
        Verb::Prove,
        Verb::Finish,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Hello => "hello",
            Verb::Identify => "identify",
            Verb::Csr => "csr",
            Verb::Put => "put",
            Verb::Digest => "digest",
            Verb::Commit => "commit",
            Verb::Prove => "prove",
            Verb::Finish => "finish",
        }
    }

    /// The verb of a request on the wire.
    pub fn of_request(word: &str) -> Option<Verb> {
        match word {
            "part" => Some(Verb::Put),
            "sign" | "hmac" => Some(Verb::Prove),
            _ => Verb::ALL.into_iter().find(|verb| verb.as_str() == word && *verb != Verb::Prove),
        }
    }
}

/// A way to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One byte in 3000 is lost, either way.
    DropBytes,
    /// One bit flips in one byte of 3000, either way.
    Noise,
    /// It never answers.
    Silent,
    /// Its memory gives back other bytes than were written.
    WrongDigest,
    /// Somebody pulls the cable at this request.
    UnplugAt(Verb),
    /// Its certificate request is not signed by its own key.
    BadCsr,
    /// Its serial number was never programmed.
    PlaceholderSerial,
    /// It takes its time over keys, files and commit, and says so.
    Slow,
    /// It is another product.
    WrongModel,
    /// Its proofs are over another message.
    BadProof,
    /// It restarts once, at this request.
    ResetAt(Verb),
    /// Its memory is a copy of another device's, the state of the random generator included: all devices with
    /// this fault make the same key.
    ClonedKey,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::DropBytes => f.write_str("drop-bytes"),
            Fault::Noise => f.write_str("noise"),
            Fault::Silent => f.write_str("silent"),
            Fault::WrongDigest => f.write_str("wrong-digest"),
            Fault::UnplugAt(verb) => write!(f, "unplug-at={}", verb.as_str()),
            Fault::BadCsr => f.write_str("bad-csr"),
            Fault::PlaceholderSerial => f.write_str("placeholder-serial"),
            Fault::Slow => f.write_str("slow"),
            Fault::WrongModel => f.write_str("wrong-model"),
            Fault::BadProof => f.write_str("bad-proof"),
            Fault::ResetAt(verb) => write!(f, "reset-at={}", verb.as_str()),
            Fault::ClonedKey => f.write_str("cloned-key"),
        }
    }
}

/// Why a text names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not a fault; there are drop-bytes, noise, silent, wrong-digest, unplug-at=VERB, bad-csr, placeholder-serial, slow, wrong-model, bad-proof, reset-at=VERB and cloned-key with the verbs hello, identify, csr, put, digest, commit, prove and finish"
)]
pub struct BadFault(String);

impl FromStr for Fault {
    type Err = BadFault;
    fn from_str(text: &str) -> Result<Fault, BadFault> {
        let plain = [
            Fault::DropBytes,
            Fault::Noise,
            Fault::Silent,
            Fault::WrongDigest,
            Fault::BadCsr,
            Fault::PlaceholderSerial,
            Fault::Slow,
            Fault::WrongModel,
            Fault::BadProof,
            Fault::ClonedKey,
        ];
        let at = Verb::ALL.into_iter().flat_map(|verb| [Fault::UnplugAt(verb), Fault::ResetAt(verb)]);
        plain
            .into_iter()
            .chain(at)
            .find(|fault| fault.to_string() == text)
            .ok_or_else(|| BadFault(text.to_owned()))
    }
}

/// Chance for the line's faults: the same seed gives the same losses (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// What a line with these faults makes of the bytes.
    pub(super) fn mangle(&mut self, bytes: &[u8], faults: &[Fault]) -> Vec<u8> {
        let (drops, noise) = (faults.contains(&Fault::DropBytes), faults.contains(&Fault::Noise));
        if !drops && !noise {
            return bytes.to_vec();
        }
        bytes
            .iter()
            .filter_map(|byte| {
                let lost = drops && self.next().is_multiple_of(3000);
                let flipped = noise && self.next().is_multiple_of(3000);
                match (lost, flipped) {
                    (true, _) => None,
                    (false, true) => Some(byte ^ (1 << (self.next() % 8))),
                    (false, false) => Some(*byte),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        for text in "drop-bytes noise silent wrong-digest bad-csr placeholder-serial slow wrong-model bad-proof cloned-key unplug-at=put reset-at=prove".split(' ') {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        assert!("unplug-at=lunch".parse::<Fault>().is_err());
    }

    #[test]
    fn the_same_seed_loses_the_same_bytes() {
        let bytes = vec![7; 30_000];
        let once = Dice::new(1).mangle(&bytes, &[Fault::DropBytes]);
        assert_eq!(once, Dice::new(1).mangle(&bytes, &[Fault::DropBytes]));
        assert!((29_970..30_000).contains(&once.len()), "{}", once.len());
        assert_eq!(Dice::new(1).mangle(&bytes, &[Fault::Slow]), bytes);
    }
}
