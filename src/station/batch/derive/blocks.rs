//! Cuts a table into blocks that begin and end with a row, so that each can be worked on by itself, and digests what
//! is read.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr3, memrchr};
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::station::batch::table::LONGEST_ROW;
use crate::station::batch::table::fault::BadTable;
use crate::station::batch::table::rows::{RowEnd, line_ends, row_end};

/// How large a block usually is, in bytes.
pub const BLOCK: usize = 262_144;

/// A place in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of the block, counted from 0.
    pub number: u64,
    /// The line its first row begins in.
    pub line: u64,
    /// How many bytes of the file end with it.
    pub end: u64,
    /// Whether it has neither quotes nor CRs nor NULs, so that each LF ends a row.
    pub plain: bool,
}

/// The blocks of a table that are still to be read.
pub struct Blocks<R> {
    input: R,
    delimiter: u8,
    digest: Sha256,
    /// What was read behind the last block.
    carry: Vec<u8>,
    next: Place,
    at_end: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of a table from its very beginning, of which so many bytes, up to the line that follows the header, are
    /// read and passed over.
    pub fn new(mut input: R, delimiter: u8, (header, line): (u64, u64)) -> Result<Blocks<R>, BadTable> {
        let mut passed = Vec::new();
        input.by_ref().take(header).read_to_end(&mut passed)?;
        let digest = Sha256::new_with_prefix(&passed);
        let next = Place { number: 0, line, end: header, plain: true };
        Ok(Blocks { input, delimiter, digest, carry: Vec::new(), next, at_end: false })
    }

    /// Puts the next block in the place of what is in `block`; none at the end.
    ///
    /// # Errors
    /// A row without an end, a file that cannot be read. Nothing is read after that.
    pub fn next(&mut self, block: &mut Vec<u8>) -> Result<Option<Place>, BadTable> {
        block.clear();
        std::mem::swap(block, &mut self.carry);
        let mut wanted = BLOCK;
        let (cut, plain) = loop {
            self.read_up_to(block, wanted)?;
            let plain = memchr3(b'"', b'\r', 0, block).is_none();
            if self.at_end {
                break (block.len(), plain);
            }
            let cut = if plain { memrchr(b'\n', block).map(|at| at + 1) } else { self.last_row_end(block) };
            if let Some(cut) = cut {
                break (cut, plain);
            }
            if block.len() > LONGEST_ROW {
                self.at_end = true;
                return Err(self.endless(block));
            }
            wanted = block.len() + BLOCK;
        };
        self.carry.extend_from_slice(&block[cut..]);
        block.truncate(cut);
        if block.is_empty() {
            return Ok(None);
        }
        let Place { number, line, end, .. } = self.next;
        let end = end + u64::try_from(cut).unwrap_or(u64::MAX);
        let lines = match plain {
            true => u64::try_from(memchr_iter(b'\n', block).count()).unwrap_or(u64::MAX),
            false => line_ends(block),
        };
        self.next = Place { number: number + 1, line: line + lines, end, plain };
        Ok(Some(Place { number, line, end, plain }))
    }

    /// Where the block would stand that comes next.
    pub fn place(&self) -> Place {
        self.next
    }

    /// The digest of all that was read.
    pub fn digest(&self) -> Digest {
        Digest::from_bytes(self.digest.clone().finalize().into())
    }

    fn read_up_to(&mut self, block: &mut Vec<u8>, wanted: usize) -> Result<(), BadTable> {
        let begin = block.len();
        let missing = u64::try_from(wanted.saturating_sub(begin)).unwrap_or(u64::MAX);
        if missing == 0 || self.at_end {
            return Ok(());
        }
        match self.input.by_ref().take(missing).read_to_end(block) {
            Ok(_) => {}
            Err(error) => {
                self.at_end = true;
                return Err(error.into());
            }
        }
        self.at_end = block.len() < wanted;
        self.digest.update(&block[begin..]);
        Ok(())
    }

