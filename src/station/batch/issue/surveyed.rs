//! The input of a batch. It is surveyed as a whole before anything is begun, and each block of it that is read later is
//! compared with the survey before a byte of it is used: every row that is issued is one of the bytes whose digest is on
//! record, and a file that is changed meanwhile stops the batch before the row is signed. One that takes its place under
//! its name is not looked at.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::ask::RequestColumns;
use super::failed::IssueFailed;
use crate::domain::digest::{Digest, Digester};
use crate::domain::work_order::LARGEST_WORK_ORDER;
use crate::station::batch::table::{Row, Table};

/// Bytes of a block.
const BLOCK: usize = 1 << 16;

/// What one reading of the whole input tells.
pub struct Survey {
    /// SHA-256 of it.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// Its rows.
    pub rows: u64,
    /// Whether the devices made their keys, or both of them.
    pub requests: RequestColumns,
    /// The file, to be read again.
    pub file: SurveyedFile,
}

/// The file is not what it was.
#[derive(Debug, thiserror::Error)]
#[error("the file was changed since it was surveyed")]
pub struct Changed;

impl Changed {
    /// Whether it is the cause of this failure to read.
    pub fn is_behind(cause: &io::Error) -> bool {
        cause.get_ref().is_some_and(|inner| inner.is::<Changed>())
    }
}

/// Reads all of an input.
///
/// # Errors
/// A table that cannot be read, that has no rows, or more of them than a work order holds.
pub fn survey(input: &Path) -> Result<Survey, IssueFailed> {
    let file = File::open(input).map_err(|cause| IssueFailed::Read { path: input.to_owned(), cause })?;
    let mut surveying = Surveying { file, whole: Digester::new(), size: 0, blocks: Blocks::default() };
    let mut table = Table::read(&mut surveying)?;
    let requests = RequestColumns::of(table.header());
    let (mut row, mut rows) = (Row::default(), 0);
    while table.next(&mut row)? {
        rows += 1;
    }
    drop(table);
    if rows == 0 {
        return Err(IssueFailed::NoRows);
    }
    if rows > u64::from(LARGEST_WORK_ORDER) {
        return Err(IssueFailed::TooManyRows { rows, most: LARGEST_WORK_ORDER });
    }
    let Surveying { file, whole, size, blocks } = surveying;
    let file = SurveyedFile { file, size, blocks: blocks.finish(), at: 0, block: Vec::new(), held: None };
    Ok(Survey { digest: whole.finish(), size, rows, requests, file })
}

/// Digests a file while it is read.
struct Surveying {
    file: File,
    whole: Digester,
    size: u64,
    blocks: Blocks,
}

impl Read for &mut Surveying {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.whole.update(&buffer[..read]);
        self.blocks.update(&buffer[..read]);
        self.size += u64::try_from(read).unwrap_or(u64::MAX);
        Ok(read)
    }
}

/// The digests of blocks.
#[derive(Default)]
struct Blocks {
    whole: Vec<Digest>,
    begun: Digester,
    /// Bytes of the one that was begun.
    filled: usize,
}

impl Blocks {
    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.begun.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK {
                self.whole.push(std::mem::take(&mut self.begun).finish());
                self.filled = 0;
            }
        }
    }

    fn finish(mut self) -> Vec<Digest> {
        if self.filled > 0 {
            self.whole.push(self.begun.finish());
        }
        self.whole
    }
}

/// A file that is read again: only the bytes that the survey saw come out of it.
pub struct SurveyedFile {
    file: File,
    size: u64,
    blocks: Vec<Digest>,
    /// The byte that is read next.
    at: u64,
    block: Vec<u8>,
    /// The number of the block that was read and compared.
    held: Option<usize>,
}

