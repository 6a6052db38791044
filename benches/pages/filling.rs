//! A station with as many devices as one likes, written straight into its tables: who they are follows from their
//! numbers. The audit log says nothing of them, which the pages do not mind.

use lineside::ca::certificate::Certificate;
use lineside::domain::cert_serial::CertSerial;
use lineside::domain::digest::Digest;
use lineside::domain::thumbprint::Thumbprint;
use lineside::domain::utc_time::UtcTime;
use lineside::station::folder::Folder;
use rusqlite::{Connection, params};

/// Devices of one work order.
const ORDER: u64 = 50_000;
/// Rows of one transaction.
const AT_ONCE: u64 = 50_000;
const BEGUN: i64 = 1_700_000_000_000;

/// What the requests need to know of the devices.
pub struct Filled {
    /// How many there are, numbered from 1.
    pub devices: u64,
    template: Vec<u8>,
    /// Where the serial number stands in the template.
    at: usize,
}

impl Filled {
    /// A certificate like any other, but for its signature.
    fn der(&self, n: u64) -> Vec<u8> {
        let mut der = self.template.clone();
        der[self.at..self.at + 16].copy_from_slice(certificate(n).as_bytes());
        der
    }

    pub fn sha1(&self, n: u64) -> String {
        let digits = Thumbprint::sha1(&self.der(n)).to_string();
        let pairs: Vec<&str> = (0..20).map(|at| &digits[at * 2..at * 2 + 2]).collect();
        pairs.join(":")
    }

    pub fn sha256(&self, n: u64) -> String {
        Thumbprint::sha256(&self.der(n)).to_string()
    }
}

pub fn serial(n: u64) -> String {
    format!("BN{n:08}")
}

pub fn mac(n: u64) -> String {
    let [.., a, b, c, d] = n.to_be_bytes();
    format!("02:4c:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

pub fn registration(n: u64) -> String {
    format!("sn-bn{n:08}-mac-{}", mac(n).replace(':', "-"))
}

pub fn order(n: u64) -> String {
    format!("lot-{:03}", n / ORDER)
}

/// Certificate serial numbers grow with time and are random behind it.
pub fn certificate(n: u64) -> CertSerial {
    let mut random = [0; 10];
    random.copy_from_slice(&Digest::of(&n.to_be_bytes()).as_bytes()[..10]);
    CertSerial::new(UtcTime::from_millis(began(n)), random)
}

fn began(n: u64) -> i64 {
    BEGUN + i64::try_from(n).unwrap() * 1000
}

/// Fills a new station.
pub fn fill(folder: &Folder, devices: u64) -> Filled {
    let pem = folder.read(&folder.ca("issuing.pem")).unwrap();
    let certificate = Certificate::from_pem(&pem).unwrap();
    let number = certificate.serial_bytes().to_vec();
    assert_eq!(number.len(), 16, "the issuing CA's own number is as long as its devices'");
    let template = certificate.der().to_vec();
    let at = template.windows(16).position(|bytes| bytes == number).unwrap();
    let filled = Filled { devices, template, at };

    let mut connection = Connection::open(folder.database()).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000;")
        .unwrap();
    let recipe = "name = \"bench\"\n";
    let digest = Digest::of(recipe.as_bytes()).to_string();
    for table in ["product", "profile"] {
        let sql = format!("INSERT INTO {table} (digest, name, text) VALUES (?1, 'bench', ?2)");
        connection.execute(&sql, (&digest, recipe)).unwrap();
    }
    for lot in 0..=devices / ORDER {
        connection
            .execute(
                "INSERT INTO work_order (name, product, quantity, spare, state, created)
                 VALUES (?1, 'bench', 50000, 0, 'closed', ?2)",
                (format!("lot-{lot:03}"), began(lot * ORDER)),
            )
            .unwrap();
    }
    let mut next = 1;
    while next <= devices {
        let end = (next + AT_ONCE).min(devices + 1);
        let transaction = connection.transaction().unwrap();
        (next..end).for_each(|n| add(&transaction, &filled, n, &digest));
        transaction.commit().unwrap();
        next = end;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    filled
}

fn add(connection: &Connection, filled: &Filled, n: u64, recipe: &str) {
    let id = i64::try_from(n).unwrap();
    let (der, registration, number) = (filled.der(n), registration(n), certificate(n).to_string());
    let state = if n % 1000 == 999 { "quarantined" } else { "provisioned" };
    let insert = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    insert(
        "INSERT INTO device VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
        params![id, serial(n), serial(n).to_lowercase(), mac(n), registration, state, began(n)],
    );
    insert(
        "INSERT INTO run (id, device, work_order, product, product_digest, slot, person, credential, key_origin,
                          started, stage, verdict, proof, finished, steps)
         VALUES (?1, ?1, ?2, 'bench', ?3, 'slot-01', 'ada', 'x509', 'on-device', ?4, 'finished', 'PASS',
                 'sign-nonce', ?4 + 900, ?5)",
        params![
            id,
            order(n),
            recipe,
            began(n),
            r#"[["identify",0],["prepare",120],["intended",300],["issued",310],["inject",311],["finished",900]]"#
        ],
    );
    let key = Digest::of(number.as_bytes()).to_string();
    insert("INSERT INTO public_key (digest, device) VALUES (?1, ?2)", params![key, id]);
    insert(
        "INSERT INTO certificate (serial, run, device, registration_id, to_be_signed, public_key, profile,
                                  not_before, not_after, state, der, sha256)
         VALUES (?1, ?2, ?2, ?3, ?4, ?4, ?5, ?6, ?6 + 1000000000, 'issued', ?7, ?8)",
        params![number, id, registration, key, recipe, began(n), der, Digest::of(&der).to_string()],
    );
    for thumbprint in [Thumbprint::sha1(&der), Thumbprint::sha256(&der)] {
        insert("INSERT INTO thumbprint (start, run) VALUES (?1, ?2)", params![thumbprint.start(), id]);
    }
    insert(
        "INSERT INTO outbox (id, registration_id, operation, run, body, state, next_try, created, sent)
         VALUES (?1, ?2, 'create', ?1, '{}', 'sent', ?3, ?3, ?3)",
        params![id, registration, began(n)],
    );
}
