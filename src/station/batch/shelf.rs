//! The files of batches begun on the pages: while one works, in a folder under `exports/uploads/`; afterwards in
//! `exports/batches/NUMBER/`, from where they can be taken along and taken away.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::durable;
use crate::station::folder::Folder;
use crate::store::batches::Batch;

/// A folder of more files than this is not handed out over the pages.
const MOST: usize = 200_000;

/// The folder below the exports in which files lie while somebody works with them.
pub const UPLOADS: &str = "uploads";

/// Where files lie while somebody works with them.
pub fn uploads(folder: &Folder) -> PathBuf {
    folder.exports().join(UPLOADS)
}

/// Where the files of a batch lie afterwards.
pub fn place(folder: &Folder, batch: u64) -> PathBuf {
    folder.exports().join("batches").join(batch.to_string())
}

/// Settles what lies there when the station starts: the files of a batch that was cut off, or that ended and was not put on
/// the shelf any more, go there; everything else was never begun and is taken away. `known` are batches, those that count
/// most first.
pub fn sweep(folder: &Folder, known: &[Batch]) -> io::Result<()> {
    let owners: Vec<&Batch> =
        known.iter().filter(|batch| batch.input_digest.is_some() && !batch.input.is_empty()).collect();
    for (_, left) in entries(&uploads(folder))? {
        // each file is read once, however many batches had one of its name
        let mut digests: BTreeMap<&str, Option<Digest>> = BTreeMap::new();
        let mut found = None;
        for batch in &owners {
            let digest = match digests.get(batch.input.as_str()) {
                Some(known) => *known,
                None => {
                    let digest = digest_of(&left.join(&batch.input))?;
                    digests.insert(&batch.input, digest);
                    digest
                }
            };
            if batch.input_digest == digest {
                found = Some(batch.id);
                break;
            }
        }
        match found {
            Some(batch) => put(folder, batch, &left)?,
            None => fs::remove_dir_all(&left)?,
        }
    }
    Ok(())
}

/// SHA-256 of a file; none if there is no such file.
fn digest_of(path: &Path) -> io::Result<Option<Digest>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Some(Digest::from_bytes(hash.finalize().into()))),
            read => hash.update(&piece[..read]),
        }
    }
}

/// Puts what lies in this folder on the shelf of a batch; what lay there under the same names before is replaced.
pub fn put(folder: &Folder, batch: u64, from: &Path) -> io::Result<()> {
    let place = place(folder, batch);
    let above = place.parent().unwrap_or(&place);
    durable::private_folder(above)?;
    if !place.exists() {
        fs::rename(from, &place)?;
        return File::open(above)?.sync_all();
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::rename(entry.path(), place.join(entry.file_name()))?;
    }
    File::open(&place)?.sync_all()?;
    fs::remove_dir(from)
}

/// One thing that a batch wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its name; that of a folder ends in `.tar`, as which it is handed out.
    pub name: String,
    /// What it is.
    pub size: Size,
}

/// How much a batch wrote under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A file of so many bytes.
    Bytes(u64),
    /// A folder of so many files and folders.
    Files(usize),
}

/// What a batch wrote, by name; its input is not among it.
pub fn written(folder: &Folder, batch: u64, input: &str) -> io::Result<Vec<Written>> {
    let mut found = Vec::new();
    for (name, path) in entries(&place(folder, batch))? {
        let meta = fs::symlink_metadata(&path)?;
        if name == input {
            continue;
        }
        if meta.is_file() {
            found.push(Written { name, size: Size::Bytes(meta.len()) });
        } else if meta.is_dir() {
            found.push(Written {
                name: format!("{name}.tar"),
                size: Size::Files(fs::read_dir(&path)?.count()),
            });
        }
    }
    Ok(found)
}

/// A file on its way out.
pub struct Taken {
    /// Its bytes.
    pub content: Box<dyn Read + Send>,
    /// How many they are.
    pub length: u64,
}

/// Opens what a batch wrote under this name; none if it wrote no such thing. Any name may be asked for.
pub fn take(folder: &Folder, batch: u64, input: &str, name: &str) -> io::Result<Option<Taken>> {
    let Some(found) = written(folder, batch, input)?.into_iter().find(|written| written.name == name) else {
        return Ok(None);
    };
    let place = place(folder, batch);
    match found.size {
        Size::Bytes(length) => {
            let file = File::open(place.join(name))?;
            Ok(Some(Taken { length, content: Box::new(file.take(length)) }))
        }
        Size::Files(_) => archive(&place.join(name.strip_suffix(".tar").unwrap_or(name))).map(Some),
    }
}

