//! Lists that are to be signed: what was withdrawn up to a moment, by whose list is to say so. They go on record only if
//! nothing that they would have to name was withdrawn since.

use std::time::Duration;

use super::{CrlFailed, Lister};
use crate::ca::certificate::Certificate;
use crate::ca::crl::{self, Crl, RevokedEntry};
use crate::ca::issuer::Issuer;
use crate::domain::cert_serial::CertSerial;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::clock;
use crate::station::issuers::PastIssuer;
use crate::store::audit::log;
use crate::store::certificates::{self, Withdrawn};
use crate::store::change::Change;
use crate::store::crl::CrlRow;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// How long a list is good for.
pub const NEXT_UPDATE: Duration = Duration::from_secs(30 * 86_400);

/// Lists that are to be signed, those of one moment.
pub struct Draft {
    /// The number of the first.
    first: u64,
    this_update: UtcTime,
    /// All that was withdrawn when they were drafted.
    withdrawn: Vec<Withdrawn>,
    /// The entries of each list.
    entries: Vec<Vec<RevokedEntry>>,
    /// Whether the last one is that of the present CA.
    ends_with_present: bool,
}

/// A list as it goes on record, and how many entries it has.
pub struct Signed {
    row: CrlRow,
    entries: u64,
}

impl Draft {
    /// What the lists of these CAs would say now.
    pub fn of(
        reader: &Reader<'_>,
        listers: &[Lister<'_>],
        issuer: &Issuer,
        past: &[PastIssuer],
        forgotten: &[Certificate],
    ) -> Result<Draft, CrlFailed> {
        // read after the records stand still: what they do not show yet and bears an earlier time is found when the
        // lists are recorded
        let this_update = clock::sound(log::last_entry_at(reader)?)?;
        let withdrawn = certificates::not_live(reader)?;
        let mut signed_by = Vec::new();
        if !past.is_empty() || !forgotten.is_empty() {
            for one in &withdrawn {
                signed_by.push(signer(reader, &one.serial, issuer, past, forgotten)?);
            }
        }
        let entries = |of: Option<&Name>| -> Vec<RevokedEntry> {
            let named = withdrawn.iter().enumerate().filter(|(at, _)| {
                // a number that was never signed under stands in every list: nobody knows who might have
                signed_by.get(*at).is_none_or(|by: &Option<SignedBy<'_>>| {
                    by.as_ref().is_none_or(|by| match by {
                        SignedBy::Present => of.is_none(),
                        SignedBy::Past(number) => of == Some(*number),
                        // its last list is made
                        SignedBy::Forgotten => false,
                    })
                })
            });
            named
                .map(|(_, one)| RevokedEntry { serial: one.serial, at: one.at, reason: one.reason })
                .collect()
        };
        Ok(Draft {
            first: crate::store::crl::next_number(reader)?,
            this_update,
            entries: listers.iter().map(|one| entries(one.number)).collect(),
            withdrawn,
            ends_with_present: listers.last().is_some_and(|one| one.number.is_none()),
        })
    }

