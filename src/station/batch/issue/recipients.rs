//! Who is to open the private keys of a batch: age recipients (C2SP age, X25519), and sealing to all of them.

use std::io::{self, Write};

use age::{EncryptError, Encryptor, x25519};

use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;

/// The most recipients one batch may have; each adds its part to every sealed file.
pub const MOST_RECIPIENTS: usize = 20;

/// Why nobody could open the keys. A recipient is named by its place, counted from 1, never by its text: it may be a
/// secret that was given by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRecipients {
    /// There is none.
    #[error("the keys need a recipient who is to open them")]
    Nobody,
    /// There are too many.
    #[error("there are {found} recipients, at most {MOST_RECIPIENTS} can be sealed to")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// It is the secret that opens what is sealed.
    #[error(
        "recipient {place} is a private age identity, which opens keys; keep it secret and give its recipient, age1…"
    )]
    Identity {
        /// Which one.
        place: usize,
    },
    /// It is an SSH key.
    #[error("recipient {place} is an SSH key; keys are sealed to age recipients, age1…, only")]
    Ssh {
        /// Which one.
        place: usize,
    },
    /// It is an age recipient of another kind.
    #[error(
        "recipient {place} is not an X25519 recipient of age, which has 62 characters and begins with age1"
    )]
    OtherKind {
        /// Which one.
        place: usize,
    },
    /// It is no recipient, or has a typing error.
    #[error("recipient {place} is not a whole age recipient; a character is missing or wrong")]
    Garbled {
        /// Which one.
        place: usize,
    },
}

impl Coded for BadRecipients {
    fn code(&self) -> Code {
        Code::RecipientInvalid
    }
}

/// Why something was not sealed; the library's own words.
#[derive(Debug, thiserror::Error)]
#[error("the keys could not be sealed: {0}")]
pub struct NotSealed(#[from] EncryptError);

impl From<io::Error> for NotSealed {
    fn from(cause: io::Error) -> NotSealed {
        NotSealed(EncryptError::Io(cause))
    }
}

impl Coded for NotSealed {
    fn code(&self) -> Code {
        Code::Internal
    }
}

/// Those who are to open the keys: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipients(Vec<x25519::Recipient>);

impl Recipients {
    /// Reads recipients, one a text. One that is given twice counts once.
    pub fn parse(texts: &[String]) -> Result<Recipients, BadRecipients> {
        if texts.len() > MOST_RECIPIENTS {
            return Err(BadRecipients::TooMany { found: texts.len() });
        }
        let mut recipients: Vec<x25519::Recipient> = Vec::with_capacity(texts.len());
        for (before, text) in texts.iter().enumerate() {
            let recipient = one(text.trim(), before + 1)?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        if recipients.is_empty() {
            return Err(BadRecipients::Nobody);
        }
        Ok(Recipients(recipients))
    }

    /// The recipients as text, each once; nothing of it is secret.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Seals one secret: age's binary format.
    pub fn seal(&self, plain: &Secret) -> Result<Vec<u8>, NotSealed> {
        self.seal_written(|sealed| sealed.write_all(plain.expose()))
    }

    /// Seals what `write` writes. It passes through without being gathered: only age's own block of 64 KiB is filled.
    pub(super) fn seal_written(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Vec<u8>, NotSealed> {
        let recipients = self.0.iter().map(|recipient| recipient as &dyn age::Recipient);
        let mut sealed = Vec::new();
        let mut writer = Encryptor::with_recipients(recipients)?.wrap_output(&mut sealed)?;
        write(&mut writer)?;
        writer.finish()?;
        Ok(sealed)
    }
}

fn one(text: &str, place: usize) -> Result<x25519::Recipient, BadRecipients> {
    let begin = text.get(..15).unwrap_or(text).to_ascii_lowercase();
    if begin.starts_with("age-secret-key-") || begin.starts_with("age-plugin-") {
        return Err(BadRecipients::Identity { place });
    }
    if begin.starts_with("ssh-") || begin.starts_with("ecdsa-sha2-") {
        return Err(BadRecipients::Ssh { place });
    }
    // recipients of plugins and of other kinds have a second 1 that ends their name (age1yubikey1…); an X25519 one
    // has not, for Bech32 leaves that digit out of its alphabet
    let other_kind = begin.starts_with("age1") && text.get(4..).is_some_and(|rest| rest.contains('1'));
    text.parse().map_err(|_| match other_kind {
        true => BadRecipients::OtherKind { place },
        false => BadRecipients::Garbled { place },
    })
}

#[cfg(test)]
mod tests;
