//! The service side of DPS (OpenAPI 2021-10-01): enrollments are made, read and disabled. A record is
//! never deleted, since a deleted one falls through to its group.

use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;

use super::connection_string::DpsConnectionString;
use super::dps_error::DpsError;
use super::enrollment::{AttestationMechanism, AttestationType, IndividualEnrollment};
use super::https::{Answer, Ask, ClientError, Https, Roots};
use super::percent;
use super::same_credential;
use super::sas::{Resource, SasKey, SasToken};
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

const API: &str = "?api-version=2021-10-01";
/// How long a token is good for.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// How often a record that changes under our hands is read again.
const ROUNDS: u32 = 3;

/// A client for one DPS. It blocks; make and use it on a plain thread, not inside an async runtime.
pub struct DpsClient {
    https: Https,
    resource: Resource,
    policy: String,
    key: SasKey,
}

/// A record was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Names its state.
    pub etag: Option<String>,
}

/// What became of a record that was to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Created,
    /// It was there, with the same credential.
    AlreadyThere,
    /// Something else is there under this ID; nothing was changed.
    Conflict {
        /// How it differs, for a person.
        why: String,
    },
}

/// What became of a record that was to be disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// There was none, so a disabled one was made.
    Created,
    /// It was enabled and is not any more.
    Updated,
    /// It was disabled.
    Already,
}

impl DpsClient {
    /// `timeout` is for a whole request. No request is made yet.
    pub fn new(
        connection: &DpsConnectionString,
        roots: &Roots,
        timeout: Duration,
    ) -> Result<DpsClient, ClientError> {
        Ok(DpsClient {
            https: Https::new(connection.authority(), roots, timeout)?,
            resource: Resource::Host(connection.authority()),
            policy: connection.policy().to_owned(),
            key: connection.key().duplicate(),
        })
    }

    /// Makes a record and never changes one: PUT without `If-Match` fails with [`DpsError::Exists`] if there
    /// is one. What came back is compared with what was asked for.
    pub fn create(&self, record: &IndividualEnrollment, now: UtcTime) -> Result<Created, DpsError> {
        let made = self.put(record, None, now)?;
        Ok(Created { etag: made.etag })
    }

    /// Reads a record; its symmetric keys are masked. None if there is none.
    pub fn get(&self, id: &RegistrationId, now: UtcTime) -> Result<Option<IndividualEnrollment>, DpsError> {
        let answer = self.ask(Method::GET, id, "", None, None, now)?;
        if answer.status == 404 {
            return Ok(None);
        }
        let record: IndividualEnrollment = read(id, &answer)?;
        if record.registration_id != *id {
            return Err(DpsError::Strange { why: format!("asked for “{id}”, it sends another record") });
        }
        Ok(Some(record))
    }

    /// Reads a record's attestation with its keys. None if there is no record.
    pub fn attestation_mechanism(
        &self,
        id: &RegistrationId,
        now: UtcTime,
    ) -> Result<Option<AttestationMechanism>, DpsError> {
        let answer = self.ask(Method::POST, id, "/attestationmechanism", None, None, now)?;
        if answer.status == 404 { Ok(None) } else { read(id, &answer).map(Some) }
    }

    /// Sees to it that the record is there: makes it, or compares the one that is there with it. A record
    /// with the same credential, device ID, status and Edge flag counts as ours, so an answer that was lost
    /// does no harm.
    pub fn ensure(&self, record: &IndividualEnrollment, now: UtcTime) -> Result<Outcome, DpsError> {
        let id = &record.registration_id;
        for _ in 0..ROUNDS {
            match self.create(record, now) {
                Ok(Created { etag: _ }) => return Ok(Outcome::Created),
                Err(DpsError::Exists(_)) => {}
                Err(error) => return Err(error),
            }
            if let Some(theirs) = self.get_with_keys(id, now)? {
                return Ok(match difference(record, &theirs) {
                    None => Outcome::AlreadyThere,
                    Some(why) => Outcome::Conflict { why },
                });
            }
        }
        Err(DpsError::Changed(id.clone()))
    }

