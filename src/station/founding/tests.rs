use super::*;
use crate::station::testing;

fn names(place: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(place).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn whole() -> Vec<String> {
    let mut names: Vec<String> = PARTS.into_iter().chain([".lock", LAST]).map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn an_empty_folder_becomes_a_station_without_a_file_beside_it() {
    let place = tempfile::tempdir().unwrap();
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::create_dir(empty.join("lost+found")).unwrap();
    // like `.`, it has no last part beside which another name could be put
    let folder = Folder::at(empty.join("lost+found/.."));
    testing::found(&folder).unwrap();
    folder.must_exist().unwrap();
    std::fs::remove_dir(empty.join("lost+found")).unwrap();
    assert_eq!(names(&empty), whole(), "the list of parts is complete");
    assert_eq!(names(place.path()), ["empty"]);
    assert_eq!(std::fs::metadata(&empty).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_founding_that_was_cut_off_while_moving_is_no_station_and_in_nobodys_way() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(place.path());
    testing::found(&folder).unwrap();
    let building = place.path().join(BUILDING);
    std::fs::create_dir(&building).unwrap();
    for part in [LAST, "vault.age", "products"] {
        std::fs::rename(place.path().join(part), building.join(part)).unwrap();
    }
    let old = folder.read(&folder.ca("root.pem")).unwrap();
    assert!(folder.must_exist().is_err());
    testing::found(&folder).unwrap();
    assert_eq!(names(place.path()), whole());
    assert_ne!(folder.read(&folder.ca("root.pem")).unwrap(), old);
    assert!(testing::found(&folder).is_err(), "a whole station is never overwritten");
}

#[test]
fn a_failure_while_moving_takes_everything_back() {
    let place = tempfile::tempdir().unwrap();
    let building = place.path().join(BUILDING);
    std::fs::create_dir_all(building.join("vault.age")).unwrap();
    std::fs::write(building.join(LAST), "").unwrap();
    std::fs::write(place.path().join("vault.age"), "").unwrap();
    assert!(move_up(place.path(), &building).is_err(), "a folder cannot take the place of a file");
    clear(place.path(), &building).unwrap();
    assert!(names(place.path()).is_empty());
}
