//! The pages over a million devices: search by every key and the list, asked of a serving station over loopback,
//! against the list of an empty station in the same run. The design allows 5 ms (99 of 100) and 64 MiB resident.
//!
//!     cargo bench --bench pages
//!     LINESIDE_BENCH_DEVICES=20000 cargo bench --bench pages
//!
//! Ends with 1 if a budget is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

#[path = "pages/filling.rs"]
mod filling;
#[path = "pages/serving.rs"]
mod serving;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use filling::{Filled, serial};
use lineside::domain::person::Actor;
use lineside::domain::secret::Secret;
use lineside::station::clock;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use serving::{Client, Serving};

const SECRET: &str = "only for this measurement";
/// Requests of each kind that are measured, after some that warm up.
const REQUESTS: usize = 1000;
const WARM_UP: usize = 50;
/// The budgets.
const MOST: Duration = Duration::from_millis(5);
const MOST_RESIDENT: u64 = 64 * 1024 * 1024;

/// The same devices are asked for in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// What was measured of one kind of request.
struct Measured {
    median: Duration,
    high: Duration,
    /// Processor time of the station, on average: what a busy machine cannot blur.
    processor: Duration,
}

/// Asks again and again; `ask` gives the address and what the answer must hold.
fn measure(serving: &Serving, client: &mut Client, mut ask: impl FnMut() -> (String, String)) -> Measured {
    let mut times = Vec::with_capacity(REQUESTS);
    let mut before = serving.processor_seconds();
    for n in 0..WARM_UP + REQUESTS {
        let (path, wanted) = ask();
        let begun = Instant::now();
        let body = client.get(&path);
        let took = begun.elapsed();
        assert!(body.contains(&wanted), "{path} does not show {wanted}: {body}");
        if n >= WARM_UP {
            times.push(took);
        } else if n + 1 == WARM_UP {
            before = serving.processor_seconds();
        }
    }
    times.sort();
    let processor = (serving.processor_seconds() - before) / REQUESTS as f64;
    Measured {
        median: times[REQUESTS / 2],
        high: times[REQUESTS * 99 / 100],
        processor: Duration::from_secs_f64(processor.max(0.0)),
    }
}

fn found(folder: &Folder) {
    let (station, administrator) = ("bench".parse().unwrap(), "admin".parse().unwrap());
    let secret = Secret::from(SECRET.to_owned());
    let founding = Founding {
        company: &"Bench".parse().unwrap(),
        station: &station,
        external_root: false,
        passphrase: &secret,
        administrator: &administrator,
        password: &secret,
    };
    founding::found(folder, &founding, &Actor::Station, clock::now()).unwrap();
}

