//! Why a request gets no certificate.

use crate::ca::csr::BadCsr;
use crate::ca::issue::Refused;
use crate::ca::profile::BadProfile;
use crate::ca::public_key::KeyKind;
use crate::ca::signer::SignFailed;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::registration_id::BadRegistrationId;
use crate::domain::serial_number::BadSerial;
use crate::station::blocklist::NotAdmitted;
use crate::station::clock::{ClockBehind, NoEntropy};
use crate::station::products::RecipeError;
use crate::station::profiles::ProfileError;
use crate::store::certificates::issue::IntendError;
use crate::store::error::StoreError;
use crate::store::runs::reserve::ReserveError;
use crate::store::work_orders::WorkOrderError;

/// Why not.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum SignRefused {
    #[error(transparent)]
    Csr(#[from] BadCsr),
    #[error(transparent)]
    Blocked(#[from] NotAdmitted),
    #[error(transparent)]
    Cn(#[from] BadRegistrationId),
    #[error(transparent)]
    Serial(#[from] BadSerial),
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    ProfileFile(#[from] ProfileError),
    #[error(transparent)]
    Profile(#[from] BadProfile),
    #[error("no profile that comes with the product allows keys of kind {0}; name one with --profile")]
    NoProfile(KeyKind),
    #[error("the work order is for certificates under profile {wanted}, not {named}")]
    OtherProfile { named: Name, wanted: Name },
    #[error("devices of the recipe {0} get a derived key, not a certificate")]
    NoCertificates(Name),
    #[error("devices of the recipe {0} get two certificates, and this is one request")]
    TwoCertificates(Name),
    #[error("a second request is answered only under a work order whose recipe gives two certificates")]
    OneCertificate,
    #[error("both requests are for one and the same key")]
    KeysAlike,
    #[error("there is no work order {0}")]
    NoWorkOrder(Name),
    #[error(transparent)]
    ClockBehind(#[from] ClockBehind),
    #[error(transparent)]
    WorkOrder(#[from] WorkOrderError),
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Intend(#[from] IntendError),
    #[error(transparent)]
    Sign(#[from] SignFailed),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignRefused {
    /// The alarm that a duplicate deserves.
    pub fn alarm(&self) -> Option<AuditEvent> {
        match self {
            SignRefused::Reserve(error) => error.alarm(),
            SignRefused::Intend(error) => error.alarm(),
            SignRefused::Csr(_)
            | SignRefused::Blocked(_)
            | SignRefused::Cn(_)
            | SignRefused::Serial(_)
            | SignRefused::Recipe(_)
            | SignRefused::ProfileFile(_)
            | SignRefused::Profile(_)
            | SignRefused::NoProfile(_)
            | SignRefused::OtherProfile { .. }
            | SignRefused::NoCertificates(_)
            | SignRefused::TwoCertificates(_)
            | SignRefused::OneCertificate
            | SignRefused::KeysAlike
            | SignRefused::NoWorkOrder(_)
            | SignRefused::ClockBehind(_)
            | SignRefused::WorkOrder(_)
            | SignRefused::Refused(_)
            | SignRefused::Sign(_)
            | SignRefused::Entropy(_)
            | SignRefused::Store(_) => None,
        }
    }
}

impl Coded for SignRefused {
    fn code(&self) -> Code {
        match self {
            SignRefused::Csr(error) => error.code(),
            SignRefused::Blocked(error) => error.code(),
            SignRefused::Cn(error) => error.code(),
            SignRefused::Serial(error) => error.code(),
            SignRefused::Recipe(error) => error.code(),
            SignRefused::ProfileFile(error) => error.code(),
            SignRefused::Profile(error) => error.code(),
            SignRefused::NoProfile(_) => Code::KeyTypeRefused,
            SignRefused::OtherProfile { .. } | SignRefused::OneCertificate => Code::Usage,
            SignRefused::NoCertificates(_) => Code::BatchKeys,
            SignRefused::TwoCertificates(_) => Code::TwoCertificates,
            SignRefused::KeysAlike => Code::KeysAlike,
            SignRefused::NoWorkOrder(_) => Code::WorkOrderUnknown,
            SignRefused::ClockBehind(error) => error.code(),
            SignRefused::WorkOrder(error) => error.code(),
            SignRefused::Reserve(error) => error.code(),
            SignRefused::Refused(error) => error.code(),
            SignRefused::Intend(error) => error.code(),
            SignRefused::Sign(error) => error.code(),
            SignRefused::Entropy(_) => Code::Internal,
            SignRefused::Store(error) => error.code(),
        }
    }
}