    /// Puts `record` in the place of one that enrolls one of `own` attestations, which the caller knows to be
    /// this device's earlier ones; says false, and changes nothing, if something else stands there.
    pub fn succeed(
        &self,
        record: &IndividualEnrollment,
        own: &[AttestationMechanism],
        now: UtcTime,
    ) -> Result<bool, DpsError> {
        let id = &record.registration_id;
        for _ in 0..ROUNDS {
            let attempt = match self.get_with_keys(id, now)? {
                None => self.put(record, None, now),
                Some(theirs) => {
                    let known =
                        own.iter().any(|own| same_credential::compare(own, &theirs.attestation).is_ok());
                    if !known {
                        return Ok(false);
                    }
                    self.put(record, Some(theirs.etag.as_deref().unwrap_or("*")), now)
                }
            };
            match attempt {
                Ok(_) => return Ok(true),
                Err(DpsError::Exists(_) | DpsError::Changed(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(DpsError::Changed(id.clone()))
    }

    /// Sees to it that the ID cannot register: disables the record that is there, whatever it enrolls, or
    /// makes `record` disabled (see [`IndividualEnrollment::blocking`]).
    pub fn disable(&self, record: IndividualEnrollment, now: UtcTime) -> Result<Disabled, DpsError> {
        let record = record.disabled();
        let id = &record.registration_id;
        for _ in 0..ROUNDS {
            let attempt = match self.get_with_keys(id, now)? {
                None => self.put(&record, None, now).map(|_| Disabled::Created),
                Some(theirs) if !theirs.is_enabled() => return Ok(Disabled::Already),
                Some(mut theirs) => {
                    if same_credential::compare(&record.attestation, &theirs.attestation).is_ok() {
                        // a certificate may be shown by its thumbprint alone, which cannot be sent back
                        fill_certificate(&record.attestation, &mut theirs.attestation);
                    }
                    let etag = theirs.etag.clone().unwrap_or_else(|| "*".to_owned());
                    self.put(&theirs.disabled(), Some(&etag), now).map(|_| Disabled::Updated)
                }
            };
            match attempt {
                // somebody was faster: look again
                Err(DpsError::Exists(_) | DpsError::Changed(_)) => {}
                other => return other,
            }
        }
        Err(DpsError::Changed(id.clone()))
    }

    fn get_with_keys(
        &self,
        id: &RegistrationId,
        now: UtcTime,
    ) -> Result<Option<IndividualEnrollment>, DpsError> {
        let Some(mut record) = self.get(id, now)? else { return Ok(None) };
        if record.attestation.kind == AttestationType::SymmetricKey {
            let Some(mechanism) = self.attestation_mechanism(id, now)? else { return Ok(None) };
            record.attestation = mechanism;
        }
        Ok(Some(record))
    }

    fn put(
        &self,
        record: &IndividualEnrollment,
        if_match: Option<&str>,
        now: UtcTime,
    ) -> Result<IndividualEnrollment, DpsError> {
        let id = &record.registration_id;
        let body = Secret::from_json(record)
            .map_err(|error| DpsError::Request { id: id.clone(), why: error.to_string() })?;
        let answer = self.ask(Method::PUT, id, "", if_match, Some(body), now)?;
        let made: IndividualEnrollment = read(id, &answer)?;
        if made.registration_id != *id || made.is_enabled() != record.is_enabled() {
            let why = format!("the record of “{id}” is not what was sent");
            return Err(DpsError::Strange { why });
        }
        Ok(made)
    }

    fn ask(
        &self,
        method: Method,
        id: &RegistrationId,
        below: &str,
        if_match: Option<&str>,
        body: Option<Secret>,
        now: UtcTime,
    ) -> Result<Answer, DpsError> {
        let token = SasToken::new(&self.resource, &self.key, Some(&self.policy), now.plus(TOKEN_LIFE));
        let path = format!("/enrollments/{}{below}{API}", percent::encode(id.as_str()));
        self.https.ask(Ask { method, path, id, token: &token, if_match, body }, now)
    }
}

fn read<T: DeserializeOwned>(id: &RegistrationId, answer: &Answer) -> Result<T, DpsError> {
    let Answer { status, retry_after, body } = answer;
    if !(200..300).contains(status) {
        return Err(DpsError::from_answer(id, *status, *retry_after, body.expose()));
    }
    serde_json::from_slice(body.expose()).map_err(|error| {
        // the message could quote the answer; place and kind say enough
        let why = format!(
            "its answer is not the document expected ({:?} error at {}:{})",
            error.classify(),
            error.line(),
            error.column()
        );
        DpsError::Strange { why }
    })
}

fn difference(ours: &IndividualEnrollment, theirs: &IndividualEnrollment) -> Option<String> {
    if let Err(difference) = same_credential::compare(&ours.attestation, &theirs.attestation) {
        return Some(difference.to_string());
    }
    if ours.device_id() != theirs.device_id() {
        let their_id = super::dps_error::presentable(theirs.device_id());
        return Some(format!("Azure has the device ID “{their_id}” there, ours is “{}”", ours.device_id()));
    }
    if ours.is_enabled() != theirs.is_enabled() {
        let state = if theirs.is_enabled() { "enabled" } else { "disabled" };
        return Some(format!("the enrollment at Azure has the same credential but is {state}"));
    }
    if ours.is_edge() != theirs.is_edge() {
        return Some("the enrollment at Azure differs in whether it is an IoT Edge device".to_owned());
    }
    None
}

fn fill_certificate(ours: &AttestationMechanism, theirs: &mut AttestationMechanism) {
    if let (Some(ours), Some(theirs)) = (&ours.x509, &mut theirs.x509) {
        theirs.client_certificates = ours.client_certificates.clone();
    }
}

#[cfg(test)]
mod tests;
