//! Templates that cannot be filled for one row, or for none: what they cost.

use std::fs;
use std::path::Path;

use super::lot::Lot;
use super::opened;
use crate::factory::process;

fn options(lot: &Lot, folders: &Path) -> Vec<String> {
    [lot.sealed(), vec!["--folders".to_owned(), folders.to_str().unwrap().to_owned()]].concat()
}

/// Puts a template of the station's before the built-in one.
fn set_template(lot: &Lot, text: &str) {
    let folder = lot.station.folder().join("templates");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("dps.json"), text).unwrap();
}

fn devices(folders: &Path) -> usize {
    fs::read_dir(folders).unwrap().count()
}

#[test]
fn a_row_whose_files_cannot_be_made_is_refused_and_the_others_go_on() {
    let lot = Lot::of(5, |_| String::new());
    set_template(&lot, "{% if serial == \"L000002\" %}{{ nowhere }}{% endif %}{\"id\": \"{{ serial }}\"}\n");
    let root = lot.station.beside("devices");
    let ended = lot.issue(&options(&lot, &root));
    assert_eq!(ended.exit, 1, "{ended:?}");
    let (_, rows) = opened::output(&lot.output);
    let serials: Vec<&str> = rows.iter().map(|row| row.cell("serial")).collect();
    assert_eq!(serials, ["L000000", "L000001", "L000003", "L000004"]);
    assert_eq!(devices(&root), 4);
    assert_eq!(lot.station.sqlite("SELECT state, count(*) FROM batch_chunk GROUP BY 1"), "issued|1");
    let refused = lot.station.beside("out.refused.csv");
    let text = fs::read_to_string(&refused).unwrap();
    let row = text.lines().nth(1).unwrap();
    assert!(row.starts_with("02,L000002,") && row.contains(",refused,LS-LINE-09"), "{text}");
    assert!(row.contains("a value is used that this device does not have"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");

    // with the template mended, what was refused is the input of another batch
    set_template(&lot, "{\"id\": \"{{ serial }}\"}\n");
    let mut again = lot.station.command(&["batch", "issue", "--product", "lot-7"]);
    let (more, output) = (lot.station.beside("more"), lot.station.beside("more.csv"));
    again.arg(&refused).arg(&output).args(options(&lot, &more));
    let ended = process::run(again);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(fs::read_to_string(more.join("ln-l000002/dps.json")).unwrap(), "{\"id\": \"L000002\"}\n");
}

#[test]
fn rows_without_a_mac_address_are_refused_by_themselves_even_if_none_has_one() {
    let lot = Lot::of(2, |_| String::new());
    set_template(&lot, "{\"mac\": \"{{ mac }}\"}\n");
    fs::write(&lot.input, "serial,mac\nL000000,\nL000001,\n").unwrap();
    let ended = lot.issue(&options(&lot, &lot.station.beside("devices")));
    assert_eq!(ended.exit, 1, "{ended:?}");
    assert_eq!(lot.station.sqlite("SELECT state, refused FROM batch"), "done|2");
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM certificate"), "0");
}

#[test]
fn a_template_that_fails_for_every_row_stops_the_batch_and_mended_lets_it_go_on() {
    let lot = Lot::of(3, |_| String::new());
    set_template(&lot, "{{ nowhere }}\n");
    let root = lot.station.beside("devices");
    let ended = lot.issue(&options(&lot, &root));
    assert_ne!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains("template “dps.json”, line 1"), "{ended:?}");
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM batch_chunk"), "0");
    assert!(!lot.station.beside("out.refused.csv").exists());
    set_template(&lot, "{\"id\": \"{{ serial }}\"}\n");
    let ended = lot.issue(&options(&lot, &root));
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains("resumed"), "{ended:?}");
    assert_eq!(devices(&root), 3);
}
