//! Outputs that would lie on each other, and a list of serial numbers that would take a stranger's place.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::lot::Lot;
use super::opened;
use crate::factory::process::{self, Ended};

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_batch_whose_places_are_one_is_refused_by_name_before_anything_happens() {
    let lot = Lot::of(2, |_| String::new());
    let here = lot.output.parent().unwrap();
    symlink(here, here.join("link")).unwrap();
    let out = "OUT would be the same";
    for (option, path, told) in [
        ("--tar", "out.csv", out),
        ("--tar", "./out.csv", out),
        ("--tar", "link/out.csv", out),
        ("--tar", "new/../out.csv", out),
        ("--tar", "link/out.refused.csv", "the table of refused rows would be the same"),
        ("--tar", "in.csv", "IN would be the same"),
        ("--tar", "out.csv.keys", "the folder of keys would be the same"),
        ("--tar", "out.csv.keys/0001.age", "--tar would lie in the folder of keys"),
        ("--folders", "link/out.csv.keys", "the folder of keys would be the same"),
        ("--folders", "out.csv.keys/devices", "--folders would lie in the folder of keys"),
        ("--folders", "out.csv", out),
        ("--folders", ".", "would lie in --folders"),
        ("--folders", "out.refused.csv/x", "--folders would lie in the table of refused rows"),
    ] {
        let ended = lot.issue(&[lot.sealed(), vec![option.to_owned(), text(&here.join(path))]].concat());
        ended.is_refused(2, "LS-CSV-05");
        assert!(ended.err.contains(told), "{option} {path}: {ended:?}");
    }
    let both = ["--folders", "devices", "--tar", "devices/all.tar"].map(str::to_owned);
    let mut command = lot.command(&[&lot.sealed()[..], &both].concat());
    command.current_dir(here);
    let ended = process::run(command);
    ended.is_refused(2, "LS-CSV-05");
    assert!(ended.err.contains("--tar would lie in --folders: devices/all.tar"), "{ended:?}");

    assert_eq!(lot.station.sqlite("SELECT count(*) FROM batch"), "0");
    for name in ["out.csv", "out.csv.keys", "out.refused.csv", "devices", "new"] {
        assert!(!here.join(name).exists(), "{name}");
    }
}

/// A work order with a list, and its batch without IN.
struct Listed(Lot);

impl Listed {
    fn of(size: usize) -> Listed {
        let lot = Lot::of(size, |_| String::new());
        let list = lot.station.write("list", &lot.serials.join("\n"));
        let quantity = size.to_string();
        let add = ["work-order", "add", "lot-1", "--product", "lot-7", "--quantity", &quantity];
        lot.station.ok(&[&add[..], &["--serials", &list]].concat());
        lot.station.ok(&["work-order", "activate", "lot-1"]);
        Listed(lot)
    }

    fn issue(&self) -> Ended {
        let mut command =
            self.0.station.command(&["batch", "issue", "--product", "lot-7", "--work-order", "lot-1"]);
        command.arg(&self.0.output).args(self.0.sealed());
        process::run(command)
    }
}

#[test]
fn a_strangers_table_is_not_replaced_by_the_list_of_a_work_order() {
    let listed = Listed::of(2);
    let place = listed.0.station.beside("out.serials.csv");
    fs::write(&place, "serial,mine\nX1,keep\n").unwrap();
    let ended = listed.issue();
    ended.is_refused(2, "LS-CSV-05");
    assert!(ended.err.contains("out.serials.csv is there already"), "{ended:?}");
    assert_eq!(fs::read_to_string(&place).unwrap(), "serial,mine\nX1,keep\n");
    fs::remove_file(&place).unwrap();
    symlink("elsewhere", &place).unwrap();
    listed.issue().is_refused(2, "LS-CSV-05");
    assert!(place.is_symlink());
    fs::remove_file(&place).unwrap();
    assert_eq!(listed.issue().exit, 0);
    let (_, rows) = opened::output(&listed.0.output);
    assert_eq!(rows.len(), 2);
}

#[test]
fn the_stations_own_list_is_found_again_and_an_ended_batchs_one_is_replaced() {
    let listed = Listed::of(2);
    let place = listed.0.station.beside("out.serials.csv");
    // written by an attempt that was cut off before its batch began
    fs::write(&place, "serial\nL000000\nL000001\n").unwrap();
    assert_eq!(listed.issue().exit, 0);
    assert_eq!(listed.0.station.sqlite("SELECT state FROM batch"), "done");

    // the list has grown since, and the output was carried away
    for name in ["out.csv", "out.csv.keys"] {
        fs::rename(listed.0.station.beside(name), listed.0.station.beside(&format!("old-{name}"))).unwrap();
    }
    listed.0.station.sqlite("DELETE FROM work_order_serial WHERE serial_folded = 'l000000'");
    listed.issue();
    assert_eq!(fs::read_to_string(&place).unwrap(), "serial\nL000001\n");
}
