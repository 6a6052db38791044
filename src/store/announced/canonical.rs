//! The text over which the log vouches for announced devices: one JSON array a row, each with a line feed behind it,
//! in the order of their numbers. The digest over a batch stands in its announcement.

use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;

/// A row as it is stored, whether it comes from a file or from the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the columns of the table")]
pub struct Row<'a> {
    pub line: u64,
    pub serial: Option<&'a str>,
    pub mac: Option<&'a str>,
    pub registration_id: Option<&'a str>,
    pub work_order: Option<&'a str>,
    pub csr: Option<&'a [u8]>,
    pub public_key: Option<&'a str>,
    pub endorsement_key: Option<&'a [u8]>,
    pub extra: &'a str,
}

/// The digest over rows, one after the other.
#[derive(Clone, Default)]
pub struct RowsDigest {
    hasher: Sha256,
    text: Vec<u8>,
    rows: u64,
}

impl RowsDigest {
    /// Takes the next row.
    pub fn add(&mut self, row: &Row<'_>) {
        let Row { line, serial, mac, registration_id, work_order, csr, public_key, endorsement_key, extra } =
            *row;
        self.text.clear();
        self.text.push(b'[');
        self.text.extend_from_slice(line.to_string().as_bytes());
        for text in [serial, mac, registration_id, work_order] {
            self.text(text);
        }
        self.bytes(csr);
        self.text(public_key);
        self.bytes(endorsement_key);
        self.text(Some(extra));
        self.text.extend_from_slice(b"]\n");
        self.hasher.update(&self.text);
        self.rows += 1;
    }

    /// How many rows it took.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The digest over all of them.
    pub fn finish(self) -> Digest {
        Digest::from_bytes(self.hasher.finalize().into())
    }

    fn text(&mut self, text: Option<&str>) {
        self.text.push(b',');
        match text {
            None => self.text.extend_from_slice(b"null"),
            // most values need no escape, and this is felt at a million rows
            Some(plain) if plain.bytes().all(|b| (b' '..0x7f).contains(&b) && b != b'"' && b != b'\\') => {
                self.text.push(b'"');
                self.text.extend_from_slice(plain.as_bytes());
                self.text.push(b'"');
            }
            Some(text) => self.text.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes()),
        }
    }

    fn bytes(&mut self, bytes: Option<&[u8]>) {
        self.text(bytes.map(hex::encode).as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_json_lines() {
        let mut digest = RowsDigest::default();
        digest.add(&Row { line: 2, serial: Some("SN-1"), extra: "[\"\u{e9}\"]", ..Row::default() });
        digest.add(&Row { line: 3, csr: Some(b"\x00\xff"), extra: "[]", ..Row::default() });
        assert_eq!(digest.rows(), 2);
        let text = "[2,\"SN-1\",null,null,null,null,null,null,\"[\\\"\u{e9}\\\"]\"]\n\
                    [3,null,null,null,null,\"00ff\",null,null,\"[]\"]\n";
        assert_eq!(digest.finish(), Digest::of(text.as_bytes()));
    }
}
