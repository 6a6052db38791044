//! Where an export goes: a stream, a file, a row of files of limited length, or a folder of them. Files are private
//! from the first byte, never overwrite another, and are on the disk when it is over; what was cut off is taken away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::failed::ExportFailed;
use super::format::{Format, Frame};
use crate::domain::digest::Digest;
use crate::durable;

/// How much is gathered before the operating system is asked to write.
const BUFFER: usize = 1 << 18;

/// The way out.
pub enum To<'a> {
    /// One stream of bytes, such as standard output.
    Stream(&'a mut (dyn Write + Send)),
    /// A file, or the first one of several; for a format with a folder, that folder.
    Path(&'a Path),
}

/// Takes rows and puts them where they belong.
pub struct Shelf<'a> {
    way: Way<'a>,
    frame: Frame,
    hash: Sha256,
    /// Rows in the file that is open.
    rows: u64,
    /// Whether a file is open, or the stream was begun.
    open: bool,
}

enum Way<'a> {
    Stream(&'a mut (dyn Write + Send)),
    Files { place: PathBuf, folder: bool, made: u64, writer: Option<BufWriter<File>> },
}

/// The name of one of several files: the first has the one that was given.
fn numbered(place: &Path, number: u64) -> PathBuf {
    if number <= 1 {
        return place.to_owned();
    }
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    match place.extension() {
        Some(ending) => place.with_file_name(format!("{stem}-{number}.{}", ending.to_string_lossy())),
        None => place.with_file_name(format!("{stem}-{number}")),
    }
}

/// A file beside the main one, named after it.
pub fn beside(place: &Path, ending: &str) -> PathBuf {
    place.with_extension(ending)
}

/// Makes a file that is not there yet.
fn create(path: &Path) -> Result<File, ExportFailed> {
    let made = OpenOptions::new().write(true).create_new(true).mode(durable::PRIVATE).open(path);
    made.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => ExportFailed::OutputExists(path.to_owned()),
        _ => ExportFailed::Write { path: path.to_owned(), cause },
    })
}

impl<'a> Shelf<'a> {
    /// Opens the way out. Nothing is there before this.
    pub fn open(to: To<'a>, format: Format, frame: Frame) -> Result<Shelf<'a>, ExportFailed> {
        let way = match to {
            To::Stream(stream) => Way::Stream(stream),
            To::Path(path) => {
                if format.is_folder() {
                    let made = fs::DirBuilder::new().mode(0o700).create(path);
                    made.map_err(|cause| match cause.kind() {
                        io::ErrorKind::AlreadyExists => ExportFailed::OutputExists(path.to_owned()),
                        _ => ExportFailed::Write { path: path.to_owned(), cause },
                    })?;
                }
                Way::Files { place: path.to_owned(), folder: format.is_folder(), made: 0, writer: None }
            }
        };
        let mut shelf = Shelf { way, frame, hash: Sha256::new(), rows: 0, open: false };
        // an export of nothing is a file without rows, but no call without enrollments
        if !format.is_folder() {
            shelf.begin()?;
        }
        Ok(shelf)
    }

    /// Where the files lie, for a message.
    fn name(&self) -> PathBuf {
        match &self.way {
            Way::Stream(_) => PathBuf::from("standard output"),
            Way::Files { place, folder, made, .. } => path_of(place, *folder, *made),
        }
    }

    fn begin(&mut self) -> Result<(), ExportFailed> {
        if let Way::Files { place, folder, made, writer } = &mut self.way {
            let file = create(&path_of(place, *folder, *made + 1))?;
            *made += 1;
            *writer = Some(BufWriter::with_capacity(BUFFER, file));
        }
        self.open = true;
        self.rows = 0;
        let head = std::mem::take(&mut self.frame.head);
        let written = self.write(&head);
        self.frame.head = head;
        written
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportFailed> {
        self.hash.update(bytes);
        let written = match &mut self.way {
            Way::Stream(stream) => stream.write_all(bytes),
            Way::Files { writer: Some(writer), .. } => writer.write_all(bytes),
            Way::Files { writer: None, .. } => Ok(()),
        };
        written.map_err(|cause| ExportFailed::Write { path: self.name(), cause })
    }

    /// Ends the file that is open; it is on the disk then.
    fn end(&mut self) -> Result<(), ExportFailed> {
        self.write(self.frame.foot)?;
        self.open = false;
        let ended = match &mut self.way {
            Way::Stream(stream) => stream.flush(),
            Way::Files { writer, .. } => match writer.take() {
                Some(writer) => writer
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)
                    .and_then(|file| file.sync_all()),
                None => Ok(()),
            },
        };
        ended.map_err(|cause| ExportFailed::Write { path: self.name(), cause })
    }

    /// Takes rows; `ends` are the places where each ends in the text.
    pub fn rows(&mut self, text: &[u8], ends: &[usize]) -> Result<(), ExportFailed> {
        if self.frame.most.is_none() && self.frame.between.is_empty() {
            return self.write(text);
        }
        let mut from = 0;
        for &to in ends {
            if self.open && self.frame.most == Some(self.rows) {
                self.end()?;
            }
            if !self.open {
                self.begin()?;
            }
            if self.rows > 0 {
                self.write(self.frame.between)?;
            }
            self.write(text.get(from..to).unwrap_or_default())?;
            self.rows += 1;
            from = to;
        }
        Ok(())
    }

    /// Ends it; the digest of all that was written, in its order. It is on the disk then.
    pub fn settle(&mut self) -> Result<Digest, ExportFailed> {
        if self.open {
            self.end()?;
        }
        if let Way::Files { place, .. } = &self.way {
            sync(place)?;
        }
        Ok(Digest::from_bytes(std::mem::take(&mut self.hash).finalize().into()))
    }

    /// The files it lies in; a folder for its files.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.way {
            Way::Stream(_) => Vec::new(),
            Way::Files { place, folder: true, .. } => vec![place.clone()],
            Way::Files { place, made, .. } => (1..=*made).map(|number| numbered(place, number)).collect(),
        }
    }

    /// Takes away what was written; of a stream nothing can be taken back.
    pub fn remove(self) {
        if let Way::Files { place, folder, made, writer } = self.way {
            drop(writer);
            // why it is taken away is what the caller tells; what cannot be removed stays, cut off as it is
            if folder {
                let _ = fs::remove_dir_all(&place);
            } else {
                for number in 1..=made {
                    let _ = fs::remove_file(numbered(&place, number));
                }
            }
        }
    }
}

