//! One device, station side, without the wire: `provision` over a driver in memory, against three bare durable
//! commits of the same database engine in the same run. The design allows twice the floor
//! (three commits and 0.1 ms).
//!
//!     cargo bench --bench one_device

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

#[allow(dead_code, reason = "the bench of a CA at scale asks more of it")]
#[path = "one_device/line.rs"]
mod line;

use std::time::{Duration, Instant};

use line::{InMemory, Line, median};
use lineside::store::error::StoreError;

const DEVICES: usize = 300;

/// Three transactions of one row each, made durable like the station's.
fn three_bare_commits(connection: &rusqlite::Connection) -> Duration {
    let begun = Instant::now();
    for _ in 0..3 {
        connection.execute("INSERT INTO bare (body) VALUES (randomblob(600))", []).unwrap();
    }
    begun.elapsed()
}

fn main() {
    let place = tempfile::tempdir().unwrap();
    let line = Line::found(place.path(), DEVICES);
    let bare = rusqlite::Connection::open(place.path().join("bare.db")).unwrap();
    bare.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB)").unwrap();

    let mut devices: Vec<InMemory> = (0..DEVICES).map(InMemory::new).collect();
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for device in &mut devices {
        floor.push(three_bare_commits(&bare) + Duration::from_micros(100));
        ours.push(line.provision(device));
    }
    let entries = line.store.read(lineside::store::audit::log::size).map_err(|e: StoreError| e).unwrap();
    let (ours, floor) = (median(ours), median(floor));
    println!("{DEVICES} devices, {entries} audit entries");
    println!("floor (three durable commits + 0.1 ms)  p50 {floor:>10.1?}");
    println!("one device, station side                p50 {ours:>10.1?}");
    println!("ratio {:.2} (the design allows 2)", ours.as_secs_f64() / floor.as_secs_f64());
}
