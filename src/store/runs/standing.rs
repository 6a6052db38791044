//! Whether the identity that a run gave is still its device's: what labels are printed of, and what reports count.

use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// The condition over a row of `run`: it passed, nothing was decided about the device since, the device did not pass
/// again, and its primary certificate was not withdrawn.
pub(in crate::store) const STANDS: &str = "run.verdict = 'PASS'
     AND EXISTS (SELECT 1 FROM device WHERE device.id = run.device AND device.state = 'provisioned')
     AND NOT EXISTS (SELECT 1 FROM run AS later
                     WHERE later.device = run.device AND later.id > run.id AND later.verdict = 'PASS')
     AND NOT EXISTS (SELECT 1 FROM certificate
                     WHERE certificate.run = run.id AND certificate.which IS NULL
                           AND certificate.state <> 'issued')";

/// Whether a run passed and the identity it gave is still its device's.
pub fn stands(reader: &Reader<'_>, run: u64) -> Result<bool, StoreError> {
    let sql = format!("SELECT count(*) FROM run WHERE id = ?1 AND {STANDS}");
    Ok(reader.count(&sql, [sql_id(run)])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::revocation_reason::RevocationReason;
    use crate::domain::verdict::Verdict;
    use crate::store::certificates::issue::revoke;
    use crate::store::runs::decide::{Decision, decide};
    use crate::store::testing::{Bench, actor, at, cert_serial, plan, unit, x509};

    #[test]
    fn an_identity_stands_until_it_is_withdrawn_or_another_takes_its_place() {
        let bench = Bench::with_order();
        let stands = |run| bench.store.read(|r| stands(r, run)).unwrap();
        let first = bench.pass(1);
        assert!(stands(first) && !stands(99));
        bench.store.change(&actor(), at(5), |c| decide(c, first, Decision::Supersede, "again")).unwrap();
        assert!(!stands(first), "it was superseded");
        let failed = bench.reserve(&unit(1), &x509()).unwrap().run;
        bench.finish(failed, Verdict::Fail).unwrap();
        let second = bench.intend_as(&unit(1), cert_serial(7), 7).unwrap().run;
        bench.issued(cert_serial(7)).unwrap();
        assert!(!stands(second), "it has no verdict yet");
        bench.finish(second, Verdict::Pass).unwrap();
        assert!(stands(second) && !stands(first) && !stands(failed));
        let compromised = RevocationReason::KeyCompromise;
        bench.store.change(&actor(), at(6), |c| revoke(c, &cert_serial(7), compromised)).unwrap();
        assert!(!stands(second), "its certificate was revoked");
    }

    #[test]
    fn the_question_is_a_few_seeks() {
        let steps = plan(&format!("SELECT count(*) FROM run WHERE id = ?1 AND {STANDS}"));
        assert!(steps.iter().all(|step| !step.contains("SCAN")), "{steps:?}");
        assert!(steps.iter().any(|step| step.contains("later USING INDEX run_device")), "{steps:?}");
    }
}
