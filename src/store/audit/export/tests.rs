//! Judged by a reading of the specifications that shares no code with the export: names from C2SP
//! `tlog-tiles`, hashes from RFC 6962 §2.1.

use super::super::checkpoint::CheckpointKey;
use super::*;
use crate::domain::audit_event::AuditEvent;
use crate::store::testing::{Bench, ORIGIN, actor, at};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

fn root(hashes: &[[u8; 32]]) -> [u8; 32] {
    match hashes {
        [one] => *one,
        _ => {
            let split = hashes.len().next_power_of_two() / 2;
            let (left, right) = hashes.split_at(split);
            let pair = Sha256::new().chain_update([1]).chain_update(root(left)).chain_update(root(right));
            pair.finalize().into()
        }
    }
}

fn read_hashes(path: &Path) -> Vec<[u8; 32]> {
    let bytes = fs::read(path).unwrap();
    assert_eq!(bytes.len() % 32, 0);
    bytes.chunks(32).map(|hash| hash.try_into().unwrap()).collect()
}

#[test]
fn an_exported_log_is_proven_from_its_files_alone() {
    let bench = Bench::new();
    let (skey, vkey) = CheckpointKey::generate(ORIGIN, [3; 32]).unwrap();
    let key = CheckpointKey::load(&skey).unwrap();
    bench
        .store
        .change::<_, StoreError>(&actor(), at(1), |change| {
            for entries in 0..599 {
                change.record(AuditEvent::LogExported { entries, folder: "é\"x".into() });
            }
            Ok(())
        })
        .unwrap();
    let folder = bench.folder().join("exports").join("log");
    let mut done = 0;
    let none = bench.store.read(|reader| export(reader, &folder, &vkey, &mut |_, _| {}));
    assert!(matches!(none, Err(ExportError::NoCheckpoint)));
    checkpoint::sign(&bench.store, &key, at(2)).unwrap();
    let exported =
        bench.store.read(|reader| export(reader, &folder, &vkey, &mut |now, _| done = now)).unwrap();
    // 3 bundles, 3 tiles of leaves, 1 above them, checkpoint and vkey
    assert_eq!((exported, done), (Exported { entries: 600, files: 9 }, 600));

    let note = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!((lines[0], lines[1], lines[3]), (ORIGIN, "600", ""));
    assert!(lines[4].starts_with(&format!("— {ORIGIN} ")));
    assert_eq!(fs::read_to_string(folder.join("vkey")).unwrap().trim(), vkey);

    let mut leaves = Vec::new();
    for bundle in ["000", "001", "002.p/88"] {
        let bytes = fs::read(folder.join("tile/entries").join(bundle)).unwrap();
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            leaves.push(Sha256::new().chain_update([0]).chain_update(entry).finalize().into());
            rest = after;
        }
    }
    assert_eq!(leaves.len(), 600);
    let mut stored = Vec::new();
    for tile in ["000", "001", "002.p/88"] {
        stored.extend(read_hashes(&folder.join("tile/0").join(tile)));
    }
    assert_eq!(stored, leaves);
    let above = read_hashes(&folder.join("tile/1/000.p/2"));
    assert_eq!(above, [root(&leaves[..256]), root(&leaves[256..512])]);
    assert_eq!(lines[2], BASE64_STANDARD.encode(root(&leaves)));
}

#[test]
fn tiles_are_named_as_the_specification_has_it() {
    assert_eq!(path("entries", 1_234_067, 256), "tile/entries/x001/x234/067");
    assert_eq!(path("0", 7, 3), "tile/0/007.p/3");
    assert_eq!(tiles(512).collect::<Vec<_>>(), [(0, 256), (1, 256)]);
    assert_eq!(tiles(513).last(), Some((2, 1)));
}

#[test]
fn a_log_that_was_changed_under_its_checkpoint_is_not_exported() {
    let bench = Bench::new();
    let (skey, vkey) = CheckpointKey::generate(ORIGIN, [3; 32]).unwrap();
    checkpoint::sign(&bench.store, &CheckpointKey::load(&skey).unwrap(), at(2)).unwrap();
    bench.attack("UPDATE audit_hash SET hash = zeroblob(32)");
    let folder = bench.folder().join("log");
    let refused = bench.store.read(|reader| export(reader, &folder, &vkey, &mut |_, _| {}));
    assert!(matches!(refused, Err(ExportError::CheckpointWrong)));
    assert!(!folder.exists());
}
