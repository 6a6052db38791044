//! What `station.toml` may say, and how its faults are named.

use super::*;

fn parse(text: &str) -> Result<Settings, BadSettings> {
    Settings::parse(text, Path::new("/station"))
}

#[test]
fn the_generated_file_is_valid() {
    let settings = parse(&generated(&"line-1".parse().unwrap())).unwrap();
    assert_eq!(settings.name.as_str(), "line-1");
    assert!(settings.slots.is_empty() && !settings.pages.operator_required);
    assert!(settings.listen.ip().is_loopback());
}

#[test]
fn a_slot_is_bound_to_a_path() {
    let text = "name = \"l\"\n[[slot]]\nname = \"a\"\nport = \"ports/a\"\npresence = \"probe\"";
    let settings = parse(text).unwrap();
    assert_eq!(settings.slots[0].port, Path::new("/station/ports/a"));
    assert_eq!(settings.slots[0].presence, Presence::Probe);
}

#[test]
fn faults_are_named() {
    for (text, fault) in [
        ("name = \"l\"\nlisten = \"0.0.0.0:80\"", "every address"),
        ("name = \"l\"\nlitsen = 1", "litsen"),
        ("name = \"l\"\nhosts = [\"a b\"]", "neither a host name"),
        ("name = \"l\"\n[log_in]\nidle_minutes = 0", "1 to 720"),
        ("name = \"l\"\n[tls]\nkey = \"k.pem\"", "belong together"),
        ("name = \"\"", "1 to 64 characters"),
        ("name = \"l\"\n[hooks]\non_start = []", "a program"),
        ("name = \"l\"\n[hooks]\non_start = \"http://mes.example/\"", "neither https"),
        (
            "name = \"l\"\n[[webhook]]\nname = \"a\"\nurl = \"https://m.example\"\nevents = [\"x\"]",
            "no event “x”",
        ),
        ("name = \"l\"\n[[webhook]]\nname = \"a\"\nurl = \"https://m.example\"\nevents = []", "at least one"),
        (
            "name = \"l\"\n[issuing_key]\npkcs11 = \"pkcs11:token=a;object=b?module-path=/x&pin-value=1\"",
            "belongs in the vault",
        ),
        ("name = \"l\"\n[issuing_key]\npkcs11 = \"pkcs11:token=a;object=b\"", "module-path is missing"),
        ("name = \"l\"\nzone = \"Here\"", "time zone"),
        ("name = \"l\"\nlanguage = \"fr\"", "fr"),
        ("name = \"l\"\n[[shift]]\nname = \"a\"\nbegins = \"6\"", "time of day"),
        ("name = \"l\"\n[azure]\nid_scope = \"0ne/x\"", "not an ID scope"),
        ("name = \"l\"\n[azure]\nglobal_endpoint = \"http://x\"", "https://"),
        (
            "name = \"l\"\n[[slot]]\nname = \"a\"\nport = \"x\"\n[[slot]]\nname = \"a\"\nport = \"y\"",
            "stands twice",
        ),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
    }
}