    /// Signs the list of each of these CAs, for which it was drafted.
    pub fn sign(&self, listers: &[Lister<'_>]) -> Result<Vec<Signed>, CrlFailed> {
        let numbered = (self.first..).zip(listers.iter().zip(&self.entries));
        let signed = numbered.map(|(number, (lister, entries))| {
            let until = lister.issuer.not_after();
            let next_update = if lister.last { until } else { self.this_update.plus(NEXT_UPDATE).min(until) };
            let list: Crl = crl::make_crl(lister.issuer, number, self.this_update, next_update, entries)?;
            Ok(Signed {
                row: CrlRow { number, der: list.der().to_vec(), this_update: self.this_update, next_update },
                entries: u64::try_from(entries.len()).unwrap_or(u64::MAX),
            })
        });
        signed.collect()
    }

    /// Puts them on record: number and entries of the present CA's.
    ///
    /// # Errors
    /// [`CrlFailed::Overtaken`] if a number was taken meanwhile, or they do not name what was withdrawn by their time.
    pub fn record(
        &self,
        change: &mut Change<'_>,
        signed: &[Signed],
    ) -> Result<Option<(u64, u64)>, CrlFailed> {
        let by_then = |all: &[Withdrawn]| -> Vec<Withdrawn> {
            all.iter().filter(|one| one.at <= self.this_update).cloned().collect()
        };
        if crate::store::crl::next_number(change)? != self.first
            || by_then(&certificates::not_live(change)?) != by_then(&self.withdrawn)
        {
            return Err(CrlFailed::Overtaken);
        }
        for Signed { row, entries } in signed {
            crate::store::crl::add(change, row, *entries)?;
        }
        let last = signed.last().filter(|_| self.ends_with_present);
        Ok(last.map(|Signed { row, entries }| (row.number, *entries)))
    }
}

/// Who signed a certificate.
enum SignedBy<'a> {
    Present,
    /// The issuing CA before the present one with this number.
    Past(&'a Name),
    /// One whose key is erased.
    Forgotten,
}

fn signer<'a>(
    reader: &Reader<'_>,
    serial: &CertSerial,
    issuer: &Issuer,
    past: &'a [PastIssuer],
    forgotten: &[Certificate],
) -> Result<Option<SignedBy<'a>>, StoreError> {
    let Some(der) = certificates::get(reader, serial)?.and_then(|row| row.der) else { return Ok(None) };
    let Ok(certificate) = Certificate::from_der(der) else { return Ok(None) };
    if certificate.is_issued_by(issuer.certificate()) {
        return Ok(Some(SignedBy::Present));
    }
    if let Some(found) = past.iter().find(|one| certificate.is_issued_by(one.issuer.certificate())) {
        return Ok(Some(SignedBy::Past(&found.number)));
    }
    Ok(forgotten.iter().any(|one| certificate.is_issued_by(one)).then_some(SignedBy::Forgotten))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Actor;
    use crate::domain::revocation_reason::RevocationReason;
    use crate::station::revocation::issue_crl;
    use crate::station::testing::Bench;

    /// Drafts and signs the list of the present CA.
    fn drafted(bench: &Bench, issuer: &Issuer) -> (Draft, Vec<Signed>) {
        let listers = [Lister { number: None, issuer, last: false }];
        let draft = bench.store.read(|reader| Draft::of(reader, &listers, issuer, &[], &[])).unwrap();
        let signed = draft.sign(&listers).unwrap();
        (draft, signed)
    }

    fn record(bench: &Bench, draft: &Draft, signed: &[Signed]) -> Result<Option<(u64, u64)>, CrlFailed> {
        bench.store.change(&Actor::Station, clock::now(), |change| draft.record(change, signed))
    }

    fn lists(bench: &Bench) -> u64 {
        bench.store.read(crate::store::crl::next_number).unwrap()
    }

    #[test]
    fn a_list_whose_number_was_taken_while_it_was_signed_is_not_recorded() {
        let bench = Bench::new();
        let issuer = bench.unlock().unwrap().issuer;
        let (draft, signed) = drafted(&bench, &issuer);
        issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap();
        let before = lists(&bench);
        assert!(matches!(record(&bench, &draft, &signed), Err(CrlFailed::Overtaken)));
        assert_eq!(lists(&bench), before);
        let (draft, signed) = drafted(&bench, &issuer);
        assert_eq!(record(&bench, &draft, &signed).unwrap(), Some((before, 0)));
    }

    #[test]
    fn a_list_must_name_what_was_withdrawn_by_its_time_and_nothing_later() {
        let bench = Bench::new();
        let issuer = bench.unlock().unwrap().issuer;
        let (mut draft, signed) = drafted(&bench, &issuer);
        let serial = CertSerial::new(draft.this_update, [5; 10]);
        let reason = RevocationReason::Superseded;
        // what the records hold now and what was drafted differ in one that bears the list's own time
        draft.withdrawn.push(Withdrawn { serial, at: draft.this_update, reason });
        assert!(matches!(record(&bench, &draft, &signed), Err(CrlFailed::Overtaken)));
        let later = draft.this_update.plus(Duration::from_millis(1));
        draft.withdrawn = vec![Withdrawn { serial, at: later, reason }];
        assert!(record(&bench, &draft, &signed).is_ok());
    }
}
