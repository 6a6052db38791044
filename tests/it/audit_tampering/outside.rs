//! What leaves the station for other people's verifiers: the tlog-tiles folder of `audit export` and the proofs
//! of `audit prove`, checked here with code of the test's own.

use std::fs;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use lineside::domain::audit_event::AuditEvent;
use lineside::domain::person::Actor;
use lineside::station::clock;
use lineside::store::Store;
use lineside::store::error::StoreError;

use super::merkle::{self, Hash};
use super::plant;
use crate::factory::{Station, entries};

/// The path of a tile below its level: `067`, or `067.p/5` if it holds 5 of 256.
fn tile(folder: &Path, level: &str, number: usize, count: usize) -> Vec<u8> {
    assert!(number < 1000, "the test's logs are smaller");
    let width = (count - number * 256).min(256);
    let name = if width == 256 { format!("{number:03}") } else { format!("{number:03}.p/{width}") };
    let path = folder.join("tile").join(level).join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All hashes of a level, from its tiles.
fn hashes(folder: &Path, level: usize, count: usize) -> Vec<Hash> {
    let tiles = (0..count.div_ceil(256)).map(|number| tile(folder, &level.to_string(), number, count));
    let hashes: Vec<Hash> = tiles
        .flat_map(|tile| tile.chunks(32).map(|hash| hash.try_into().unwrap()).collect::<Vec<_>>())
        .collect();
    assert_eq!(hashes.len(), count, "level {level}");
    hashes
}

/// All entries, from their bundles: each behind its length in 16 bits.
fn bundled(folder: &Path, count: usize) -> Vec<String> {
    let mut entries = Vec::new();
    for number in 0..count.div_ceil(256) {
        let bundle = tile(folder, "entries", number, count);
        let mut rest = bundle.as_slice();
        while let [high, low, after @ ..] = rest {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            entries.push(String::from_utf8(entry.to_vec()).unwrap());
            rest = after;
        }
        assert!(rest.is_empty(), "bundle {number} ends within a length");
    }
    entries
}

/// Adds entries to a station's log, as many as one transaction takes.
fn grow(station: &Station, entries: usize) {
    let store = Store::open(&station.folder().join("station.db")).unwrap();
    let grown = store.change(&Actor::Station, clock::now(), |change| {
        for _ in 0..entries {
            change.record(AuditEvent::VaultUnlocked);
        }
        Ok::<_, StoreError>(())
    });
    grown.unwrap();
}

/// Exports and checks everything there is; how many entries.
fn export_and_check(station: &Station, name: &str) -> usize {
    let vkey = fs::read_to_string(station.folder().join("ca/audit.vkey")).unwrap();
    let folder = station.beside(name);
    let said = station.json(&["audit", "export", folder.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(folder.join("vkey")).unwrap(), vkey);
    let note = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let head = merkle::open_checkpoint(&note, &vkey).unwrap();
    assert_eq!(head.origin, station.sqlite("SELECT value FROM meta WHERE key = 'origin'"));
    let size = usize::try_from(head.size).unwrap();
    assert_eq!(said["entries"], size);

    let exported = bundled(&folder, size);
    let recorded: Vec<String> =
        station.sqlite("SELECT entry FROM audit ORDER BY seq").lines().map(str::to_owned).collect();
    assert_eq!(exported, recorded[..size], "the bundles hold the entries");
    let leaves: Vec<Hash> = exported.iter().map(|entry| merkle::leaf(entry.as_bytes())).collect();
    assert_eq!(merkle::root(&leaves), head.root, "the checkpoint is over these entries");
    let mut level = leaves;
    for number in 0.. {
        assert_eq!(hashes(&folder, number, level.len()), level, "tiles of level {number}");
        // a hash of the next level covers 256 of this one; what does not fill one is in no tile above
        level = level.chunks_exact(256).map(merkle::root).collect();
        if level.is_empty() {
            assert!(!folder.join("tile").join((number + 1).to_string()).exists());
            break;
        }
    }
    size
}

#[test]
fn an_exported_log_is_verified_from_its_files_alone() {
    let station = plant();
    let small = export_and_check(&station, "small");
    assert!(small < 256, "{small}");
    grow(&station, 512 - small % 256);
    let large = export_and_check(&station, "large");
    assert!(large > 512, "{large}");

    // and the auditor's code is no yes-man
    let vkey = fs::read_to_string(station.folder().join("ca/audit.vkey")).unwrap();
    let note = fs::read_to_string(station.beside("large").join("checkpoint")).unwrap();
    let changed = note.replace(&format!("\n{large}\n"), &format!("\n{small}\n"));
    assert_eq!(merkle::open_checkpoint(&changed, &vkey).unwrap_err(), "the signature is wrong");
    let other = Station::found();
    let other = fs::read_to_string(other.folder().join("ca/audit.vkey")).unwrap();
    assert!(merkle::open_checkpoint(&note, &other).is_err());
}

#[test]
fn every_entry_about_a_device_is_proven_to_somebody_who_holds_the_verifier_key_only() {
    let station = plant();
    let vkey = fs::read_to_string(station.folder().join("ca/audit.vkey")).unwrap();
    let proofs = station.json(&["audit", "prove", "GW00002"]);
    let proofs = proofs.as_array().unwrap();
    let mut events = Vec::new();
    for shown in proofs {
        let entry = shown["entry"].as_str().unwrap();
        let text = shown["proof"].as_str().unwrap();
        let (proof, note) = text.split_once("\n\n").expect("a proof, then the checkpoint");
        let mut lines = proof.lines();
        assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
        let index: u64 = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
        assert_eq!(shown["seq"], index + 1);
        let path: Vec<Hash> =
            lines.map(|line| BASE64_STANDARD.decode(line).unwrap().try_into().unwrap()).collect();
        let head = merkle::open_checkpoint(note, &vkey).unwrap();
        let leaf = merkle::leaf(entry.as_bytes());
        assert_eq!(merkle::root_of_path(leaf, index, head.size, &path), Some(head.root));
        let other = merkle::leaf(format!("{entry} ").as_bytes());
        assert_ne!(merkle::root_of_path(other, index, head.size, &path), Some(head.root));
        assert_ne!(merkle::root_of_path(leaf, index + 1, head.size, &path), Some(head.root));
        let entry: serde_json::Value = serde_json::from_str(entry).unwrap();
        events.push(entry["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        events,
        ["issue-intended", "certificate-issued", "run-finished", "enrollment-queued"],
        "everything about the second device, nothing about the first"
    );
    station.refused(1, "LS-AUDIT-04", &["audit", "prove", "GW00009"]);
}

#[test]
fn what_no_checkpoint_covers_yet_cannot_be_proven_and_the_next_step_is_named() {
    let station = Station::found();
    let bench = crate::factory::bench::Bench::plug(&station, 1, "GW", &[]);
    station.ok(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    assert!(!entries(station.folder()).is_empty());
    let said = station.refused(1, "LS-AUDIT-05", &["audit", "prove", "GW00001"]);
    assert!(said.contains("lineside audit checkpoint"), "{said}");
    station.ok(&["audit", "checkpoint"]);
    station.ok(&["audit", "prove", "GW00001"]);
}
