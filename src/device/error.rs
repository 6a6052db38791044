//! What can go wrong on the line, and whose fault it is: that decides whether a run ends as FAIL (the
//! device), ERROR (the station) or ABORTED (somebody pulled the cable).

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;

/// Where the cause of a failure lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The device: a run ends as FAIL.
    Device,
    /// The station, its settings or its fixture: a run ends as ERROR.
    Station,
    /// A person took the device away: a run ends as ABORTED.
    Pulled,
}

/// Why a conversation with a device did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// There is no such port.
    #[error("there is no port at {}", .path.display())]
    Missing {
        /// The port's path.
        path: PathBuf,
    },
    /// Another program has the port open.
    #[error("the port {} is in use by another program", .path.display())]
    Busy {
        /// The port's path.
        path: PathBuf,
    },
    /// The port exists and cannot be opened.
    #[error("the port {} cannot be opened: {why}", .path.display())]
    OpenFailed {
        /// The port's path.
        path: PathBuf,
        /// The operating system's reason.
        why: String,
    },
    /// The port vanished while it was in use.
    #[error("the cable was pulled while the device was being talked to")]
    Gone,
    /// No answer within the time allowed.
    #[error("the device did not answer to “{what}” within {} s", .waited.as_secs())]
    Silent {
        /// What was asked.
        what: String,
        /// For how long.
        waited: Duration,
    },
    /// An answer that was damaged each time.
    #[error("the answer to “{what}” arrived damaged")]
    Garbled {
        /// What was asked.
        what: String,
    },
    /// The device understood and declined.
    #[error("the device refused ({code}): {message}")]
    Refused {
        /// The device's own word for it; at most 32 characters.
        code: String,
        /// The device's own message, made harmless and at most 160 characters.
        message: String,
    },
    /// The device answers, but not as agreed.
    #[error("the device does not keep to the protocol: {what}")]
    Protocol {
        /// What is wrong.
        what: String,
    },
    /// The console did not let us in.
    #[error("log-in at the console failed: {why}")]
    LoginFailed {
        /// What was seen.
        why: String,
    },
    /// The console asks for what nobody told the station.
    #[error("the console asks for a {what} and the recipe names none")]
    NoLogin {
        /// `user` or `password`.
        what: &'static str,
    },
    /// The file on the device is not what was sent.
    #[error("“{path}” does not read back as it was sent ({} instead of {})", brief(found), brief(sent))]
    ReadBackDiffers {
        /// The file.
        path: String,
        /// Digest of what was sent.
        sent: Digest,
        /// Digest as the device computes it.
        found: Digest,
    },
    /// The firmware or console lacks something the recipe asks for.
    #[error("the device cannot do this: {what}")]
    NotCapable {
        /// What is missing.
        what: String,
    },
    /// More than the device takes.
    #[error("{what} has {size} bytes, the device takes at most {most}")]
    TooLarge {
        /// The file.
        what: String,
        /// Its size.
        size: u64,
        /// The device's limit.
        most: u64,
    },
    /// The device lost the conversation: it started anew by itself.
    #[error("the device restarted by itself at “{what}”")]
    Restarted {
        /// What was asked when it was noticed.
        what: String,
    },
}

impl LineError {
    /// Whose fault it is.
    pub fn whose(&self) -> Fault {
        match self {
            LineError::Gone => Fault::Pulled,
            LineError::Silent { .. }
            | LineError::Refused { .. }
            | LineError::Protocol { .. }
            | LineError::LoginFailed { .. }
            | LineError::ReadBackDiffers { .. }
            | LineError::Restarted { .. } => Fault::Device,
            LineError::Missing { .. }
            | LineError::Busy { .. }
            | LineError::OpenFailed { .. }
            | LineError::Garbled { .. }
            | LineError::NoLogin { .. }
            | LineError::NotCapable { .. }
            | LineError::TooLarge { .. } => Fault::Station,
        }
    }

    /// Whether asking again can help: silence and damage may pass, a refusal stands.
    pub fn worth_repeating(&self) -> bool {
        match self {
            LineError::Silent { .. } | LineError::Garbled { .. } => true,
            LineError::Missing { .. }
            | LineError::Busy { .. }
            | LineError::OpenFailed { .. }
            | LineError::Gone
            | LineError::Refused { .. }
            | LineError::Protocol { .. }
            | LineError::LoginFailed { .. }
            | LineError::NoLogin { .. }
            | LineError::ReadBackDiffers { .. }
            | LineError::NotCapable { .. }
            | LineError::TooLarge { .. }
            | LineError::Restarted { .. } => false,
        }
    }
}

/// Enough of a digest for an engineer to compare by eye.
fn brief(digest: &Digest) -> String {
    digest.to_string().chars().take(8).collect()
}

impl Coded for LineError {
    fn code(&self) -> Code {
        match self {
            LineError::Missing { .. } => Code::PortMissing,
            LineError::Busy { .. } => Code::PortBusy,
            LineError::OpenFailed { .. } => Code::PortMissing,
            LineError::Gone => Code::PortGone,
            LineError::Silent { .. } => Code::Silent,
            LineError::Garbled { .. } => Code::Garbled,
            LineError::Refused { .. } => Code::DeviceRefused,
            LineError::Protocol { .. } => Code::ProtocolBroken,
            LineError::LoginFailed { .. } | LineError::NoLogin { .. } => Code::LoginFailed,
            LineError::ReadBackDiffers { .. } => Code::ReadBackDiffers,
            LineError::NotCapable { .. } => Code::NotCapable,
            LineError::TooLarge { .. } => Code::TooLarge,
            LineError::Restarted { .. } => Code::DeviceRestarted,
        }
    }
}

/// Text from a device, fit to be shown: printable characters only, at most `most` of them.
pub fn harmless(bytes: &[u8], most: usize) -> String {
    let shown = |c: char| if c.is_control() || c == char::REPLACEMENT_CHARACTER { ' ' } else { c };
    let text: String = String::from_utf8_lossy(bytes).chars().map(shown).collect();
    let mut clean: String = text.trim().chars().take(most).collect();
    if text.trim().chars().count() > most {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_device_loses_its_teeth() {
        assert_eq!(harmless(b"\x1b[2Jno\r\nspace\xff ", 160), "[2Jno  space");
        assert_eq!(harmless(&[b'x'; 500], 160).chars().count(), 161);
    }

    #[test]
    fn a_pulled_cable_is_nobodys_failure() {
        assert_eq!(LineError::Gone.whose(), Fault::Pulled);
        assert_eq!(LineError::Garbled { what: "hello".into() }.whose(), Fault::Station);
        let silent = LineError::Silent { what: "hello".into(), waited: Duration::from_secs(3) };
        assert_eq!(silent.whose(), Fault::Device);
        assert_eq!(silent.to_string(), "the device did not answer to “hello” within 3 s");
    }
}
