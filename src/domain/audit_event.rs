//! What is worth remembering: one variant for each thing done or refused, as an `audit_entry` of the log holds it.

pub mod batch;
pub mod ceremony;

use serde::{Deserialize, Serialize};

use super::cert_serial::CertSerial;
use super::client::Rights;
use super::digest::Digest;
use super::name::Name;
use super::person::{LoginWay, Role};
use super::registration_id::RegistrationId;
use super::serial_number::SerialNumber;
use super::verdict::Verdict;

/// One thing that was done or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub enum AuditEvent {
    /// A station came into being; `origin` is the name of its log.
    #[rustfmt::skip]
    StationCreated { origin: String, company: String },
    /// A certificate of our own CA was made (SHA-256 of its DER).
    #[rustfmt::skip]
    CaCreated { role: String, subject: String, sha256: Digest },
    /// Keys or certificates of our own CA came into being or into use.
    CeremonyHeld(ceremony::Held),
    /// `serve` began; `unfinished` runs wait for a decision.
    StationStarted {
        version: String,
        unfinished: u64,
    },
    /// The vault was opened.
    VaultUnlocked,
    /// Somebody gave a wrong passphrase.
    UnlockRefused {
        code: String,
    },
    PersonAdded {
        name: Name,
        role: Role,
        /// Who confirmed it, where two administrators make a third.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second: Option<Name>,
    },
    PersonDisabled {
        name: Name,
    },
    /// The station made itself a certificate for its pages.
    PagesCertified {
        names: Vec<String>,
        sha256: Digest,
    },
    /// A person's password, or PIN, is another one from now on.
    PasswordChanged {
        name: Name,
    },
    /// A person has this badge from now on and no other.
    BadgeGiven {
        name: Name,
    },
    BadgeRemoved {
        name: Name,
    },
    LoginAccepted {
        name: Name,
        #[serde(default)]
        way: LoginWay,
        /// Whose session ended in its favour, in the same browser.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Name>,
    },
    /// Bad log-ins, counted rather than written one by one. `name` is that of a person, or says in brackets what it
    /// was instead: whatever else was typed there may be a secret.
    LoginRefused {
        name: String,
        times: u64,
    },
    /// A secret is about to be set or replaced; until the next entry about it, any value in the vault is
    /// believed.
    SecretChanging {
        name: String,
    },
    /// The change was given up.
    SecretUnchanged {
        name: String,
    },
    /// A change broke off; what the vault holds now is on record, be it the old, the new or nothing.
    SecretSettled {
        name: String,
    },
    SecretSet {
        name: String,
    },
    /// A token refused the PIN in the vault, which is not given again until it is set anew.
    TokenPinRefused {
        token: String,
    },
    GroupKeyAdded {
        name: Name,
        check: Digest,
    },
    GroupKeyRotated {
        name: Name,
        check: Digest,
    },
    /// Keys shown to a person at the command line.
    GroupKeyDerived {
        name: Name,
        count: u64,
        ids: Digest,
    },
    ProductUsed {
        name: Name,
        digest: Digest,
    },
    WorkOrderAdded {
        name: Name,
        product: Name,
        quantity: u32,
        spare: u32,
    },
    WorkOrderActivated {
        name: Name,
        /// Whether the slots stop after its first PASS until somebody has looked at that device.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        first_article: bool,
    },
    /// The slots do not run it any more.
    WorkOrderPaused {
        name: Name,
    },
    /// The first device that passed was looked at and is good: the line goes on.
    FirstArticleConfirmed {
        work_order: Name,
        run: u64,
    },
    /// It is not good: the work order pauses.
    FirstArticleRejected {
        work_order: Name,
        run: u64,
        reason: String,
    },
    /// An order for runs from the terminal; the slots go on with the active one.
    WorkOrderReleased {
        name: Name,
    },
    WorkOrderClosed {
        name: Name,
        overridden: bool,
        /// Why it was closed although something stood against it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Operations of it that the cloud did not have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unsent: Option<u64>,
        /// Runs of it that had no verdict.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unfinished: Option<u64>,
    },
    /// Reserved and intended in one: from here on a credential may exist.
    IssueIntended {
        run: u64,
        work_order: Name,
        registration_id: RegistrationId,
        serial: SerialNumber,
        credential: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        cert_serial: Option<CertSerial>,
        /// Digest of the body that is to be signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        to_be_signed: Option<Digest>,
        /// Digest of the public key (SPKI).
        #[serde(skip_serializing_if = "Option::is_none")]
        public_key: Option<Digest>,
        /// Digest of the recipe; none for a request under a profile alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<Digest>,
        /// Digest of the certificate profile; none for a derived key.
        #[serde(skip_serializing_if = "Option::is_none")]
        profile: Option<Digest>,
    },
    CertificateIssued {
        run: u64,
        cert_serial: CertSerial,
        registration_id: RegistrationId,
        sha256: Digest,
        /// The batch it was issued in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<u64>,
    },
    CertificateRevoked {
        cert_serial: CertSerial,
        reason: String,
    },
    #[rustfmt::skip]
    CrlIssued { number: u64, entries: u64, sha256: Digest },
    /// A run ended. `proof` says which proof was had.
    RunFinished {
        run: u64,
        /// What the device said its serial number is, if the run ended before it was reserved.
        #[serde(skip_serializing_if = "Option::is_none")]
        serial: Option<String>,
        verdict: Verdict,
        stage: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
    },
    RunResumed {
        run: u64,
        reason: String,
    },
    /// A run that was to be resumed goes on; the decision is spent.
    RunTakenUp {
        run: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        slot: Option<Name>,
    },
    RunSuperseded {
        run: u64,
        reason: String,
    },
    RunQuarantined {
        run: u64,
        reason: String,
    },
    RunScrapped {
        run: u64,
        reason: String,
    },
    /// A duplicate was found: `kind` is serial, mac, registration-id or public-key.
    DuplicateAlarm {
        kind: String,
        value: String,
        known_device: u64,
    },
    /// Something was asked for and refused.
    Refused {
        what: String,
        code: String,
        why: String,
    },
    EnrollmentQueued {
        row: u64,
        registration_id: RegistrationId,
        operation: String,
    },
    EnrollmentSent {
        row: u64,
        registration_id: RegistrationId,
        outcome: String,
    },
    EnrollmentConflict {
        row: u64,
        registration_id: RegistrationId,
        why: String,
    },
    EnrollmentParked {
        row: u64,
        registration_id: RegistrationId,
        why: String,
    },
    /// So many operations of the outbox wait again.
    EnrollmentRetried {
        count: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// So many operations that waited for their next try are due at once.
    EnrollmentHastened {
        count: u64,
    },
    /// What an operation is to send beside the identity was changed; `amendment` is the new text, `before` the
    /// digest of the body that was there.
    EnrollmentAmended {
        row: u64,
        registration_id: RegistrationId,
        amendment: String,
        before: Digest,
        reason: String,
    },
    /// An operation will not be sent.
    EnrollmentCancelled {
        row: u64,
        registration_id: RegistrationId,
        operation: String,
        reason: String,
    },
    /// Somebody on the line called an engineer, to a slot or to the line as a whole.
    EngineerCalled {
        #[serde(skip_serializing_if = "Option::is_none")]
        slot: Option<Name>,
    },
    /// The call is over.
    EngineerCallEnded {
        #[serde(skip_serializing_if = "Option::is_none")]
        slot: Option<Name>,
    },
    /// A label was sent to its printer. Labels of a PASS stand in the rows of its entry.
    LabelPrinted {
        label: u64,
        run: u64,
        copy: u32,
        printer: Name,
    },
    /// Somebody asked for another copy of a label.
    LabelReprinted {
        label: u64,
        run: u64,
        copy: u32,
        reason: String,
    },
    /// A label is not printed unless somebody asks for it again.
    LabelFailed {
        label: u64,
        run: u64,
        why: String,
    },
    /// A label that failed waits for its printer again.
    LabelRetried {
        label: u64,
        run: u64,
    },
    /// A label that was not known to be printed came out after all, or is not needed.
    LabelSettled {
        label: u64,
        run: u64,
        reason: String,
    },
    /// Another system was given a token.
    ClientAdded {
        name: Name,
        rights: Rights,
    },
    ClientDisabled {
        name: Name,
    },
    /// Wrong tokens from one address, counted rather than written one by one.
    TokenRefused {
        from: String,
        times: u64,
    },
    /// A file of many identities is about to be read or written.
    BatchStarted(batch::Started),
    /// So many certificates of a batch are about to be signed.
    BatchChunkIntended(batch::ChunkIntended),
    /// They are on record, and in the output.
    BatchChunkIssued(batch::Chunk),
    /// They are not, and never will be: their numbers are on the CRL.
    BatchChunkVoided(batch::Chunk),
    /// It is done, failed or was cancelled.
    BatchEnded(batch::Ended),
    /// A file of a batch that may hold keys is about to leave the station over the pages.
    BatchFileTaken(batch::FileTaken),
    /// The files of a batch are about to be taken off the station.
    BatchFilesCleared(batch::FilesCleared),
    /// A device on the line differs from what an imported file announced of it or of another one.
    AnnouncementAlarm(batch::AnnouncementAlarm),
    #[rustfmt::skip]
    LogExported { entries: u64, folder: String },
    /// The whole log and the rows it vouches for were verified from the pages.
    LogVerified {
        entries: u64,
        root: Digest,
        problems: u64,
        /// Up to which entry a checkpoint kept elsewhere vouched for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        covered_until: Option<u64>,
    },
    /// A CA's key signed a certificate that shows nothing but that it can sign.
    PossessionProven(ceremony::PossessionProven),
    /// Such a certificate is about to be signed.
    PossessionIntended(ceremony::PossessionIntended),
    /// What was cut off of a ceremony on record was done at an unlock.
    InstallationCarriedThrough(ceremony::CarriedThrough),
    /// A private key left the vault for good.
    KeyErased(ceremony::KeyErased),
}

impl AuditEvent {
    /// Whether entries may carry this word as their `event`.
    pub fn is_kind(word: &str) -> bool {
        let bare = serde_json::json!({ "event": word });
        // a known kind complains about its members instead
        let read = serde_json::from_value::<AuditEvent>(bare);
        read.map_or_else(|error| !error.to_string().starts_with("unknown variant"), |_| true)
    }
}

#[cfg(test)]
mod tests;
