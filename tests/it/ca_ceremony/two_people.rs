//! Where the station is set so, a second administrator confirms.

use crate::factory::Station;

const RULE: &str = "\n[ceremony]\nsecond_administrator = true\n";

#[test]
fn the_root_is_used_only_when_another_administrator_confirms() {
    let station = Station::found();
    station.add_person("ada", "administrator");
    station.add_person("bob", "engineer");
    station.add_person("eve", "administrator");
    station.ok(&["user", "disable", "eve"]);
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
        let me = ["--as", "admin", "--as-password-file", password, "--second-password-file"];
        let refused = |more: &[&str]| station.refused(1, "LS-CER-12", &with(act, &[&me[..], more].concat()));
        // one person is not two because they call themselves by another name
        for (first, own) in [("ghost", password), ("bob", password), ("eve", password), ("admin", &wrong)] {
            let me = ["--as", first, "--as-password-file", own];
            let more = ["--second", "ada", "--second-password-file", password];
            let told = station.refused(1, "LS-CER-12", &with(act, &[me, more].concat()));
            assert!(told.contains(&format!("{first} did not show who they are")), "{told}");
        }
        refused(&[password, "--second", "eve"]);
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
    assert_eq!(station.events("refused").len(), 22);
    // nor does anybody make themselves a second one: two administrators make a third
    let new = ["user", "add", "carl", "--role", "administrator", "--password-file", password];
    station.refused(1, "LS-CER-11", &new);
    let me = ["--as", "admin", "--as-password-file", password];
    let second = ["--second", "ada", "--second-password-file", password];
    station.ok(&[&new[..], &me, &second].concat());
    assert_eq!(station.events("person-added").last().unwrap()["second"], "ada");
    station.add_person("dora", "operator");
    // the issuing CA's own proof needs nobody
    station.ok(&["ca", "prove", code]);
    station.ok(&["user", "disable", "ada"]);
    let me = ["ca", "renew", "--as", "admin", "--as-password-file", password];
    let second = ["--second", "ada", "--second-password-file", password];
    station.refused(1, "LS-CER-12", &[&me[..], &second].concat());
}
