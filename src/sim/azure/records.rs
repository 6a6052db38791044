//! What the simulated service remembers, in memory and bounded: enrollments, groups and registrations, each
//! under its lower-cased ID, with the rules of creation and of etags.

use std::collections::BTreeMap;

use super::enrollment::{Document, Enrollment, Kind};
use super::randomness::Randomness;
use super::refusal::Refusal;
use super::registration::Registration;
use crate::domain::utc_time::UtcTime;

/// Azure's own limits on one service: individual enrollments and registrations.
const MOST_DEVICES: usize = 1_000_000;
/// 100 groups with keys and 100 with certificates, counted together here.
const MOST_GROUPS: usize = 200;

/// Everything there is.
pub(super) struct Records {
    /// The linked hubs' host names.
    pub(super) hubs: Vec<String>,
    /// Individual enrollments.
    pub(super) individuals: BTreeMap<String, Enrollment>,
    /// Enrollment groups.
    pub(super) groups: BTreeMap<String, Enrollment>,
    /// Devices that registered.
    pub(super) registrations: BTreeMap<String, Registration>,
    /// Where keys, etags and IDs come from.
    pub(super) random: Randomness,
}

/// Under which condition a record is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Precondition {
    /// There is none yet.
    New,
    /// There is one, whatever its version (`If-Match: *`).
    Any,
    /// There is one, of this version. Compared as it stands: the service knows no quotes around it.
    Version(String),
}

impl Precondition {
    /// From the header of a PUT.
    pub(super) fn of(if_match: Option<&str>) -> Precondition {
        match if_match {
            None => Precondition::New,
            Some("*") => Precondition::Any,
            Some(version) => Precondition::Version(version.to_owned()),
        }
    }

    fn check(&self, id: &str, present: Option<&Enrollment>) -> Result<(), Refusal> {
        match (self, present) {
            (Precondition::New, None) | (Precondition::Any, Some(_)) => Ok(()),
            (Precondition::New, Some(_)) => Err(Refusal::Exists(id.to_owned())),
            // Azure documents no answer; RFC 9110 §13.1.1 makes a condition on nothing fail
            (Precondition::Any, None) => Err(Refusal::Etag("*".to_owned())),
            (Precondition::Version(version), found) => match found {
                Some(found) if found.etag == *version => Ok(()),
                Some(_) | None => Err(Refusal::Etag(version.clone())),
            },
        }
    }
}

impl Records {
    /// Nothing yet.
    pub(super) fn new(hubs: Vec<String>, random: Randomness) -> Records {
        Records {
            hubs,
            individuals: BTreeMap::new(),
            groups: BTreeMap::new(),
            registrations: BTreeMap::new(),
            random,
        }
    }

    /// All enrollments of a kind.
    pub(super) fn all(&self, kind: Kind) -> &BTreeMap<String, Enrollment> {
        match kind {
            Kind::Individual => &self.individuals,
            Kind::Group => &self.groups,
        }
    }

    /// One of them.
    pub(super) fn find(&self, kind: Kind, id: &str) -> Result<&Enrollment, Refusal> {
        self.all(kind).get(&id.to_ascii_lowercase()).ok_or_else(|| Refusal::NoEnrollment(id.to_owned()))
    }

    /// Creates or replaces; the document's ID is the key.
    pub(super) fn put(
        &mut self,
        kind: Kind,
        document: Document,
        precondition: &Precondition,
        now: UtcTime,
    ) -> Result<&Enrollment, Refusal> {
        let id = document.id(kind)?.to_ascii_lowercase();
        let present = self.all(kind).get(&id);
        let created = present.map(Enrollment::created);
        // a bad document is a bad document, whether or not the record exists
        let condition = precondition.check(&id, present);
        let enrollment = document.check(kind, &self.hubs, created, now, &mut self.random)?;
        condition?;
        let (records, most) = match kind {
            Kind::Individual => (&mut self.individuals, MOST_DEVICES),
            Kind::Group => (&mut self.groups, MOST_GROUPS),
        };
        if created.is_none() && records.len() >= most {
            return Err(Refusal::Full(most));
        }
        records.insert(id.clone(), enrollment);
        self.find(kind, &id)
    }

    /// Removes an enrollment together with the registrations that it allowed.
    pub(super) fn remove(&mut self, kind: Kind, id: &str, version: Option<&str>) -> Result<(), Refusal> {
        let found = self.find(kind, id)?;
        if let Some(version) = version
            && version != "*"
            && version != found.etag
        {
            return Err(Refusal::Etag(version.to_owned()));
        }
        let id = id.to_ascii_lowercase();
        match kind {
            Kind::Individual => {
                self.individuals.remove(&id);
                if self.registrations.get(&id).is_some_and(|registration| registration.group.is_none()) {
                    self.registrations.remove(&id);
                }
            }
            Kind::Group => {
                self.groups.remove(&id);
                self.registrations.retain(|_, registration| registration.group.as_ref() != Some(&id));
            }
        }
        Ok(())
    }

    /// Remembers a registration.
    pub(super) fn register(&mut self, id: String, registration: Registration) -> Result<(), Refusal> {
        if self.registrations.len() >= MOST_DEVICES && !self.registrations.contains_key(&id) {
            return Err(Refusal::Full(MOST_DEVICES));
        }
        self.registrations.insert(id, registration);
        Ok(())
    }
}
