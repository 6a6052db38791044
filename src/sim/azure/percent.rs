//! Percent-decoding (RFC 3986 §2.1) of path segments and token fields. A plus sign stays a plus sign.

/// The decoded text, or nothing if an escape is incomplete or the result is no UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = after.get(..2)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_spellings_of_an_escape_are_read() {
        assert_eq!(decode("0ne%2Fregistrations%2fsn-1").as_deref(), Some("0ne/registrations/sn-1"));
        assert_eq!(decode("a+b").as_deref(), Some("a+b"));
        assert_eq!(decode("%2"), None);
        assert_eq!(decode("%+1"), None);
        assert_eq!(decode("%ff"), None);
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(text in "[%0-9a-fA-F\\PC]{0,40}") {
            let _ = decode(&text);
        }

        #[test]
        fn what_was_escaped_comes_back(text in "\\PC{0,40}") {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decode(&escaped), Some(text));
        }
    }
}
