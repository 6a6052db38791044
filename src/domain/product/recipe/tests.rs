use super::*;

const GOOD: &str = r#"
name = "gateway-7"
[identify]
driver = "linux-shell"
serial = "cat /sys/class/dmi/id/product_serial"
mac = "cat /sys/class/net/eth0/address"
user = "root"
password = "vault:gateway-root"
[identity]
registration_id = "sn-{serial}-mac-{mac}"
[credential]
kind = "x509"
key = "on-device"
profile = "device-p256"
[[inject]]
path = "/etc/aziot/config.toml"
template = "iotedge-1.2/config.toml"
[prove]
method = "sign-nonce"
[enroll]
service = "dps"
kind = "individual"
iot_edge = true
allocation = "static"
hubs = ["plant-hub.azure-devices.net"]
[enroll.twin.tags]
environment = "test"
"#;

fn faults(text: &str) -> Vec<String> {
    Product::parse(text).map(|_| ()).unwrap_err().faults
}

#[test]
fn a_good_recipe_is_taken_whole() {
    let product = Product::parse(GOOD).unwrap();
    assert_eq!(product.name.as_str(), "gateway-7");
    assert_eq!(
        (product.identify.start, product.identify.label.to_string()),
        (Start::Plug, "{serial}".to_owned())
    );
    assert_eq!(product.inject[0].mode, 0o640);
    assert_eq!(product.enroll.tags["environment"], "test");
    let mac = "a0:b2:c3:d4:e5:f6".parse().unwrap();
    let identity = product.identity(&"SN-17".parse().unwrap(), Some(&mac)).unwrap();
    assert_eq!(identity.registration_id.as_str(), "sn-sn-17-mac-a0-b2-c3-d4-e5-f6");
    assert_eq!(identity.device_id.as_str(), identity.registration_id.as_str());
}

#[test]
fn an_id_too_long_for_a_certificate_is_refused_for_x509() {
    let product = Product::parse(GOOD).unwrap();
    let mac = "a0:b2:c3:d4:e5:f6".parse().unwrap();
    let long: SerialNumber = "S".repeat(60).parse().unwrap();
    assert_eq!(product.identity(&long, Some(&mac)).unwrap_err().code(), Code::RegistrationIdInvalid);
}

#[test]
fn all_faults_are_named_at_once() {
    let text = GOOD
        .replace("linux-shell", "telnet")
        .replace("sign-nonce", "trust-me")
        .replace("vault:gateway-root", "hunter2")
        .replace("environment", "version");
    let found = faults(&text);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().any(|f| f == "[identify] driver: “telnet” is not one of lineside, linux-shell"));
}

#[test]
fn a_path_that_a_shell_would_read_is_refused() {
    for path in ["/etc/$(reboot)", "etc/x", "/etc/../x", "/etc/a b", "/etc/`id`", "/etc/"] {
        let found = faults(&GOOD.replace("/etc/aziot/config.toml", path));
        assert_eq!(found.len(), 1, "{path}: {found:?}");
    }
}

#[test]
fn an_unknown_word_in_the_file_is_an_error_with_its_line() {
    let found = faults(&GOOD.replace("iot_edge", "iot_egde"));
    assert!(found[0].contains("iot_egde"), "{found:?}");
}

#[test]
fn credential_and_proof_belong_together() {
    let found = faults(&GOOD.replace("sign-nonce", "hmac-nonce"));
    assert_eq!(found, ["[prove] method: hmac-nonce needs a symmetric key; use sign-nonce"]);
}

#[test]
fn two_certificates_need_two_keys_and_the_files_for_both() {
    let with = |lines: &str, files: &str| {
        let text = GOOD.replace("kind = \"x509\"", &format!("kind = \"x509\"\n{lines}"));
        let files: String = files
            .split_whitespace()
            .map(|template| format!("[[inject]]\npath = \"/etc/{template}\"\ntemplate = \"{template}\"\n"))
            .collect();
        text.replace("[prove]", &format!("{files}[prove]"))
    };
    let product = Product::parse(&with("copies = 2", "secondary-chain")).unwrap();
    let Credential::X509 { key_paths, .. } = &product.credential else { panic!("a certificate") };
    assert_eq!(key_paths.secondary.as_deref(), Some("/etc/aziot/keys/device-id-secondary.key.pem"));
    for (lines, files, expected) in [
        ("copies = 3", "", "[credential] copies: 1, or 2"),
        ("copies = 2", "", "writes secondary-certificate or secondary-chain"),
        ("copies = 2", "secondary-chain", "writes secondary-private-key"),
        (
            "copies = 2\nsecondary_key_path = \"/etc/$x\"",
            "secondary-chain",
            "secondary_key_path: an absolute path",
        ),
        (
            "copies = 2\nsecondary_key_path = \"/etc/aziot/keys/device-id.key.pem\"",
            "secondary-chain",
            "a place of its own",
        ),
        ("secondary_key_path = \"/etc/k\"", "", "secondary_key_path: needs copies = 2"),
        ("copies = 1", "secondary-certificate", "“secondary-certificate” needs [credential] copies = 2"),
    ] {
        let by_station = expected.contains("private-key");
        let text = with(lines, files);
        let found = faults(&if by_station { text.replace("on-device", "station") } else { text });
        assert!(found.iter().any(|fault| fault.contains(expected)), "{lines}: {found:?}");
    }
    let group = GOOD.replace("kind = \"x509\"", "kind = \"group-key\"\ngroup = \"g\"\ncopies = 2");
    assert!(faults(&group).iter().any(|fault| fault.starts_with("[credential] copies: belongs to")));
}

#[test]
fn a_label_names_its_template_and_its_printer() {
    let with = |label: &str| format!("{GOOD}\n[label]\n{label}\n");
    let product = Product::parse(&with("template = \"device-qr.zpl\"\nprinter = \"labels\"")).unwrap();
    let label = product.label.unwrap();
    assert_eq!(
        (label.template.as_str(), label.copies, label.printer.as_str()),
        ("device-qr.zpl", 1, "labels")
    );
    let found = faults(&with("template = \"../x.txt\"\nprinter = \"a b\"\ncopies = 11"));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(Product::parse(GOOD).unwrap().label.is_none());
}
