//! Percent-encoding (RFC 3986 §2.1) as Azure's tokens and paths need it.

use std::fmt::Write;

/// Everything but the unreserved characters `A-Za-z0-9-._~` becomes `%XX` with upper-case digits.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // writing to a String does not fail
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The text behind `%XX` of either case; a `+` stays a plus. None if an escape is broken or the result
/// is not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let mut value = [0];
        hex::decode_to_slice(digits, &mut value).ok()?;
        decoded.extend(value);
        rest = after;
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in "\\PC{0,60}") {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(decode(&encoded), Some(text));
        }

        #[test]
        fn hostile_text_never_panics(text in "[%0-9a-fg\\PC]{0,40}") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn either_case_is_read_and_broken_escapes_are_not() {
        assert_eq!(decode("a%2fb%2Fc+"), Some("a/b/c+".to_owned()));
        for broken in ["%", "%2", "%2g", "%+1", "%ff"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
        assert_eq!(encode("a/b+c="), "a%2Fb%2Bc%3D");
    }
}
