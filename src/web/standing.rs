//! How verdicts and states look on pages of text: a word, a sign and a colour, never the colour alone.

use crate::domain::verdict::Verdict;
use crate::store::certificates::CertificateState;
use crate::store::devices::DeviceState;
use crate::store::outbox::OutboxState;
use crate::store::runs::Run;
use crate::web::words::devices::{DeviceWords, DevicesWords};
use crate::web::words::runs::RunWords;

/// A word with its sign and colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The class that colours it.
    pub class: &'static str,
    /// Its sign.
    pub icon: &'static str,
    /// Its word.
    pub word: &'static str,
}

impl Badge {
    fn new(class: &'static str, icon: &'static str, word: &'static str) -> Badge {
        Badge { class, icon, word }
    }

    /// A verdict. Its word is the same in every language.
    pub fn of_verdict(verdict: Verdict) -> Badge {
        let (class, icon) = match verdict {
            Verdict::Pass => ("good", "✔"),
            Verdict::Fail => ("bad", "✖"),
            Verdict::Error => ("station", "⚠"),
            Verdict::Aborted => ("over", "⏏"),
            Verdict::Skipped => ("", "↷"),
            Verdict::Quarantine => ("look", "◆"),
            Verdict::Scrap => ("over", "⌫"),
        };
        Badge::new(class, icon, verdict.as_str())
    }

    /// How a run ended, or that it has not.
    pub fn of_run(run: &Run, t: &RunWords) -> Badge {
        Badge::of_ending(run.ending.as_ref().map(|ending| ending.verdict), run.resume, t)
    }

    /// A verdict, or that there is none yet and whether the run is to go on.
    pub fn of_ending(verdict: Option<Verdict>, resume: bool, t: &RunWords) -> Badge {
        match verdict {
            Some(verdict) => Badge::of_verdict(verdict),
            None if resume => Badge::new("busy", "▶", t.to_resume),
            None => Badge::new("look", "…", t.no_verdict),
        }
    }

    /// Where a device stands.
    pub fn of_device(state: DeviceState, t: &DevicesWords) -> Badge {
        match state {
            DeviceState::New => Badge::new("", "○", t.new),
            DeviceState::Provisioned => Badge::new("good", "✔", t.provisioned),
            DeviceState::Quarantined => Badge::new("look", "◆", t.quarantined),
            DeviceState::Scrapped => Badge::new("over", "⌫", t.scrapped),
            DeviceState::Released => Badge::new("busy", "↻", t.released),
        }
    }

    /// Where a certificate stands.
    pub fn of_certificate(state: CertificateState, t: &DeviceWords) -> Badge {
        match state {
            CertificateState::Intended => Badge::new("look", "…", t.intended),
            CertificateState::Issued => Badge::new("good", "✔", t.issued),
            CertificateState::Void => Badge::new("over", "∅", t.void),
            CertificateState::Revoked => Badge::new("bad", "✖", t.revoked),
            CertificateState::Superseded => Badge::new("over", "↻", t.superseded),
        }
    }

    /// Where an operation for the cloud stands.
    pub fn of_enrollment(state: OutboxState, t: &DeviceWords) -> Badge {
        match state {
            OutboxState::Waiting => Badge::new("busy", "…", t.waiting),
            OutboxState::Sent => Badge::new("good", "✔", t.sent),
            OutboxState::Conflict => Badge::new("bad", "✖", t.conflict),
            OutboxState::Parked => Badge::new("look", "◆", t.parked),
            OutboxState::Cancelled => Badge::new("over", "∅", t.cancelled),
        }
    }
}