impl SurveyedFile {
    fn hold(&mut self, number: usize) -> io::Result<()> {
        if self.held == Some(number) {
            return Ok(());
        }
        self.held = None;
        self.block.clear();
        let (length, place) = (number_of::<_, u64>(BLOCK)?, number_of::<_, u64>(number)?);
        self.file.seek(SeekFrom::Start(place * length))?;
        (&self.file).take(length).read_to_end(&mut self.block)?;
        let same = match self.blocks.get(number) {
            Some(digest) => Digest::of(&self.block) == *digest,
            None => self.block.is_empty(),
        };
        if !same {
            return Err(io::Error::new(io::ErrorKind::InvalidData, Changed));
        }
        self.held = Some(number);
        Ok(())
    }
}

/// A count of bytes or blocks as a place in a file, or the other way round.
fn number_of<A, B: TryFrom<A>>(count: A) -> io::Result<B> {
    B::try_from(count).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

impl Read for SurveyedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at: usize = number_of(self.at)?;
        self.hold(at / BLOCK)?;
        let rest = self.block.get(at % BLOCK..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += number_of::<_, u64>(count)?;
        Ok(count)
    }
}

impl Seek for SurveyedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let found = match to {
            SeekFrom::Start(byte) => Some(byte),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.at = found.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::{Code, Coded};
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    /// A table of so many bytes.
    fn table(size: usize) -> Vec<u8> {
        let mut text = b"serial\n".to_vec();
        for number in 0.. {
            if text.len() + 8 > size {
                break;
            }
            writeln!(text, "S{number:06}").unwrap();
        }
        text.resize(size, b'x');
        text
    }

    fn read(file: &mut SurveyedFile) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        file.read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn what_was_surveyed_is_read_again_from_any_place() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("in.csv");
        for size in [20, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5] {
            let text = table(size);
            fs::write(&path, &text).unwrap();
            let Survey { digest, size: found, mut file, .. } = survey(&path).unwrap();
            assert_eq!((digest, found), (Digest::of(&text), size as u64));
            assert_eq!(read(&mut file).unwrap(), text);
            for from in [0, 1, BLOCK - 1, BLOCK, size, size + 1] {
                file.seek(SeekFrom::Start(from as u64)).unwrap();
                assert_eq!(read(&mut file).unwrap(), text.get(from..).unwrap_or_default(), "{size} {from}");
            }
        }
    }

    #[test]
    fn a_change_after_the_survey_is_seen_wherever_it_is_and_no_byte_of_it_is_used() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("in.csv");
        for size in [3 * BLOCK, 3 * BLOCK + 100] {
            let text = table(size);
            let changes: [&dyn Fn(&File); 5] = [
                &|file| file.write_all_at(b"Z", 10).unwrap(),
                &|file| file.write_all_at(b"Z", 2 * BLOCK as u64 + 7).unwrap(),
                &|file| file.write_all_at(b"Z", size as u64).unwrap(),
                &|file| file.set_len(size as u64 - 1).unwrap(),
                &|file| file.set_len(BLOCK as u64).unwrap(),
            ];
            for (which, change) in changes.iter().enumerate() {
                fs::write(&path, &text).unwrap();
                let mut file = survey(&path).unwrap().file;
                change(&File::options().write(true).open(&path).unwrap());
                let mut all = Vec::new();
                let fault = file.read_to_end(&mut all).unwrap_err();
                assert!(Changed::is_behind(&fault), "change {which}: {fault}");
                assert!(text.starts_with(&all), "change {which}");
                let fault = IssueFailed::from(crate::station::batch::table::fault::BadTable::Read(fault));
                assert_eq!(fault.code(), Code::BatchInputChanged);
            }
        }
    }

    #[test]
    fn a_file_that_takes_its_place_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let (path, other) = (place.path().join("in.csv"), place.path().join("other.csv"));
        fs::write(&path, table(BLOCK)).unwrap();
        fs::write(&other, table(2 * BLOCK)).unwrap();
        let mut file = survey(&path).unwrap().file;
        fs::rename(&other, &path).unwrap();
        assert_eq!(read(&mut file).unwrap(), table(BLOCK));
    }
}
