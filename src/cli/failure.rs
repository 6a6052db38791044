//! How a command ends when it does not end well: one plain sentence, what to do next, a stable code, and the
//! exit code.

use std::fmt;

use clap::error::ErrorKind;

use crate::cli::output;
use crate::domain::code::{Code, Coded};

/// The end of a command that failed.
#[derive(Debug)]
pub struct Failure {
    exit: u8,
    sentence: String,
    code: Code,
}

impl Failure {
    /// The work failed: a device, a row, a check. Exit code 1.
    pub fn work(code: Code, sentence: impl fmt::Display) -> Failure {
        Failure { exit: 1, sentence: sentence.to_string(), code }
    }

    /// Wrong usage or settings. Exit code 2.
    pub fn usage(code: Code, sentence: impl fmt::Display) -> Failure {
        Failure { exit: 2, sentence: sentence.to_string(), code }
    }

    /// 1 if the work failed, 2 for wrong usage or settings.
    pub fn exit_code(&self) -> u8 {
        self.exit
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = self.sentence.trim_end_matches(['.', '?']);
        write!(f, "{sentence}. {} [{}]", self.code.next_step(), self.code)
    }
}

/// What the command line's parser has to say: help and version are printed, what was not understood is a failure.
pub fn usage_or_help(error: &clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return output::line(&error.render().to_string());
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        output::note(&error.render().to_string());
        return Err(Failure::usage(Code::Usage, "the command is not complete"));
    }
    // the first paragraph says what is wrong; the next step of the code says where to read on
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    Err(Failure::usage(Code::Usage, words.join(" ").trim_start_matches("error: ")))
}

/// Codes that say the command or the settings are wrong rather than the work.
fn is_usage(code: Code) -> bool {
    matches!(
        code,
        Code::Usage
            | Code::SettingsInvalid
            | Code::NoStation
            | Code::StationExists
            | Code::NameInvalid
            | Code::ListenRefused
            | Code::CertificateUnfit
            | Code::FileUnreadable
            | Code::OutputExists
            | Code::StationBusy
            | Code::ProductMissing
            | Code::RegistrationIdInvalid
            | Code::PasswordWeak
            | Code::ConnectionStringInvalid
            | Code::GroupKeyInvalid
            | Code::SecretInvalid
            | Code::ExportAsk
            | Code::ExportPrivateKey
    )
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Failure {
        let code = error.code();
        Failure { exit: if is_usage(code) { 2 } else { 1 }, sentence: error.to_string(), code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_sentence_a_next_step_and_a_code() {
        let failure = Failure::work(Code::Silent, "the unit in slot-1 does not answer.");
        assert_eq!(
            failure.to_string(),
            "the unit in slot-1 does not answer. Check power and cable of the unit; then try again. [LS-LINE-03]"
        );
        assert_eq!(failure.exit_code(), 1);
    }
}
