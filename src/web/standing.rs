//! How verdicts and states look on pages of text: a word, a sign and a colour, never the colour alone.

use crate::domain::verdict::Verdict;
use crate::domain::work_order::WorkOrderState;
use crate::store::certificates::CertificateState;
use crate::store::devices::DeviceState;
use crate::store::labels::LabelState;
use crate::store::outbox::OutboxState;
use crate::store::runs::Run;
use crate::web::words::devices::{DeviceWords, DevicesWords};
use crate::web::words::labels::LabelWords;
use crate::web::words::outbox::OutboxWords;
use crate::web::words::runs::RunWords;
use crate::web::words::work_orders::WorkOrderWords;

/// A word with its sign and colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The class that colours it.
    pub class: &'static str,
    /// Its sign.
    pub icon: &'static str,
    /// Its word.
    pub word: &'static str,
}

impl Standing {
    fn new(class: &'static str, icon: &'static str, word: &'static str) -> Standing {
        Standing { class, icon, word }
    }

    /// A verdict. Its word is the same in every language.
    pub fn of_verdict(verdict: Verdict) -> Standing {
        let (class, icon) = match verdict {
            Verdict::Pass => ("good", "✔"),
            Verdict::Fail => ("bad", "✖"),
            Verdict::Error => ("station", "⚠"),
            Verdict::Aborted => ("over", "⏏"),
            Verdict::Skipped => ("", "↷"),
            Verdict::Quarantine => ("look", "◆"),
            Verdict::Scrap => ("over", "⌫"),
        };
        Standing::new(class, icon, verdict.as_str())
    }

    /// How a run ended, or that it has not.
    pub fn of_run(run: &Run, t: &RunWords) -> Standing {
        Standing::of_ending(run.ending.as_ref().map(|ending| ending.verdict), run.resume, t)
    }

    /// A verdict, or that there is none yet and whether the run is to go on.
    pub fn of_ending(verdict: Option<Verdict>, resume: bool, t: &RunWords) -> Standing {
        match verdict {
            Some(verdict) => Standing::of_verdict(verdict),
            None if resume => Standing::new("busy", "▶", t.to_resume),
            None => Standing::new("look", "…", t.no_verdict),
        }
    }

    /// Where a device stands.
    pub fn of_device(state: DeviceState, t: &DevicesWords) -> Standing {
        match state {
            DeviceState::New => Standing::new("", "○", t.new),
            DeviceState::Provisioned => Standing::new("good", "✔", t.provisioned),
            DeviceState::Quarantined => Standing::new("look", "◆", t.quarantined),
            DeviceState::Scrapped => Standing::new("over", "⌫", t.scrapped),
            DeviceState::Released => Standing::new("busy", "↻", t.released),
        }
    }

    /// Where a certificate stands.
    pub fn of_certificate(state: CertificateState, t: &DeviceWords) -> Standing {
        match state {
            CertificateState::Intended => Standing::new("look", "…", t.intended),
            CertificateState::Issued => Standing::new("good", "✔", t.issued),
            CertificateState::Void => Standing::new("over", "∅", t.void),
            CertificateState::Revoked => Standing::new("bad", "✖", t.revoked),
            CertificateState::Superseded => Standing::new("over", "↻", t.superseded),
        }
    }

    /// Where an operation for the cloud stands.
    pub fn of_operation(state: OutboxState, t: &OutboxWords) -> Standing {
        match state {
            OutboxState::Waiting => Standing::new("busy", "…", t.waiting),
            OutboxState::Conflict => Standing::new("bad", "≠", t.conflict),
            OutboxState::Parked => Standing::new("look", "‖", t.parked),
            OutboxState::Sent => Standing::new("good", "✔", t.sent),
            OutboxState::Cancelled => Standing::new("over", "✖", t.cancelled),
        }
    }

    /// Where a work order stands.
    pub fn of_order(state: WorkOrderState, t: &WorkOrderWords) -> Standing {
        match state {
            WorkOrderState::Planned => Standing::new("", "○", t.planned),
            WorkOrderState::Active => Standing::new("busy", "▶", t.active),
            WorkOrderState::Paused => Standing::new("look", "❚❚", t.paused),
            WorkOrderState::Closed => Standing::new("over", "■", t.closed),
        }
    }

    /// Where a label stands.
    pub fn of_label(state: LabelState, t: &LabelWords) -> Standing {
        match state {
            LabelState::Waiting => Standing::new("busy", "…", t.waiting),
            LabelState::Printed => Standing::new("good", "✔", t.printed),
            LabelState::Failed => Standing::new("look", "⚠", t.failed),
            LabelState::Settled => Standing::new("over", "∅", t.settled),
        }
    }
}
