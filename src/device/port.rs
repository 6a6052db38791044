//! Serial ports: which there are, opening one, and the modem lines that show whether a unit is in the
//! fixture. The only file of this room that names the serial port library.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serialport::{ClearBuffer, SerialPort, SerialPortType, TTYPort};

use super::error::LineError;

/// How long one read waits; deadlines are kept by the link above.
const READ_WAIT: Duration = Duration::from_millis(20);
/// More links than this in the folder are not listed.
const MOST_LISTED: usize = 1000;

/// A port that is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortInfo {
    /// The path by which it is opened.
    pub path: PathBuf,
    /// A short name for people.
    pub name: String,
    /// What its USB descriptor says, if it is on USB.
    pub usb: Option<Usb>,
}

/// A USB adapter's descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usb {
    /// Vendor ID.
    pub vendor: u16,
    /// Product ID.
    pub product: u16,
    /// The adapter's own serial number.
    pub serial: Option<String>,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Product description.
    pub description: Option<String>,
}

/// The ports of the system and every link in `folder` (such as `/dev/serial/by-id`) that leads to one.
/// A folder that is missing holds no ports.
pub fn list(folder: Option<&Path>) -> Vec<PortInfo> {
    let mut found: Vec<PortInfo> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|port| {
            let path = PathBuf::from(&port.port_name);
            let usb = match port.port_type {
                SerialPortType::UsbPort(usb) => Some(Usb {
                    vendor: usb.vid,
                    product: usb.pid,
                    serial: usb.serial_number,
                    manufacturer: usb.manufacturer,
                    description: usb.product,
                }),
                SerialPortType::PciPort | SerialPortType::BluetoothPort | SerialPortType::Unknown => None,
            };
            PortInfo { name: short_name(&path), path, usb }
        })
        .collect();
    if let Some(entries) = folder.and_then(|folder| fs::read_dir(folder).ok()) {
        let links = entries.take(MOST_LISTED).flatten().map(|entry| entry.path());
        let links = links.filter(|path| present(path) && !short_name(path).starts_with('.'));
        found.extend(links.map(|path| PortInfo { name: short_name(&path), path, usb: None }));
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    found
}

fn short_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a character device stands at the end of this path.
pub fn present(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device())
}

/// What the modem lines say; `None` where the port has no such line (a pseudo-terminal has none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signals {
    /// Data set ready.
    pub dsr: Option<bool>,
    /// Clear to send.
    pub cts: Option<bool>,
}

/// An open port: 8N1, no flow control, held exclusively; closed when dropped.
#[derive(Debug)]
pub struct Port {
    tty: TTYPort,
    baud: u32,
}

/// Opens a port and throws away what lay in its receive buffer.
pub fn open(path: &Path, baud: u32) -> Result<Port, LineError> {
    if !present(path) {
        return Err(LineError::Missing { path: path.to_owned() });
    }
    let name = path.to_string_lossy();
    let tty = TTYPort::open(&serialport::new(name, baud).timeout(READ_WAIT)).map_err(|error| {
        match error.kind() {
            // a path that was there a moment ago: held by somebody else (EBUSY, EWOULDBLOCK)
            serialport::ErrorKind::NoDevice if present(path) => LineError::Busy { path: path.to_owned() },
            serialport::ErrorKind::Io(io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy) => {
                LineError::Busy { path: path.to_owned() }
            }
            serialport::ErrorKind::NoDevice => LineError::Missing { path: path.to_owned() },
            serialport::ErrorKind::InvalidInput
            | serialport::ErrorKind::Unknown
            | serialport::ErrorKind::Io(_) => {
                LineError::OpenFailed { path: path.to_owned(), why: error.to_string() }
            }
        }
    })?;
    let port = Port { tty, baud };
    port.discard();
    Ok(port)
}

impl Port {
    /// Bits a second.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// The modem lines.
    pub fn signals(&mut self) -> Signals {
        Signals { dsr: self.tty.read_data_set_ready().ok(), cts: self.tty.read_clear_to_send().ok() }
    }

    /// Throws away what has been received and not read.
    pub fn discard(&self) {
        // a port that is gone has nothing to throw away; the next read says so
        let _ = self.tty.clear(ClearBuffer::Input);
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tty.read(buffer)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tty.write(bytes)
    }

    /// Does nothing: draining may block without end behind a dead adapter, and the link's deadlines are
    /// about the answer anyway.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_pty_is_listed_opened_once_and_has_no_modem_lines() {
        let (_master, slave) = TTYPort::pair().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("usb-one");
        std::os::unix::fs::symlink(slave.name().unwrap(), &link).unwrap();
        fs::write(folder.path().join("not-a-port"), "").unwrap();
        let listed = list(Some(folder.path()));
        assert!(listed.iter().any(|port| port.path == link && port.name == "usb-one"), "{listed:?}");
        assert!(!listed.iter().any(|port| port.name == "not-a-port"));

        let mut port = open(&link, 115_200).unwrap();
        assert_eq!(port.signals(), Signals { dsr: None, cts: None });
        assert_eq!(port.baud(), 115_200);
        assert!(matches!(open(&link, 115_200), Err(LineError::Busy { .. })), "a port is held by one");
        assert!(matches!(open(&folder.path().join("none"), 9600), Err(LineError::Missing { .. })));
    }
}
