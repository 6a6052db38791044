use super::*;
use crate::domain::audit_event::AuditEvent;
use crate::domain::person::Actor;
use crate::station::testing::{Bench, now};

fn with_outside(bench: &mut Bench, root: &Path) {
    bench.settings.checkpoint_copies = Some(root.to_owned());
}

fn signed(bench: &Bench) -> Result<Checkpoint, CheckpointFailed> {
    sign(&bench.folder, &bench.settings, &bench.store, &bench.unlock().unwrap(), now())
}

fn unread(bench: &Bench) -> Option<CopiesUnread> {
    check_newest(&bench.folder, &bench.settings, &bench.store).unwrap()
}

fn outside(bench: &Bench, root: &Path) -> PathBuf {
    of_log(root, &bench.store.read(meta::origin).unwrap())
}

#[test]
fn two_stations_copy_to_one_folder() {
    let root = tempfile::tempdir().unwrap();
    let mut benches = [Bench::new(), Bench::new()];
    for bench in &mut benches {
        with_outside(bench, root.path());
        assert!(unread(bench).is_none());
        signed(bench).unwrap();
    }
    for bench in &benches {
        // both have the same number of entries, hence the same name
        let note = std::fs::read_to_string(newest(&outside(bench, root.path())).unwrap().unwrap()).unwrap();
        assert_eq!(note, bench.store.read(checkpoint::latest).unwrap().unwrap().2);
        assert!(unread(bench).is_none());
    }
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 2);
}

#[test]
fn a_copy_that_failed_is_made_up_for_without_a_new_entry() {
    let mut bench = Bench::new();
    let root = bench.place.path().join("mount");
    with_outside(&mut bench, &root);
    assert!(unread(&bench).is_some_and(|unread| unread.to_string().contains("mount")));
    let failed = signed(&bench).unwrap_err();
    assert!(matches!(failed, CheckpointFailed::Copy { .. }), "{failed}");
    assert!(!root.exists(), "a missing mount is not made");
    let (size, _, note) = bench.store.read(checkpoint::latest).unwrap().unwrap();
    assert!(bench.folder.checkpoints().join(format!("{size:012}.txt")).is_file(), "it lies here");

    std::fs::create_dir(&root).unwrap();
    copy(&bench.folder, &bench.settings, &bench.store).unwrap();
    let path = outside(&bench, &root).join(format!("{size:012}.txt"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), note);
    assert!(unread(&bench).is_none());
}

#[test]
fn a_copy_outside_stops_a_log_that_is_not_the_one_it_vouches_for_and_one_unread_does_not() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = Bench::new();
    with_outside(&mut bench, root.path());
    let size = signed(&bench).unwrap().size;
    bench
        .store
        .change(&Actor::Station, now(), |change| {
            change.record(AuditEvent::VaultUnlocked);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let path = outside(&bench, root.path()).join(format!("{size:012}.txt"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(unread(&bench).is_some(), "it is no file");
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "not a checkpoint").unwrap();
    let stopped = check_newest(&bench.folder, &bench.settings, &bench.store).map(|_| ()).unwrap_err();
    assert_eq!(stopped.code(), Code::CheckpointInvalid, "{stopped}");
}

#[test]
fn the_folder_of_a_log_stays_below_the_root() {
    for (origin, name) in
        [("lineside.local/line-1-00ff", "lineside.local_line-1-00ff"), ("../up", "_.._up"), ("ä", "_")]
    {
        assert_eq!(of_log(Path::new("/r"), origin), Path::new("/r").join(name));
    }
}
