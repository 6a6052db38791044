//! Getting one label to its printer, with deadlines. What is known about a failure decides what follows: a label
//! that certainly was not printed is tried again; one that may have been is left to a person.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::domain::code::{Code, Coded};
use crate::durable;
use crate::station::settings::printer::Way;
use crate::store::labels::Label;

/// How long a printer may take to answer the telephone.
const CONNECT: Duration = Duration::from_secs(3);
/// How long it may take to swallow a label.
const WRITE: Duration = Duration::from_secs(5);
/// How long it is listened to afterwards: a printer that refuses what it was given says so at once.
const LISTEN: Duration = Duration::from_millis(700);
/// Bytes a printer may say meanwhile before it is no longer listened to.
const MOST_HEARD: usize = 64 * 1024;

/// Why a label is not known to be printed.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The printer has not got all of it, so nothing was printed.
    #[error("the printer at {place} cannot be reached: {why}")]
    Out {
        /// Where it should be.
        place: String,
        /// What the system says.
        why: std::io::Error,
    },
    /// The printer had all of it and broke off.
    #[error("the printer at {place} broke off when it had the label: it may have been printed")]
    Doubtful {
        /// Where it is.
        place: String,
    },
}

impl Coded for NotSent {
    fn code(&self) -> Code {
        match self {
            NotSent::Out { .. } => Code::PrinterOut,
            NotSent::Doubtful { .. } => Code::LabelDoubtful,
        }
    }
}

/// Sends a label; when this returns without error, the printer has it (a file is on the disk).
pub fn send(way: &Way, label: &Label, zpl: &str) -> Result<(), NotSent> {
    let out = |why| NotSent::Out { place: way.to_string(), why };
    match way {
        Way::Network(address) => over_network(*address, zpl, way),
        Way::File(path) => append(path, zpl).map_err(out),
        Way::Folder(folder) => {
            // the same name again is the same label again
            let path = folder.join(format!("{:08}-{:02}.zpl", label.run, label.copy));
            fs::create_dir_all(folder)
                .and_then(|()| durable::replace(&path, zpl.as_bytes(), durable::PUBLIC))
                .map_err(out)
        }
    }
}

fn over_network(address: SocketAddr, zpl: &str, way: &Way) -> Result<(), NotSent> {
    let out = |why| NotSent::Out { place: way.to_string(), why };
    let mut stream = TcpStream::connect_timeout(&address, CONNECT).map_err(out)?;
    let until = Instant::now() + WRITE;
    let mut left = zpl.as_bytes();
    while !left.is_empty() {
        let rest = until.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Err(out(ErrorKind::TimedOut.into()));
        }
        stream.set_write_timeout(Some(rest)).map_err(out)?;
        match stream.write(left) {
            Ok(0) => return Err(out(ErrorKind::WriteZero.into())),
            Ok(taken) => left = &left[taken..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(out(error)),
        }
    }
    listen(&mut stream).map_err(|_| NotSent::Doubtful { place: way.to_string() })
}

/// Says that this was all, and hears whether the printer breaks off. One that keeps the line open in silence has
/// it.
fn listen(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let until = Instant::now() + LISTEN;
    let mut heard = 0;
    let mut buffer = [0; 1024];
    while heard < MOST_HEARD {
        let rest = until.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(rest))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(more) => heard += more,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Appends a whole label or nothing.
fn append(path: &Path, zpl: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(zpl.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() && file.metadata()?.is_file() {
        file.set_len(before)?;
    }
    written
}

#[cfg(test)]
mod tests;