/// Takes away everything that lies on the shelf of a batch; whether there was anything.
pub fn clear(folder: &Folder, batch: u64) -> io::Result<bool> {
    match fs::remove_dir_all(place(folder, batch)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The entries of a folder by name, without hidden ones; none if there is no such folder.
fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let mut found = Vec::new();
    for entry in read {
        let entry = entry?;
        if found.len() >= MOST {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the folder holds too many files to hand out",
            ));
        }
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
        {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// The files of a folder and of the folders in it: path below it, place, length.
fn files_in(folder: &Path) -> io::Result<Vec<(String, PathBuf, u64)>> {
    let mut found = Vec::new();
    for (name, path) in entries(folder)? {
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_file() {
            found.push((name, path, meta.len()));
        } else if meta.is_dir() {
            for (inner, path) in entries(&path)? {
                let meta = fs::symlink_metadata(&path)?;
                if meta.is_file() {
                    found.push((format!("{name}/{inner}"), path, meta.len()));
                }
            }
        }
    }
    Ok(found)
}

/// A folder as one tar file (ustar), made while it is read: no more than one of its files is open at a time.
fn archive(folder: &Path) -> io::Result<Taken> {
    let files = files_in(folder)?;
    let length = files.iter().map(|(_, _, bytes)| BLOCK + bytes.next_multiple_of(BLOCK)).sum::<u64>();
    let content = Archive { files: files.into_iter(), now: Box::new(io::empty()), over: false };
    Ok(Taken { content: Box::new(content), length: length + 2 * BLOCK })
}

/// What a tar file is made of, in bytes.
const BLOCK: u64 = 512;

struct Archive {
    files: std::vec::IntoIter<(String, PathBuf, u64)>,
    now: Box<dyn Read + Send>,
    over: bool,
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.now.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.over {
                return Ok(read);
            }
            match self.files.next() {
                Some((name, path, bytes)) => {
                    let mut header = tar::Header::new_ustar();
                    header.set_path(&name)?;
                    header.set_size(bytes);
                    header.set_mode(0o600);
                    header.set_cksum();
                    let header = Cursor::new(header.as_bytes().to_vec());
                    let padding = io::repeat(0).take(bytes.next_multiple_of(BLOCK) - bytes);
                    self.now = Box::new(header.chain(File::open(path)?.take(bytes)).chain(padding));
                }
                None => {
                    self.over = true;
                    self.now = Box::new(io::repeat(0).take(2 * BLOCK));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::{BatchKind, BatchState};
    use crate::domain::utc_time::UtcTime;

    #[test]
    fn only_what_a_batch_wrote_is_handed_out() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert_eq!(written(&folder, 7, "in.csv").unwrap(), []);
        let work = uploads(&folder).join("one");
        fs::create_dir_all(work.join("out.keys")).unwrap();
        for (name, text) in
            [("in.csv", "a"), ("out.csv", "bcd"), (".begun", "x"), ("out.keys/0001.age", "sealed")]
        {
            fs::write(work.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", work.join("passwd")).unwrap();
        put(&folder, 7, &work).unwrap();
        assert!(!work.exists());
        let names: Vec<_> = written(&folder, 7, "in.csv").unwrap();
        let listed: Vec<_> = names.iter().map(|written| (written.name.as_str(), written.size)).collect();
        assert_eq!(listed, [("out.csv", Size::Bytes(3)), ("out.keys.tar", Size::Files(1))]);
        let mut text = String::new();
        take(&folder, 7, "in.csv", "out.csv").unwrap().unwrap().content.read_to_string(&mut text).unwrap();
        assert_eq!(text, "bcd");
        for name in
            ["in.csv", "passwd", ".begun", "../7/out.csv", "out.keys/0001.age", "", "..", "/etc/passwd"]
        {
            assert!(take(&folder, 7, "in.csv", name).unwrap().is_none(), "{name}");
        }
        let tar = take(&folder, 7, "in.csv", "out.keys.tar").unwrap().unwrap();
        let (length, mut content) = (tar.length, tar.content);
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        assert_eq!(u64::try_from(bytes.len()).unwrap(), length);
        let mut read = tar::Archive::new(Cursor::new(bytes));
        let mut entries = read.entries().unwrap();
        let mut entry = entries.next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_string_lossy(), "0001.age");
        text.clear();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, "sealed");
        assert!(clear(&folder, 7).unwrap() && !clear(&folder, 7).unwrap());
    }

    #[test]
    fn at_the_start_the_files_of_a_batch_that_ended_go_on_the_shelf_and_others_are_taken_away() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let known = |id: u64, state: BatchState, text: &[u8]| Batch {
            id,
            kind: BatchKind::Issue,
            input: "in.csv".to_owned(),
            output: "out.csv".to_owned(),
            input_digest: Some(Digest::of(text)),
            output_digest: None,
            asked: "{}".to_owned(),
            work_order: None,
            person: "ada".to_owned(),
            state,
            good: 0,
            refused: 0,
            code: None,
            started: UtcTime::from_seconds(1),
            finished: None,
        };
        for (name, text) in [("one", "running"), ("two", "done"), ("three", "never begun")] {
            let work = uploads(&folder).join(name);
            fs::create_dir_all(work.join("out.csv.keys")).unwrap();
            fs::write(work.join("in.csv"), text).unwrap();
            fs::write(work.join("out.csv.keys/0001.age"), "sealed").unwrap();
        }
        let batches = [
            known(4, BatchState::Running, b"running"),
            known(3, BatchState::Done, b"done"),
            // an earlier attempt over the same file
            known(2, BatchState::Failed, b"running"),
        ];
        sweep(&folder, &batches).unwrap();
        assert_eq!(fs::read_dir(uploads(&folder)).unwrap().count(), 0);
        for batch in [3, 4] {
            assert!(super::place(&folder, batch).join("out.csv.keys/0001.age").is_file(), "{batch}");
        }
        assert!(!super::place(&folder, 2).exists());
    }
}
