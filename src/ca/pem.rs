//! Textual encoding of certificates, requests and keys (RFC 7468): written with 64 characters a line, read with
//! any line width, one block only and nothing but white space behind it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::der::pem::{self, Decoder};
use zeroize::Zeroizing;

/// Why a text is no PEM block of the kind expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPem {
    /// No block, or one without an end.
    #[error("there is no complete -----BEGIN {0}----- block")]
    NoBlock(&'static str),
    /// A block of another kind.
    #[error("the block is a {found:?}, expected {expected:?}")]
    Label {
        /// What it says it is.
        found: String,
        /// What was wanted.
        expected: &'static str,
    },
    /// Something stands behind the block.
    #[error("{0} bytes stand behind the end of the block")]
    Trailing(usize),
    /// Bad lines or bad base64.
    #[error("the block cannot be decoded: {0}")]
    Garbled(pem::Error),
}

/// The text of one block: lines of 64 characters, each ending with a line feed.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    // a key may pass through here, so nothing is left behind: no growing string, and the base64 is wiped
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut text = String::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Appends the text of one block to `out`, as [`encode`] writes it with this end of a line, without any other buffer.
pub(super) fn encode_into(label: &str, der: &[u8], line_end: &[u8], out: &mut Vec<u8>) {
    out.reserve(der.len() * 4 / 3 + der.len() / 48 * line_end.len() + 2 * label.len() + 44);
    out.extend_from_slice(b"-----BEGIN ");
    out.extend_from_slice(label.as_bytes());
    out.extend_from_slice(b"-----");
    out.extend_from_slice(line_end);
    for part in der.chunks(48) {
        let begin = out.len();
        out.resize(begin + 64, b'\n');
        // 48 bytes are 64 characters, so the room suffices and the result is never an error
        let line = out.get_mut(begin..).unwrap_or_default();
        let length = STANDARD.encode_slice(part, line).unwrap_or_default();
        out.truncate(begin + length);
        out.extend_from_slice(line_end);
    }
    out.extend_from_slice(b"-----END ");
    out.extend_from_slice(label.as_bytes());
    out.extend_from_slice(b"-----");
    out.extend_from_slice(line_end);
}

/// The content of the only block in the text. `labels` are the names it may bear, the usual one first; text
/// before it is passed over, as RFC 7468 §2 allows.
pub(super) fn decode(text: &[u8], labels: &[&'static str]) -> Result<Vec<u8>, BadPem> {
    let usual = labels.first().copied().unwrap_or_default();
    let missing = BadPem::NoBlock(usual);
    let block = text.get(find(text, b"-----BEGIN ").ok_or(missing.clone())?..).unwrap_or_default();
    let end = find(block, b"-----END ").ok_or(missing.clone())? + 9;
    let length = find(block.get(end..).unwrap_or_default(), b"-----").ok_or(missing)? + end + 5;
    let (block, after) = block.split_at(length);
    let trailing = after.trim_ascii().len();
    if trailing > 0 {
        return Err(BadPem::Trailing(trailing));
    }
    let mut decoder = Decoder::new_detect_wrap(block).map_err(BadPem::Garbled)?;
    if !labels.contains(&decoder.type_label()) {
        return Err(BadPem::Label { found: decoder.type_label().to_owned(), expected: usual });
    }
    let mut der = Vec::new();
    decoder.decode_to_end(&mut der).map_err(BadPem::Garbled)?;
    Ok(der)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decode_after_encode_is_identity(der in proptest::collection::vec(any::<u8>(), 1..400)) {
            let text = encode("CERTIFICATE", &der);
            let mut appended = b"before\n".to_vec();
            encode_into("CERTIFICATE", &der, b"\n", &mut appended);
            prop_assert_eq!(&appended[7..], text.as_bytes());
            prop_assert_eq!(decode(text.as_bytes(), &["CERTIFICATE"]), Ok(der.clone()));
            prop_assert_eq!(decode(text.replace('\n', "\r\n").as_bytes(), &["CERTIFICATE"]), Ok(der));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "(-----BEGIN |-----END |-----|X|=|\n|[ -~]){0,40}") {
            let _ = decode(text.as_bytes(), &["X"]);
        }
    }

    #[test]
    fn one_block_of_the_right_kind_is_demanded() {
        let text = encode("CERTIFICATE", b"one");
        assert_eq!(decode(b"", &["CERTIFICATE"]), Err(BadPem::NoBlock("CERTIFICATE")));
        assert_eq!(decode(&text.as_bytes()[..30], &["CERTIFICATE"]), Err(BadPem::NoBlock("CERTIFICATE")));
        let twice = format!("{text}{text}");
        assert!(matches!(decode(twice.as_bytes(), &["CERTIFICATE"]), Err(BadPem::Trailing(_))));
        let label = BadPem::Label { found: "CERTIFICATE".to_owned(), expected: "X" };
        assert_eq!(decode(text.as_bytes(), &["X"]), Err(label));
        assert_eq!(decode(format!("Subject: x\n{text}\n \n").as_bytes(), &["CERTIFICATE"]).unwrap(), b"one");
    }
}
