//! Everything the simulated service refuses, with the HTTP status and the `errorCode` (status × 1000 +
//! detail) it is refused with. Details that Azure documents nowhere end in 000.

use super::enrollment::BadEnrollment;
use super::sas_check::BadToken;

/// Why a request is refused; the message goes out in the error body.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Every call must name the version of the interface.
    #[error("the query lacks api-version")]
    NoApiVersion,
    /// The body is not the document that this call takes.
    #[error("the body is not the expected JSON document: {0}")]
    NotJson(#[from] serde_json::Error),
    /// What the document says is not acceptable.
    #[error(transparent)]
    Enrollment(#[from] BadEnrollment),
    /// The body names another ID than the path.
    #[error("the path names “{path}” but the body “{body}”")]
    IdDiffers {
        /// From the path.
        path: String,
        /// From the body.
        body: String,
    },
    /// A bulk operation takes 1 to 10 items.
    #[error("a bulk operation has 1 to {most} items, this one {count}")]
    ItemCount {
        /// How many there are.
        count: usize,
        /// How many may be.
        most: usize,
    },
    /// One ID stands twice in a bulk operation.
    #[error("“{0}” stands twice in the bulk operation")]
    RepeatedId(String),
    /// A paging header nobody can follow.
    #[error("header {header} has the value “{value}”, which does not lead to a page")]
    BadPage {
        /// Its name.
        header: &'static str,
        /// What it says.
        value: String,
    },
    /// Who asks may not, or did not prove who he is.
    #[error("Unauthorized: {0}")]
    Unauthorized(#[from] Unproven),
    /// No enrollment or group with this ID.
    #[error("no enrollment “{0}”")]
    NoEnrollment(String),
    /// The device never registered, or the operation is unknown.
    #[error("no registration “{0}”")]
    NoRegistration(String),
    /// The address leads nowhere.
    #[error("nothing is found under this path")]
    NoSuchPath,
    /// The address exists, but not for this method.
    #[error("this path does not take this method")]
    Method,
    /// Creating what exists.
    #[error("enrollment “{0}” exists already")]
    Exists(String),
    /// `If-Match` names another version.
    #[error("the ETag “{0}” does not match")]
    Etag(String),
    /// A body longer than the service takes.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// A body that does not say it is JSON.
    #[error("the content type must be application/json")]
    ContentType,
    /// The service is full.
    #[error("there are {0} enrollments of this kind already, more are not allowed")]
    Full(usize),
    /// Too many requests.
    #[error("operations are being throttled for this tenant")]
    Throttled,
    /// A fault asked for.
    #[error("the service is unavailable")]
    Unavailable,
}

/// Why somebody is not who he says.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unproven {
    /// Neither token nor certificate.
    #[error("neither a token nor a client certificate is presented")]
    Nothing,
    /// No token in the header.
    #[error("{0}")]
    Token(#[from] BadToken),
    /// A token for something else.
    #[error("the token is for “{0}”")]
    Resource(String),
    /// Too late.
    #[error("the token has expired")]
    Expired,
    /// A policy nobody knows.
    #[error("there is no policy “{0}”")]
    Policy(String),
    /// Signed with another key.
    #[error("the signature is not made by a key of this enrollment or policy")]
    Signature,
    /// No enrollment knows this device.
    #[error("no enrollment and no group fits this device")]
    NoEnrollment,
    /// An enrollment decides, and it is switched off.
    #[error("the enrollment is disabled")]
    Disabled,
    /// The enrollment wants another kind of proof.
    #[error("the enrollment asks for another attestation")]
    OtherAttestation,
    /// TPM attestation needs a challenge that only the real service makes.
    #[error("TPM attestation is not simulated")]
    Tpm,
    /// Not the enrolled certificate, or not valid now.
    #[error("Invalid certificate: {0}")]
    Certificate(&'static str),
    /// The chain ends at no signing certificate of a group.
    #[error("CA certificate not found")]
    Chain,
}

impl Refusal {
    /// The `errorCode` of the body; its thousands are the HTTP status.
    pub(super) fn error_code(&self) -> u32 {
        match self {
            Refusal::NoApiVersion
            | Refusal::NotJson(_)
            | Refusal::IdDiffers { .. }
            | Refusal::ItemCount { .. }
            | Refusal::RepeatedId(_)
            | Refusal::BadPage { .. } => 400_000,
            Refusal::Enrollment(bad) => bad.error_code(),
            Refusal::Unauthorized(Unproven::Nothing) => 401_000,
            Refusal::Unauthorized(_) => 401_002,
            Refusal::Full(_) => 403_000,
            Refusal::NoSuchPath => 404_000,
            Refusal::NoEnrollment(_) => 404_201,
            Refusal::NoRegistration(_) => 404_202,
            Refusal::Method => 405_000,
            Refusal::Exists(_) => 409_201,
            Refusal::Etag(_) => 412_001,
            Refusal::TooLarge(_) => 413_000,
            Refusal::ContentType => 415_000,
            Refusal::Throttled => 429_001,
            Refusal::Unavailable => 503_000,
        }
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        u16::try_from(self.error_code() / 1000).unwrap_or(500)
    }
}
