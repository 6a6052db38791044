//! Where the station is set so, a second administrator confirms.

use crate::factory::Station;

const RULE: &str = "\n[ceremony]\nsecond_administrator = true\n";

#[test]
fn the_root_is_used_only_when_another_administrator_confirms() {
    let station = Station::found();
    station.add_person("ada", "administrator");
    station.add_person("bob", "engineer");
    let code = "0123456789abcdef0123456789abcdef0123456789abcdef";
    let password = station.beside("password");
    let password = password.to_str().unwrap();
    let wrong = station.write("wrong", "another long password");
    // nothing is asked where the rule is off
    station.ok(&["ca", "prove", code, "--root"]);
    let path = station.folder().join("station.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}{RULE}")).unwrap();

    for act in [&["ca", "renew"][..], &["ca", "prove", code, "--root"]] {
        fn with<'a>(act: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
            [act, more].concat()
        }
        station.refused(1, "LS-CER-11", &with(act, &[]));
        station.refused(1, "LS-CER-11", &with(act, &["--second", "ada", "--second-password-file", password]));
        let me = ["--as", "admin", "--second-password-file"];
        let refused = |more: &[&str]| station.refused(1, "LS-CER-12", &with(act, &[&me[..], more].concat()));
        refused(&[password, "--second", "Admin"]);
        refused(&[&wrong, "--second", "ada"]);
        refused(&[password, "--second", "bob"]);
        refused(&[password, "--second", "nobody"]);
        station.ok(&with(act, &[&me[..], &[password, "--second", "ada"]].concat()));
    }
    let held = station.events("ceremony-held");
    let renewal = held.last().unwrap();
    assert_eq!((renewal["act"].as_str(), renewal["second"].as_str()), (Some("renewal"), Some("ada")));
    assert_eq!(renewal["actor"]["name"], "admin");
    let proven = station.events("possession-proven");
    assert_eq!((proven.len(), proven[1]["second"].as_str()), (2, Some("ada")));
    assert_eq!(station.events("refused").len(), 12);
    // the issuing CA's own proof needs nobody
    station.ok(&["ca", "prove", code]);
    station.ok(&["user", "disable", "ada"]);
    let ask = ["ca", "renew", "--as", "admin", "--second", "ada", "--second-password-file", password];
    station.refused(1, "LS-CER-12", &ask);
}
