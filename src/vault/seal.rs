//! Things that wait in the database, sealed to the station's own recipient as age armor: text that only
//! this vault opens.

use std::io::Write;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{Decryptor, Encryptor};

use super::Vault;
use super::age_file::{LARGEST, read_plain};
use super::error::VaultError;
use crate::domain::secret::Secret;

impl Vault {
    /// Seals bytes to this vault. Each call gives another text.
    pub fn seal(&self, plain: &[u8]) -> Result<String, VaultError> {
        let recipient = self.station_recipient()?;
        let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))?;
        let mut armored = Vec::new();
        let wrote = ArmoredWriter::wrap_output(&mut armored, Format::AsciiArmor)
            .and_then(|armor| encryptor.wrap_output(armor))
            .and_then(|mut writer| writer.write_all(plain).and_then(|()| writer.finish()))
            .and_then(|armor| armor.finish().map(|_| ()));
        wrote.map_err(age::EncryptError::from)?;
        String::from_utf8(armored).map_err(|_| VaultError::SealedText)
    }

    /// Opens what [`Vault::seal`] made; anything else, and anything over 16 MiB, is refused.
    pub fn open(&self, sealed: &str) -> Result<Secret, VaultError> {
        if u64::try_from(sealed.len()).is_ok_and(|length| length > LARGEST) {
            return Err(VaultError::SealedText);
        }
        let identity = self.station_identity()?;
        let refused = |_| VaultError::SealedText;
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(sealed.as_bytes())).map_err(refused)?;
        let reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(refused)?;
        read_plain(reader, sealed.len()).map_err(|_| VaultError::SealedText)
    }
}
