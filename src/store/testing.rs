//! A station's records in a temporary folder, for the tests of this room.

use std::path::PathBuf;

use super::Store;
use super::certificates::issue::{self, IntendError, Intent, SignedCertificate};
use super::error::StoreError;
use super::people::PersonError;
use super::runs::finish::{self, Accounted, Finish};
use super::runs::reserve::{self, Reservation, ReserveError, Reserved};
use super::work_orders::{self, NewWorkOrder, WorkOrderError};
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::pair::Pair;
use crate::domain::person::Actor;
use crate::domain::product::{Credential, DeviceIdentity, KeyOrigin};
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::serial_number::SerialNumber;
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::domain::work_order::{IssuePermit, PermitHolder};

pub(super) const ORIGIN: &str = "lineside.test/line-1";
pub(super) const RECIPE: &str = "name = \"gateway-7\"\n";

pub(super) struct Bench {
    folder: tempfile::TempDir,
    pub(super) store: Store,
}

/// What a test may fail with, so that closures need no annotations.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    #[error(transparent)]
    Intend(#[from] IntendError),
    #[error(transparent)]
    Order(#[from] WorkOrderError),
    #[error(transparent)]
    Person(#[from] PersonError),
}

pub(super) fn at(second: i64) -> UtcTime {
    UtcTime::from_seconds(1_795_000_000 + second)
}

pub(super) fn actor() -> Actor {
    Actor::Person { name: "ada".parse().unwrap() }
}

pub(super) fn x509() -> Credential {
    x509_copies(false)
}

pub(super) fn x509_copies(two: bool) -> Credential {
    Credential::X509 {
        key: KeyOrigin::OnDevice,
        profile: "device-p256".parse().unwrap(),
        key_paths: Pair { primary: "/k".into(), secondary: two.then(|| "/k2".into()) },
    }
}

pub(super) fn cert_serial(n: u8) -> CertSerial {
    CertSerial::new(at(i64::from(n)), [n; 10])
}

/// Who device `n` says it is.
pub(super) struct Unit {
    pub(super) serial: SerialNumber,
    pub(super) mac: crate::domain::mac_address::MacAddress,
    pub(super) identity: DeviceIdentity,
}

pub(super) fn unit(n: u8) -> Unit {
    let registration_id = format!("sn-1{n:03}").parse().unwrap();
    Unit {
        serial: format!("SN-1{n:03}").parse().unwrap(),
        mac: format!("02:00:00:00:01:{n:02x}").parse().unwrap(),
        identity: DeviceIdentity {
            device_id: crate::domain::device_id::DeviceId::from(&registration_id),
            registration_id,
        },
    }
}

/// How SQLite would run a query over an empty station: one line a step.
pub(super) fn plan(sql: &str) -> Vec<String> {
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    super::schema::migrate(&mut connection, 0).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

impl Bench {
    pub(super) fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("station.db");
        let store = Store::create(&path, ORIGIN, "Example", at(0), &actor()).unwrap();
        Bench { folder, store }
    }

    /// With an active work order `lot-1` for five devices and two spares.
    pub(super) fn with_order() -> Bench {
        let bench = Bench::new();
        bench.order("lot-1", 5, 2, &[]).unwrap();
        bench
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("station.db")
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(super) fn order(
        &self,
        name: &str,
        quantity: u32,
        spare: u32,
        serials: &[SerialNumber],
    ) -> Result<(), Failed> {
        let (name, product) = (name.parse().unwrap(), "gateway-7".parse().unwrap());
        self.store.change(&actor(), at(1), |change| {
            let order = NewWorkOrder { name: &name, product: &product, quantity, spare, serials };
            work_orders::add(change, &order)?;
            work_orders::activate(change, &name, "ada")?;
            Ok(())
        })
    }

    pub(super) fn reserve(&self, unit: &Unit, credential: &Credential) -> Result<Reserved, Failed> {
        self.store.change(&actor(), at(2), |change| {
            let (reserved, permits) = reserve_in(change, unit, credential)?;
            for (_, permit) in permits.each() {
                assert_eq!(permit.holder(), PermitHolder::Run(reserved.run));
            }
            if let Credential::GroupKey { .. } = credential {
                reserve::intend_key(change, &reserved)?;
            }
            change.record(crate::domain::audit_event::AuditEvent::VaultUnlocked);
            Ok(reserved)
        })
    }

    /// Reserve and intent of device `n`, with certificate serial number and key of the same number.
    pub(super) fn intend(&self, n: u8) -> Result<Reserved, Failed> {
        self.intend_as(&unit(n), cert_serial(n), n)
    }

    pub(super) fn intend_as(&self, unit: &Unit, serial: CertSerial, key: u8) -> Result<Reserved, Failed> {
        self.intend_pair(unit, Pair::one((serial, key)))
    }

    /// Serial number and key of each certificate.
    pub(super) fn intend_pair(&self, unit: &Unit, pair: Pair<(CertSerial, u8)>) -> Result<Reserved, Failed> {
        let profile = "device-p256".parse().unwrap();
        self.store.change(&actor(), at(2), |change| {
            let (reserved, permits) = reserve_in(change, unit, &x509_copies(pair.is_two()))?;
            assert_eq!(permits.is_two(), pair.is_two());
            let intents = pair.map(|_, (serial, key)| Intent {
                serial,
                to_be_signed: Digest::of(b"tbs"),
                public_key: Digest::of(&[key]),
                profile: &profile,
                profile_text: "validity = 1\n",
                not_before: at(0),
                not_after: at(1_000_000),
            });
            issue::intend(change, &reserved, &intents)?;
            Ok(reserved)
        })
    }

    pub(super) fn issued(&self, serial: CertSerial) -> Result<Digest, StoreError> {
        self.issued_pair(Pair::one(serial))?;
        Ok(Digest::of(format!("certificate {serial}").as_bytes()))
    }

    pub(super) fn issued_pair(&self, serials: Pair<CertSerial>) -> Result<(), StoreError> {
        let ders = serials.map(|_, serial| (serial, format!("certificate {serial}")));
        let signed =
            ders.as_ref().map(|_, (serial, der)| SignedCertificate { serial: *serial, der: der.as_bytes() });
        self.store.change(&actor(), at(3), |change| issue::issued(change, &signed))
    }

    pub(super) fn finish(&self, run: u64, verdict: Verdict) -> Result<Accounted, StoreError> {
        let stage = if verdict == Verdict::Pass { Stage::Finished } else { Stage::Inject };
        let finish = Finish {
            verdict,
            stage,
            code: None,
            message: "because",
            proof: (verdict == Verdict::Pass).then_some("sign-nonce"),
            revoke_for: RevocationReason::CessationOfOperation,
            steps: None,
        };
        self.store.change(&actor(), at(4), |change| finish::finish(change, run, &finish))
    }

    /// Device `n` from its reservation to PASS; its run.
    pub(super) fn pass(&self, n: u8) -> u64 {
        let run = self.intend(n).unwrap().run;
        self.issued(cert_serial(n)).unwrap();
        self.finish(run, Verdict::Pass).unwrap();
        run
    }

    pub(super) fn entries(&self) -> u64 {
        self.store.read(super::audit::log::size).unwrap()
    }

    /// Does to the file what an attacker with a SQLite shell would do.
    pub(super) fn attack(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.pragma_update(None, "ignore_check_constraints", true).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}

fn reserve_in(
    change: &mut super::change::Change<'_>,
    unit: &Unit,
    credential: &Credential,
) -> Result<(Reserved, Pair<IssuePermit>), ReserveError> {
    let active = work_orders::active(change)?.map(|progress| progress.order.name);
    let reservation = Reservation {
        serial: &unit.serial,
        mac: Some(&unit.mac),
        identity: &unit.identity,
        product: &"gateway-7".parse().unwrap(),
        recipe: Some((&Digest::of(RECIPE.as_bytes()), RECIPE)),
        work_order: &active.unwrap_or_else(|| "none".parse().unwrap()),
        slot: None,
        person: "ada",
        credential,
    };
    reserve::reserve(change, &reservation)
}
