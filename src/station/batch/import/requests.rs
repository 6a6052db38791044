//! The cell of a certificate request: PEM, or base64 of its DER. Possession of the key is checked here, once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::fault::BadRow;
use crate::ca::csr::{self, BadCsr};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::station::blocklist::{Blocklist, Blocklisted};

/// A request that proves the possession of its key.
#[derive(Debug)]
pub struct Request {
    /// Its DER.
    pub der: Vec<u8>,
    /// SHA-256 of its public key (SPKI).
    pub public_key: Digest,
}

/// Why a cell is no such request.
#[derive(Debug, thiserror::Error)]
pub enum BadRequest {
    /// Neither PEM nor base64.
    #[error(transparent)]
    Cell(BadRow),
    /// The request itself.
    #[error(transparent)]
    Csr(#[from] BadCsr),
    /// Its key is blocked.
    #[error(transparent)]
    Blocked(#[from] Blocklisted),
}

impl Coded for BadRequest {
    fn code(&self) -> Code {
        match self {
            BadRequest::Cell(error) => error.code(),
            BadRequest::Csr(error) => error.code(),
            BadRequest::Blocked(error) => error.code(),
        }
    }
}

/// Reads a cell. A key on the list is refused: its device would get no certificate.
pub fn read(cell: &str, blocklist: &Blocklist) -> Result<Request, BadRequest> {
    let der = if cell.contains("-----BEGIN ") {
        csr::to_der(cell.as_bytes())?.into_owned()
    } else {
        let bare: String = cell.split_ascii_whitespace().collect();
        STANDARD.decode(bare).map_err(|_| BadRequest::Cell(BadRow::Request))?
    };
    let key = csr::proven_key(&der)?;
    blocklist.admit(key.public_key())?;
    let public_key = key.public_key().digest();
    Ok(Request { der, public_key })
}
