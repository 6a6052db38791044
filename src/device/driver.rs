//! What every kind of device can be asked, whatever its wire looks like; and the one place where a file that
//! reads back wrongly is sent again.

use subtle::ConstantTimeEq;

use super::error::LineError;
use super::lineside::LinesideDriver;
use super::linux_shell::LinuxShellDriver;
use super::port::Port;
use super::render::Rendered;
use crate::domain::digest::Digest;
use crate::domain::pair::Which;
use crate::domain::product::{DriverKind, Product};
use crate::domain::proof::Challenge;
use crate::domain::secret::Secret;

/// What a device says it is: texts as it gave them, bounded in length and not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// Serial number.
    pub serial: String,
    /// MAC address.
    pub mac: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Firmware version.
    pub firmware: Option<String>,
}

/// The longest text that is taken from a device for one of the fields of [`Identified`].
pub const LONGEST_FIELD: usize = 256;

/// The kind of key a device is to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsrKey {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
}

/// A way to talk to a device. Steps are asked for in the order of the methods; each blocks until it is done
/// or its deadline has passed. After an error the conversation may be begun anew with [`Driver::identify`].
pub trait Driver {
    /// Wakes the device, logs in or says hello, and asks who it is.
    fn identify(&mut self) -> Result<Identified, LineError>;

    /// Has the device make a new key beside the one in use, its primary or its secondary one, and returns the PKCS#10
    /// request (DER) for it with this common name. With `reuse`, the key of an earlier attempt is kept if it is of the same kind: the pending
    /// one or, if that was committed already and none is pending, the one in use.
    fn request_csr(&mut self, which: Which, cn: &str, key: CsrKey, reuse: bool)
    -> Result<Vec<u8>, LineError>;

    /// Sends a file to a place beside its own; `progress` hears bytes sent and bytes in all.
    fn put(&mut self, file: &Rendered, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LineError>;

    /// The SHA-256 of what lies on the device for this file (the pending one before [`Driver::commit`]).
    fn read_back(&mut self, file: &Rendered) -> Result<Digest, LineError>;

    /// Moves the pending keys and files to their places.
    fn commit(&mut self) -> Result<(), LineError>;

    /// The device's ECDSA signature (DER) with SHA-256 over the proof message, which it builds itself, with its primary or
    /// its secondary key.
    fn prove_signature(&mut self, which: Which, challenge: &Challenge) -> Result<Vec<u8>, LineError>;

    /// The device's HMAC-SHA256 (32 bytes) over the proof message, which it builds itself.
    fn prove_hmac(&mut self, challenge: &Challenge) -> Result<Vec<u8>, LineError>;

    /// Ends the conversation: the device gives no proofs afterwards, a console is logged out.
    fn finish(&mut self) -> Result<(), LineError>;

    /// Leaves a device that did not pass, as far as it still answers: what lies beside its place is taken away,
    /// a console is logged out. A device in use keeps the credential it has.
    fn abandon(&mut self);

    /// Whether something answers on the line.
    fn present(&mut self) -> bool;
}

/// The driver for this product on an open port; says nothing to the device yet. `session` are fresh random
/// bytes, which tell this conversation's answers from an earlier one's.
pub fn open_driver(
    product: &Product,
    port: Port,
    password: Option<Secret>,
    session: [u8; 8],
) -> Box<dyn Driver + Send> {
    let baud = port.baud();
    match product.identify.driver {
        DriverKind::Lineside => Box::new(LinesideDriver::new(port, baud, product, session)),
        DriverKind::LinuxShell => Box::new(LinuxShellDriver::new(port, baud, product, password, session)),
    }
}

/// How often a file is sent before its read-back is believed to differ for good.
const SENDS: u32 = 3;

/// Sends a file and compares what the device reads back; sent again at most twice.
pub fn write_file(
    driver: &mut dyn Driver,
    file: &Rendered,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Digest, LineError> {
    let sent = file.digest();
    let mut before = 0;
    loop {
        driver.put(file, progress)?;
        let found = driver.read_back(file)?;
        if bool::from(found.as_bytes().ct_eq(sent.as_bytes())) {
            return Ok(found);
        }
        before += 1;
        if before == SENDS {
            return Err(LineError::ReadBackDiffers { path: file.path.clone(), sent, found });
        }
    }
}
