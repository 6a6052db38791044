//! Finding a certificate by its thumbprint: a small table holds the first bytes, the certificate itself decides.

use super::{COLUMNS, Certificate, parse};
use crate::domain::thumbprint::Thumbprint;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// More certificates than this never begin alike by chance.
const ALIKE: u32 = 16;

/// The certificate with this thumbprint.
pub fn find(reader: &Reader<'_>, thumbprint: &Thumbprint) -> Result<Option<Certificate>, StoreError> {
    let found = reader.rows("certificate", &search(), (thumbprint.start(), ALIKE), parse)?;
    Ok(found.into_iter().find(|row| row.der.as_ref().is_some_and(|der| thumbprint.is_of(der))))
}

fn search() -> String {
    format!(
        "SELECT {COLUMNS} FROM certificate
         WHERE run IN (SELECT run FROM thumbprint WHERE start = ?1 LIMIT ?2)"
    )
}

/// Enters a certificate under both of its thumbprints.
pub(in crate::store) fn enter(reader: &Reader<'_>, run: u64, der: &[u8]) -> Result<(), StoreError> {
    let run = sql_id(run);
    enter_all(reader, vec![(Thumbprint::sha1(der), run), (Thumbprint::sha256(der), run)])
}

/// Enters thumbprints of the certificates of these runs, in the order of the index: many at once cost less that way.
pub(in crate::store) fn enter_all(
    reader: &Reader<'_>,
    thumbprints: Vec<(Thumbprint, i64)>,
) -> Result<(), StoreError> {
    let mut starts: Vec<(i64, i64)> = thumbprints.into_iter().map(|(one, run)| (one.start(), run)).collect();
    starts.sort_unstable();
    let mut insert = reader
        .connection()
        .prepare_cached("INSERT OR IGNORE INTO thumbprint (start, run) VALUES (?1, ?2)")?;
    for start in starts {
        insert.execute(start)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Bench, cert_serial, plan};

    #[test]
    fn a_certificate_is_found_by_both_thumbprints_and_by_no_other() {
        let bench = Bench::with_order();
        for n in 1..=3 {
            bench.pass(n);
        }
        let der = format!("certificate {}", cert_serial(2));
        for thumbprint in [Thumbprint::sha1(der.as_bytes()), Thumbprint::sha256(der.as_bytes())] {
            let found = bench.store.read(|r| find(r, &thumbprint)).unwrap().unwrap();
            assert_eq!(found.serial, cert_serial(2));
        }
        let other = Thumbprint::sha1(b"another");
        assert_eq!(bench.store.read(|r| find(r, &other)).unwrap(), None);
        // somebody points the table at a certificate that has another thumbprint
        bench.attack(&format!("INSERT INTO thumbprint (start, run) VALUES ({}, 1)", other.start()));
        assert_eq!(bench.store.read(|r| find(r, &other)).unwrap(), None);
    }

    #[test]
    fn it_takes_two_seeks() {
        let plan = plan(&search());
        assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{plan:?}");
    }
}
