//! What a scanner reads from somebody's badge: a text the station made, or that of a card they carry already.

use super::code::{Code, Coded};
use super::secret::Secret;

/// How the station's own badges begin.
pub const OWN_PREFIX: &str = "LSB-";
/// Random bytes a new badge is made from; 100 of their 104 bits are used.
pub const RANDOM: usize = 13;
/// Characters after the prefix, five bits each.
const CHARACTERS: usize = 20;
/// Crockford's base32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Fewest characters of a badge.
const SHORTEST: usize = 6;
/// Most characters of a badge.
const LONGEST: usize = 64;

/// The text of a badge: whoever has it is let in, so it is a secret.
pub struct Badge(Secret);

/// Why a text is no badge.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a badge has {SHORTEST} to {LONGEST} printable characters without letters beyond ASCII")]
pub struct BadBadge;

impl Coded for BadBadge {
    fn code(&self) -> Code {
        Code::BadgeRefused
    }
}

impl Badge {
    /// A new badge of the station's own: the prefix and 20 characters.
    pub fn make(random: &[u8; RANDOM]) -> Badge {
        let mut text = OWN_PREFIX.as_bytes().to_vec();
        let bit = |at: usize| (random[at / 8] >> (7 - at % 8)) & 1;
        for character in 0..CHARACTERS {
            let value = (0..5).fold(0, |value, at| value << 1 | bit(character * 5 + at));
            text.push(ALPHABET[usize::from(value)]);
        }
        Badge(Secret::new(text))
    }

    /// What a scanner typed: 6 to 64 printable ASCII characters, white space around them left out. The station's
    /// own badges are read in either case.
    pub fn read(text: &Secret) -> Result<Badge, BadBadge> {
        let text = text.expose().trim_ascii();
        if !(SHORTEST..=LONGEST).contains(&text.len()) || !text.iter().all(|b| (0x20..0x7f).contains(b)) {
            return Err(BadBadge);
        }
        let own = is_own(text);
        let bytes = if own { text.to_ascii_uppercase() } else { text.to_vec() };
        Ok(Badge(Secret::new(bytes)))
    }

    /// The text, for the moment of digesting or printing it.
    pub fn text(&self) -> &Secret {
        &self.0
    }

    /// Whether it has the form of one the station made, whose hundred random bits nobody guesses.
    pub fn is_made(&self) -> bool {
        let text = self.0.expose();
        let spelt = |byte: &u8| ALPHABET.contains(byte);
        is_own(text)
            && text.len() == OWN_PREFIX.len() + CHARACTERS
            && text.iter().skip(OWN_PREFIX.len()).all(spelt)
    }
}

fn is_own(text: &[u8]) -> bool {
    text.get(..OWN_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, BadBadge> {
        let badge = Badge::read(&Secret::from(text.to_owned()))?;
        Ok(String::from_utf8(badge.text().expose().to_vec()).unwrap())
    }

    #[test]
    fn a_new_badge_spells_a_hundred_bits() {
        let text = |random| String::from_utf8(Badge::make(&random).text().expose().to_vec()).unwrap();
        assert_eq!(text([0; RANDOM]), "LSB-00000000000000000000");
        assert_eq!(text([0xff; RANDOM]), "LSB-ZZZZZZZZZZZZZZZZZZZZ");
        // 00001 00010 00011 …
        let counting =
            [0b0000_1000, 0b1000_0110, 0b0100_0010, 0b1001_1000, 0b1110_1000, 0, 0, 0, 0, 0, 0, 0, 0];
        assert!(text(counting).starts_with("LSB-12345678"), "{}", text(counting));
    }

    #[test]
    fn only_the_whole_form_of_a_made_badge_counts_as_one() {
        let made = |text: &str| Badge::read(&Secret::from(text.to_owned())).unwrap().is_made();
        assert!(Badge::make(&[7; RANDOM]).is_made() && made("lsb-0123456789abcdefghjk"));
        for other in
            ["LSB-01", "LSB-0123456789ABCDEFGHJ", "LSB-0123456789ABCDEFGHJKM", "LSB-0123456789ABCDEFGHJ!"]
        {
            assert!(!made(other), "{other}");
        }
        assert!(!made("0123456789ABCDEFGHJKMNPQ"));
    }

    #[test]
    fn what_a_scanner_types_is_read() {
        assert_eq!(read("  0012345678\r\n").unwrap(), "0012345678");
        assert_eq!(read("lsb-0abc").unwrap(), "LSB-0ABC");
        assert_eq!(read("Card 7"), Ok("Card 7".to_owned()));
        for bad in ["", "12345", "grüner", "tab\there", &"x".repeat(65)] {
            assert_eq!(read(bad), Err(BadBadge), "{bad}");
        }
    }
}
