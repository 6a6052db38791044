//! Tables that no memory should hold: a line of 100 MB is refused, in a sentence, and costs no more memory than a table of
//! one row.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::factory::{Station, process};

const KEYS: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn with_group() -> Station {
    let station = Station::found();
    let primary = station.write("primary", KEYS);
    station.ok(&["key", "add", "plant", "--primary-file", &primary]);
    station
}

/// Runs `batch derive` under a witness of another language; how it ended, what it said and the most memory it held, in
/// bytes (getrusage(2), RUSAGE_CHILDREN).
fn witnessed(station: &Station, input: &Path) -> (i64, String, u64) {
    let output = station.beside("out.csv");
    let words = ["batch", "derive", "--group", "plant", input.to_str().unwrap(), output.to_str().unwrap()];
    let command = station.command(&words);
    let script = "import json, resource, subprocess, sys\n\
        ended = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n\
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024\n\
        print(json.dumps({'exit': ended.returncode, 'err': ended.stderr, 'peak': peak}))";
    let mut witness = Command::new("python3");
    witness.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    let ended = process::run(witness);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(!output.exists() || ended.out.contains("\"exit\": 0"), "what failed left an output");
    let seen: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    (seen["exit"].as_i64().unwrap(), seen["err"].as_str().unwrap().to_owned(), seen["peak"].as_u64().unwrap())
}

#[test]
fn a_line_of_100_mb_is_refused_without_being_held() {
    let station = with_group();
    let small = station.write("small.csv", "registration_id,note\nsn-1,x\n");
    let (exit, err, usual) = witnessed(&station, Path::new(&small));
    assert_eq!(exit, 0, "{err}");

    let long = station.beside("long.csv");
    for (start, sentence) in [
        ("registration_id,note\nsn-1,", "the row that begins in line 2 has more than 1048576 bytes"),
        (
            "registration_id,note\nsn-1,x\nsn-2,\"",
            "the quote that opens in line 3 is not closed within 1048576 bytes",
        ),
        ("", "the row that begins in line 1 has more than 1048576 bytes"),
    ] {
        let mut file = File::create(&long).unwrap();
        file.write_all(start.as_bytes()).unwrap();
        let piece = vec![b'x'; 1_000_000];
        (0..100).for_each(|_| file.write_all(&piece).unwrap());
        std::fs::remove_file(station.beside("out.csv")).ok();
        let (exit, err, peak) = witnessed(&station, &long);
        assert_eq!(exit, 1, "{err}");
        assert!(err.contains(sentence) && err.trim_end().ends_with("[LS-CSV-09]"), "{err}");
        let more = peak.saturating_sub(usual);
        assert!(more < 16 << 20, "{more} bytes more than for a row");
    }
}
