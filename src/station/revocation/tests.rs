use super::*;
use crate::ca::crl;
use crate::station::testing::Bench;
use crate::store::crl::CrlRow;

fn on_disk(bench: &Bench) -> String {
    bench.folder.read(&bench.folder.ca("crl.pem")).unwrap()
}

fn newest(bench: &Bench) -> CrlRow {
    bench.store.read(crate::store::crl::latest).unwrap().unwrap()
}

#[test]
fn who_writes_late_writes_the_newest_list() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap();
    let older = on_disk(&bench);
    issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap();
    assert_ne!(on_disk(&bench), older);
    // the one that issued the older list was held up before it wrote
    on_file::put_back(&bench.folder, &bench.store, &issuer, &[]).unwrap();
    assert_eq!(on_disk(&bench), crl::pem(&newest(&bench).der));
}

#[test]
fn lists_issued_at_once_leave_the_one_with_the_greatest_number() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    let before = newest(&bench).number;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // each with a store of its own, as processes have
            scope.spawn(|| {
                let store = Store::open(&bench.folder.database()).unwrap();
                for _ in 0..5 {
                    issue_crl(&bench.folder, &store, &issuer, &[], &Actor::Station).unwrap();
                }
            });
        }
    });
    assert_eq!(newest(&bench).number, before + 20);
    assert_eq!(on_disk(&bench), crl::pem(&newest(&bench).der));
}