fn path_of(place: &Path, folder: bool, number: u64) -> PathBuf {
    if folder { place.join(format!("enrollments-{number:06}.json")) } else { numbered(place, number) }
}

/// Brings the names of new files to the disk: of the folder they lie in, and of that folder itself.
fn sync(place: &Path) -> Result<(), ExportFailed> {
    let failed = |path: &Path, cause| ExportFailed::Write { path: path.to_owned(), cause };
    if place.is_dir() {
        File::open(place).and_then(|folder| folder.sync_all()).map_err(|cause| failed(place, cause))?;
    }
    let parent = match place.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(|cause| failed(parent, cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn three(format: Format, most: u64, path: &Path) -> Vec<PathBuf> {
        let mut frame = format.frame(&[], &[], false);
        frame.most = Some(most);
        let mut shelf = Shelf::open(To::Path(path), format, frame).unwrap();
        shelf.rows(b"{1}{2}", &[3, 6]).unwrap();
        shelf.rows(b"{3}", &[3]).unwrap();
        shelf.settle().unwrap();
        shelf.files()
    }

    #[test]
    fn rows_are_cut_into_private_files_each_whole() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("dps");
        assert_eq!(three(Format::AzureDps, 2, &folder), std::slice::from_ref(&folder));
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(
            read("enrollments-000001.json"),
            "{\"mode\":\"create\",\"enrollments\":[\n{1},\n{2}\n]}\n"
        );
        assert_eq!(read("enrollments-000002.json"), "{\"mode\":\"create\",\"enrollments\":[\n{3}\n]}\n");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        let onboard = place.path().join("onboard.csv");
        let files = three(Format::NrfCloud, 1, &onboard);
        assert_eq!(
            files,
            ["onboard.csv", "onboard-2.csv", "onboard-3.csv"].map(|name| place.path().join(name))
        );
        for file in &files {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let refused = Shelf::open(To::Path(&onboard), Format::Csv, Format::Csv.frame(&[], &[], false)).err();
        assert!(matches!(refused, Some(ExportFailed::OutputExists(path)) if path == onboard));
    }

    #[test]
    fn the_digest_is_that_of_the_file_and_what_was_cut_off_goes_away() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lot.json");
        let open = || {
            Shelf::open(To::Path(&path), Format::Manifest, Format::Manifest.frame(&[], &[], false)).unwrap()
        };
        let mut shelf = open();
        shelf.rows(b"{}", &[2]).unwrap();
        let (digest, files) = (shelf.settle().unwrap(), shelf.files());
        assert_eq!(digest, Digest::of(&fs::read(&path).unwrap()));
        assert_eq!(fs::read_to_string(&files[0]).unwrap(), "[\n{}\n]\n");
        fs::remove_file(&path).unwrap();
        let mut shelf = open();
        shelf.rows(b"{}", &[2]).unwrap();
        shelf.remove();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
