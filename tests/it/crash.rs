//! The crash test: the station is killed with SIGKILL at every named point of the spine and at random moments,
//! started again, and its records are held against what the devices received, which live on meanwhile.

#![expect(clippy::print_stdout, reason = "a failure shows the seed and the figures")]

mod enrollments;
pub mod plant;
mod process;
mod records;
mod scene;

use std::time::{Duration, Instant, SystemTime};

use lineside::station::crash_point::POINTS;

use self::plant::{Device, Kind, Plant};
use self::records::{Records, journal};
use self::scene::Scene;

pub const GATEWAY: Kind = Kind { product: "demo-gateway", prefix: "GW", id_prefix: "gw", certificates: 1 };
pub const TWICE: Kind = Kind { certificates: 2, ..GATEWAY };
pub const SENSOR: Kind = Kind { product: "demo-sensor", prefix: "SE", id_prefix: "sn", certificates: 0 };

/// What the records of a run make possible once its station was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// Nothing is on record: the device is simply run again.
    RunAgain,
    /// An intent without certificate: it is given up, and its number is void.
    GivenUp,
    /// The credential is on record: the run goes on, or is superseded.
    GoesOn,
    /// It has passed.
    Passed,
}

/// What a device holds.
#[derive(Debug, PartialEq, Eq)]
struct Holds {
    pending_key: bool,
    key: bool,
    files_received: usize,
    files_in_place: usize,
    gives_proofs: bool,
}

impl Holds {
    fn now(kind: &Kind, device: &Device) -> Holds {
        let has = |name: &str| device.state.join(name).exists();
        let both = |kind: &Kind, of: [&str; 2]| {
            let found = of.map(has);
            assert_eq!(
                found[1],
                found[0] && kind.certificates == 2,
                "the secondary goes with the primary: {of:?}"
            );
            found[0]
        };
        Holds {
            pending_key: both(kind, ["pending-key.pem", "pending-secondary-key.pem"]),
            key: both(kind, ["key.pem", "secondary-key.pem"]),
            files_received: journal(device).iter().filter(|entry| entry.verb == "put").count(),
            files_in_place: device.state.join("files").read_dir().unwrap().count(),
            gives_proofs: has("provable"),
        }
    }
}

/// The crash table of `ARCHITECTURE.md`: what follows, and what a new device holds. `None` where a kind of device
/// never comes to that point.
fn table(kind: &Kind, point: &str) -> Option<(Follows, Holds)> {
    let place = POINTS.iter().position(|known| *known == point).expect("a point of the spine");
    let past = |other: &str| POINTS.iter().position(|known| *known == other).is_some_and(|at| place >= at);
    let x509 = kind.certificates > 0;
    let files = 1 + kind.certificates.max(1);
    let follows = match point {
        "identified" | "prepared" | "before-intent" => Follows::RunAgain,
        "signed" if !x509 => return None,
        "after-intent" | "signed" if x509 => Follows::GivenUp,
        "after-verdict" => Follows::Passed,
        _ => Follows::GoesOn,
    };
    let holds = Holds {
        pending_key: x509 && past("prepared") && !past("after-commit"),
        key: x509 && past("after-commit"),
        files_received: if past("after-inject") { files } else { usize::from(past("between-files")) },
        files_in_place: if past("after-commit") { files } else { 0 },
        gives_proofs: past("after-commit") && !past("after-finish"),
    };
    Some((follows, holds))
}

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    /// A seed from the environment, or any; printed, so that a failure can be repeated.
    pub fn cast() -> Dice {
        let seed = std::env::var("CRASH_SEED").ok().map(|text| text.parse().expect("a number"));
        let seed = seed.unwrap_or(since_1970().as_secs());
        println!("CRASH_SEED={seed}");
        Dice(seed)
    }

    /// Any time shorter than this.
    pub fn below(&mut self, limit: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_nanos((mixed ^ (mixed >> 31)) % u64::try_from(limit.as_nanos()).unwrap())
    }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

fn crash_test(kind: &Kind) {
    if !cfg!(feature = "crash-points") {
        panic!(
            "the station cannot be stopped at its points: build with --features crash-points or --all-features"
        );
    }
    let mut dice = Dice::cast();
    let plant = Plant::found(kind, 75, 60);
    let records = Records::of(&plant, kind);
    let mut scene = Scene { kind, plant: &plant, records, fresh: plant.devices.iter() };
    for point in POINTS {
        scene.survive(point, false);
    }
    for point in ["after-certificate", "between-files", "after-commit", "after-finish"] {
        scene.survive(point, true);
    }
    let named = Instant::now();
    scene.kill_at_random(&mut dice);
    println!("random kills took {:?}, {} intents were orphaned", named.elapsed(), scene.records.orphans());
    scene.a_spent_unit_stays_spent();
    scene.leave_some_behind();

    let Scene { records, .. } = scene;
    let station = plant.serve(None);
    enrollments::check(&plant, kind, &records);
    records.check_revocation_list();
    for device in &plant.devices {
        if records.runs_of(device).last().is_some_and(|run| run["verdict"] == "PASS") {
            records.check_holds_its_credential(device);
        }
    }
    station.kill();
}

#[test]
fn a_station_killed_at_any_point_of_a_certificates_way_loses_and_doubles_nothing() {
    crash_test(&GATEWAY);
}

#[test]
fn a_station_killed_at_any_point_of_the_way_of_two_certificates_loses_and_doubles_nothing() {
    crash_test(&TWICE);
}

#[test]
fn a_station_killed_at_any_point_of_a_derived_keys_way_loses_and_doubles_nothing() {
    crash_test(&SENSOR);
}