fn main() -> ExitCode {
    let devices: u64 =
        std::env::var("LINESIDE_BENCH_DEVICES").map_or(1_000_000, |text| text.parse().expect("a number"));
    let place = tempfile::tempdir().unwrap();
    let (empty, full) = (Folder::at(place.path().join("empty")), Folder::at(place.path().join("full")));
    found(&empty);
    found(&full);
    let begun = Instant::now();
    let filled = filling::fill(&full, devices);
    let bytes = std::fs::metadata(full.database()).unwrap().len();
    println!(
        "{devices} devices, runs and certificates: {} MiB, made in {:.0?}",
        bytes >> 20,
        begun.elapsed()
    );

    let reference = {
        let serving = Serving::start(&empty, place.path(), SECRET);
        let mut client = Client::log_in(&serving.url, "admin", SECRET);
        measure(&serving, &mut client, || ("/devices".to_owned(), "No device is on record yet.".to_owned()))
    };
    let serving = Serving::start(&full, place.path(), SECRET);
    let mut client = Client::log_in(&serving.url, "admin", SECRET);
    // opening the vault and a log-in need much memory once; what the pages need is measured from here on
    serving.forget_peak();
    let mut broken = false;
    println!("{:<28}{:>12}{:>12}{:>12}{:>10}", "", "p50 ms", "p99 ms", "CPU ms", "x empty");
    let mut tell = |name: &str, measured: &Measured| {
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let ratio = measured.median.as_secs_f64() / reference.median.as_secs_f64();
        let over = if measured.high > MOST { "  over 5 ms" } else { "" };
        broken |= measured.high > MOST;
        println!(
            "{name:<28}{:>12.3}{:>12.3}{:>12.3}{ratio:>10.1}{over}",
            millis(measured.median),
            millis(measured.high),
            millis(measured.processor)
        );
    };
    tell("list, empty station", &reference);
    let dice = &mut Dice(7);
    for (name, mut ask) in kinds(&filled) {
        tell(name, &measure(&serving, &mut client, || ask(dice)));
    }
    let resident = serving.peak_resident();
    let over = if resident > MOST_RESIDENT { "  over 64 MiB" } else { "" };
    println!("peak resident memory {:.1} MiB{over}", resident as f64 / 1_048_576.0);
    if broken || resident > MOST_RESIDENT { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// How a list shows a device, unlike the search field that repeats what was asked.
fn row(n: u64) -> String {
    format!(">{}</a>", serial(n))
}

type Ask<'a> = Box<dyn FnMut(&mut Dice) -> (String, String) + 'a>;

/// The kinds of requests: an address, and the serial number the answer must show.
fn kinds(filled: &Filled) -> Vec<(&'static str, Ask<'_>)> {
    let count = filled.devices;
    let search = |key: String| format!("/devices?q={}", key.replace(':', "%3A"));
    let any = move |dice: &mut Dice| dice.below(count) + 1;
    vec![
        ("list", Box::new(move |_| ("/devices".to_owned(), row(count)))),
        (
            "list, deep page",
            Box::new(move |dice| {
                let n = any(dice).max(2);
                (format!("/devices?before={n}"), row(n - 1))
            }),
        ),
        (
            "list, quarantined",
            Box::new(|_| ("/devices?state=quarantined".to_owned(), "quarantined".to_owned())),
        ),
        (
            "list, one work order",
            Box::new(move |dice| {
                let order = filling::order(any(dice));
                (format!("/devices?order={order}"), order)
            }),
        ),
        (
            "list, both",
            Box::new(move |dice| {
                let order = filling::order(any(dice));
                (format!("/devices?state=quarantined&order={order}"), order)
            }),
        ),
        (
            "serial number's beginning",
            Box::new(move |dice| {
                let n = any(dice) / 100 * 100 + 1;
                let whole = serial(n.min(count));
                (search(whole[..whole.len() - 2].to_owned()), row(n.min(count)))
            }),
        ),
        (
            "beginning, quarantined only",
            Box::new(move |dice| {
                let whole = serial(any(dice));
                (
                    format!("/devices?q={}&state=quarantined", &whole[..whole.len() - 4]),
                    "device-search".to_owned(),
                )
            }),
        ),
        (
            "serial number",
            Box::new(move |dice| {
                let n = any(dice);
                (search(serial(n)), row(n))
            }),
        ),
        (
            "MAC address",
            Box::new(move |dice| {
                let n = any(dice);
                (search(filling::mac(n)), row(n))
            }),
        ),
        (
            "registration ID",
            Box::new(move |dice| {
                let n = any(dice);
                (search(filling::registration(n)), row(n))
            }),
        ),
        (
            "certificate serial number",
            Box::new(move |dice| {
                let n = any(dice);
                (search(filling::certificate(n).to_string()), row(n))
            }),
        ),
        (
            "SHA-1 thumbprint",
            Box::new(move |dice| {
                let n = any(dice);
                (search(filled.sha1(n)), row(n))
            }),
        ),
        (
            "SHA-256 thumbprint",
            Box::new(move |dice| {
                let n = any(dice);
                (search(filled.sha256(n)), row(n))
            }),
        ),
        (
            "nothing has it",
            Box::new(move |dice| (search(format!("{:040x}", any(dice))), "No device fits.".to_owned())),
        ),
        (
            "one device",
            Box::new(move |dice| {
                let n = any(dice);
                (format!("/devices/{n}"), serial(n))
            }),
        ),
        (
            "one run",
            Box::new(move |dice| {
                let n = any(dice);
                (format!("/runs/{n}"), serial(n))
            }),
        ),
    ]
}