    /// Behind the last line end that ends a row.
    fn last_row_end(&self, block: &[u8]) -> Option<usize> {
        if memchr(b'"', block).is_none() {
            // a CR at the very end may be half of a CRLF
            let whole = block.strip_suffix(b"\r").unwrap_or(block);
            return memrchr(b'\n', block).or_else(|| memrchr(b'\r', whole)).map(|at| at + 1);
        }
        let mut cut = 0;
        while let RowEnd::At(at) = row_end(&block[cut..], self.delimiter) {
            let end = cut + at;
            let ending = match &block[end..] {
                [b'\r'] => break,
                [b'\r', b'\n', ..] => 2,
                _ => 1,
            };
            cut = end + ending;
        }
        (cut > 0).then_some(cut)
    }

    fn endless(&self, block: &[u8]) -> BadTable {
        let line = self.next.line;
        match row_end(block, self.delimiter) {
            RowEnd::Beyond(Some(quote)) => BadTable::LongQuote { line: line + line_ends(&block[..quote]) },
            RowEnd::Beyond(None) | RowEnd::At(_) => BadTable::LongRow { line },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Result<Vec<(Place, Vec<u8>)>, BadTable> {
        let mut blocks = Blocks::new(text, b',', (0, 1))?;
        let (mut found, mut block) = (Vec::new(), Vec::new());
        while let Some(place) = blocks.next(&mut block)? {
            found.push((place, block.clone()));
        }
        assert_eq!(blocks.digest(), Digest::of(text));
        Ok(found)
    }

    #[test]
    fn blocks_end_with_rows_and_together_are_the_table() {
        let row = |place: usize| match place % 3 {
            0 => format!("sn-{place},plain\n"),
            1 => format!("sn-{place},\"with, quotes\r\n\nand \"\"lines\"\"\"\r\n"),
            _ => format!("sn-{place},5\" pipe\r"),
        };
        let quoted: String = (0..60_000).map(row).collect();
        let plain: String = (0..60_000).map(|place| format!("sn-{place},x\r\n")).collect();
        let old: String = (0..60_000).map(|place| format!("sn-{place},x\r")).collect();
        for text in [quoted, plain, old] {
            let found = all(text.as_bytes()).unwrap();
            assert!(found.len() > 2);
            let together: Vec<u8> = found.iter().flat_map(|(_, block)| block.clone()).collect();
            assert_eq!(together, text.as_bytes());
            let (mut line, mut end) = (1, 0);
            for (number, (place, block)) in found.iter().enumerate() {
                end += u64::try_from(block.len()).unwrap();
                assert_eq!(
                    (place.number, place.line, place.end),
                    (u64::try_from(number).unwrap(), line, end)
                );
                assert!(!place.plain || !block.iter().any(|byte| matches!(byte, b'"' | b'\r' | 0)));
                line += line_ends(block);
                assert!(block.starts_with(b"sn-") && matches!(block.last(), Some(b'\n' | b'\r')));
            }
        }
    }

    #[test]
    fn a_row_without_end_is_given_up() {
        let long = [b"a,b\nc,\"\n".to_vec(), vec![b'x'; 3 << 20]].concat();
        assert!(matches!(all(&long), Err(BadTable::LongQuote { line: 2 })));
        let long = [b"a,b\nc,\n".to_vec(), vec![b'x'; 3 << 20]].concat();
        assert!(matches!(all(&long), Err(BadTable::LongRow { line: 3 })));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_the_blocks_are_the_file(text in "[\"a,\r\n]{0,80}", copies in 1_usize..9000) {
            let text = text.repeat(copies);
            if let Ok(found) = all(text.as_bytes()) {
                let together: Vec<u8> = found.into_iter().flat_map(|(_, block)| block).collect();
                prop_assert_eq!(together, text.into_bytes());
            }
        }
    }
}
