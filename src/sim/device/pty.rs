//! The wire of a virtual device: a pseudo-terminal, and a link to its far end in a folder, where a station
//! finds it as it would find a USB adapter.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serialport::{SerialPort, TTYPort};

/// How long one read waits for bytes.
const READ_WAIT: Duration = Duration::from_millis(20);

pub(super) struct Pty {
    master: TTYPort,
    /// Held open, so that the station may come and go without the line breaking.
    slave: TTYPort,
    link: PathBuf,
    target: PathBuf,
}

impl Pty {
    /// Opens a pseudo-terminal and puts the link in its place; an old link there is replaced.
    pub(super) fn open(link: &Path) -> io::Result<Pty> {
        let (master, slave) = TTYPort::pair()?;
        // the clones are closed in programs that this process starts, so that pulling the cable works
        let (mut master, slave) = (master.try_clone_native()?, slave.try_clone_native()?);
        master.set_timeout(READ_WAIT)?;
        let target = PathBuf::from(slave.name().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?);
        if let Some(folder) = link.parent() {
            fs::create_dir_all(folder)?;
        }
        // hidden, so that nobody takes it for a port
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(link.file_name().unwrap_or_default());
        let beside = link.with_file_name(hidden);
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        symlink(&target, &beside)?;
        fs::rename(&beside, link)?;
        Ok(Pty { master, slave, link: link.to_owned(), target })
    }

    /// Whether the link still leads here: who removes it has pulled the cable.
    pub(super) fn plugged(&self) -> bool {
        fs::read_link(&self.link).is_ok_and(|target| target == self.target)
    }

    /// Bytes from the station; none if nothing came for a moment.
    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut block = [0; 4096];
        match self.master.read(&mut block) {
            Ok(count) => Ok(block.get(..count).unwrap_or_default().to_vec()),
            Err(error) if passing(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Bytes to the station; given up after two seconds if nobody reads.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let until = Instant::now() + Duration::from_secs(2);
        while !bytes.is_empty() && Instant::now() < until {
            match self.master.write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A station that was killed leaves its claim (TIOCEXCL) on a terminal which never closes, since we hold it.
    /// Closing a clone releases the claim; the station's own file lock still keeps a second one out.
    pub(super) fn release_claim(&self) {
        drop(self.slave.try_clone_native());
    }
}

impl Pty {
    /// Takes the link away.
    pub(super) fn unlink(&self) {
        if self.plugged() {
            // the link may be gone already: that is how a cable is pulled
            let _ = fs::remove_file(&self.link);
        }
    }
}

fn passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.unlink();
    }
}
