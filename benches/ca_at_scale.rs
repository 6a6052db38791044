//! A CA that has issued a million certificates: what one more device costs, against the same on an empty station in the
//! same run, device by device in turn (at most 1.5 times), and the processor time of a revocation list of 10 000 entries
//! (less than a second). The million is issued by `batch issue`, with runs and audit log.
//!
//!     cargo bench --bench ca_at_scale
//!     LINESIDE_BENCH_CERTIFICATES=50000 cargo bench --bench ca_at_scale
//!
//! Ends with 1 if a budget is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

#[path = "one_device/line.rs"]
mod line;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use line::{InMemory, Line, median};
use lineside::domain::cert_serial::CertSerial;
use lineside::domain::person::Actor;
use lineside::domain::revocation_reason::RevocationReason;
use lineside::station::authority::Engineering;
use lineside::station::batch::issue::ask::{IssueAsk, Keys, Under};
use lineside::station::batch::issue::recipients::Recipients;
use lineside::station::batch::issue::{self, Bench, Job};
use lineside::station::batch::progress::Progress;
use lineside::station::{clock, revocation};
use lineside::store::error::StoreError;

const DEVICES: usize = 300;
const REVOKED: u64 = 10_000;
/// Somebody who opens the keys: nobody in particular.
const RECIPIENT: &str = "age1cg8eld5e4gpu6ytf72kd5tsw5capgfrz6km34fdka8akj0zxjyssszrffl";
const RECIPE: &str = r#"
name = "many"
[identify]
driver = "lineside"
[identity]
registration_id = "many-{serial}"
[credential]
kind = "x509"
key = "station"
profile = "device-p256"
[prove]
method = "read-back"
[enroll]
service = "none"
"#;
/// The budgets.
const MOST_OF_EMPTY: f64 = 1.5;
const MOST_FOR_LIST: f64 = 1.0;

/// Issues so many certificates on this station.
fn issue_many(line: &Line, place: &Path, certificates: u64) {
    let (input, output) = (place.join("in.csv"), place.join("out.csv"));
    let mut table = BufWriter::new(File::create(&input).unwrap());
    writeln!(table, "serial,mac").unwrap();
    for row in 0..certificates {
        let [.., a, b, c] = row.to_be_bytes();
        writeln!(table, "GW{row:08},a0:b2:c3:{a:02x}:{b:02x}:{c:02x}").unwrap();
    }
    table.flush().unwrap();
    let Line { folder, settings, store, keys, .. } = line;
    fs::write(folder.products().join("many.toml"), RECIPE).unwrap();
    let recipients = Recipients::parse(&[RECIPIENT.to_owned()]).unwrap();
    let under = Under::Product("many".parse().unwrap());
    let ask = IssueAsk::new(folder, &under, None, Keys::Sealed(recipients)).unwrap();
    let job = Job { ask: &ask, person: "bench", input: &input, output: &output, interruptible: false };
    let right = Engineering::at_the_terminal(Actor::Station);
    let bench = Bench { folder, settings, store, keys };
    let issued = issue::run(&bench, &right, &job, &Progress::default()).unwrap();
    assert_eq!(issued.outcome.good, certificates);
}

/// Certificates spread over all of them.
fn some(line: &Line, certificates: u64) -> Vec<CertSerial> {
    let connection = rusqlite::Connection::open(line.folder.database()).unwrap();
    let step = (certificates / REVOKED).max(1);
    let mut statement = connection
        .prepare("SELECT serial FROM certificate WHERE run % ?1 = 0 ORDER BY run LIMIT ?2")
        .unwrap();
    let found = statement
        .query_map([step, REVOKED].map(|number| i64::try_from(number).unwrap()), |row| {
            row.get::<_, String>(0)
        })
        .unwrap();
    found.map(|serial| serial.unwrap().parse().unwrap()).collect()
}

/// Seconds of processor time that this process used.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after) = stat.rsplit_once(") ").unwrap();
    let ticks = |place: usize| after.split(' ').nth(place).unwrap().parse::<u64>().unwrap();
    // a tick is a hundredth of a second on every Linux there is
    (ticks(11) + ticks(12)) as f64 / 100.0
}

fn main() -> ExitCode {
    let certificates = std::env::var("LINESIDE_BENCH_CERTIFICATES")
        .map_or(1_000_000, |text| text.parse().expect("a number"));
    let (empty_place, full_place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (empty, full) = (Line::found(empty_place.path(), DEVICES), Line::found(full_place.path(), DEVICES));
    issue_many(&full, full_place.path(), certificates);
    let entries = full.store.read(lineside::store::audit::log::size).map_err(|e: StoreError| e).unwrap();
    println!(
        "{certificates} certificates and {entries} audit entries on record, {DEVICES} devices on each station"
    );

    let (mut on_empty, mut on_full) = (Vec::new(), Vec::new());
    for index in 0..DEVICES {
        on_empty.push(empty.provision(&mut InMemory::new(index)));
        on_full.push(full.provision(&mut InMemory::new(index)));
    }
    let (on_empty, on_full) = (median(on_empty), median(on_full));
    let ratio = on_full.as_secs_f64() / on_empty.as_secs_f64();
    println!("one device, empty station            p50 {on_empty:>10.1?}");
    println!(
        "one device, all of them on record    p50 {on_full:>10.1?}  {ratio:.2} times (at most {MOST_OF_EMPTY})"
    );

    let engineer = Engineering::at_the_terminal(Actor::Station);
    for serial in some(&full, certificates) {
        let reason = RevocationReason::CessationOfOperation;
        revocation::revoke(&full.store, &engineer, clock::now(), &serial, reason).unwrap();
    }
    let begun = processor();
    let issued =
        revocation::issue_crl(&full.folder, &full.store, &full.keys.issuer, &full.keys.past, &Actor::Station)
            .unwrap();
    let taken = processor() - begun;
    let (_, listed) = issued.present.unwrap();
    println!(
        "a list of {listed} entries           {taken:>14.2} s of processor time (less than {MOST_FOR_LIST})"
    );
    let whole = listed >= REVOKED;
    if whole && ratio <= MOST_OF_EMPTY && taken < MOST_FOR_LIST {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
