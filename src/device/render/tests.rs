use super::*;
use std::fs;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn context() -> RenderContext {
    RenderContext {
        registration_id: "sn-17".parse().unwrap(),
        device_id: "sn-17".parse().unwrap(),
        serial: "SN-17".parse().unwrap(),
        mac: Some("a0:b2:c3:d4:e5:f6".parse().unwrap()),
        product: "gateway-7".parse().unwrap(),
        station: "line-3".parse().unwrap(),
        id_scope: Some("0ne00\"12\\".to_owned()),
        global_endpoint: GLOBAL_ENDPOINT.to_owned(),
        hub: None,
        key_paths: Some(Pair::one("/etc/aziot/keys/device-id.key.pem".to_owned())),
        certificate_paths: Pair::one(Some("/etc/aziot/certs/device-id.pem".to_owned())),
        device_key_path: None,
        certificates: Some(Pair::one(Certified { certificate: PEM.to_owned(), private_key_pem: None })),
        issuing_ca: Some(PEM.to_owned()),
        root_ca: None,
        device_key: None,
    }
}

fn symmetric() -> RenderContext {
    RenderContext { key_paths: None, device_key: Some(Secret::new(vec![0xfb; 32])), ..context() }
}

fn file(template: &str) -> InjectFile {
    InjectFile { path: "/etc/x".to_owned(), template: template.to_owned(), mode: 0o640 }
}

fn text(rendered: &Rendered) -> &str {
    std::str::from_utf8(rendered.content.expose()).unwrap()
}

fn error(template: &str, context: &RenderContext, set: &TemplateSet) -> RenderError {
    render(&file(template), context, set).map(|_| ()).unwrap_err()
}

#[test]
fn the_edge_configuration_is_valid_toml_for_both_credentials() {
    let set = TemplateSet::default();
    let rendered = render(&file("iotedge-1.2/config.toml"), &context(), &set).unwrap();
    assert!(!rendered.secret);
    let table: toml::Table = toml::from_str(text(&rendered)).unwrap();
    assert_eq!(table["auto_reprovisioning_mode"].as_str(), Some("Dynamic"));
    let provisioning = &table["provisioning"];
    assert_eq!(provisioning["id_scope"].as_str(), Some("0ne00\"12\\"));
    assert_eq!(provisioning["attestation"]["method"].as_str(), Some("x509"));
    let pk = provisioning["attestation"]["identity_pk"].as_str();
    assert_eq!(pk, Some("file:///etc/aziot/keys/device-id.key.pem"));

    let rendered = render(&file("iotedge-1.2/config.toml"), &symmetric(), &set).unwrap();
    assert!(rendered.secret, "the key stands in the file");
    let table: toml::Table = toml::from_str(text(&rendered)).unwrap();
    let attestation = &table["provisioning"]["attestation"];
    assert_eq!(attestation["method"].as_str(), Some("symmetric_key"));
    assert_eq!(attestation["symmetric_key"]["value"].as_str(), Some(BASE64.encode([0xfb; 32]).as_str()));

    let with_file = RenderContext { device_key_path: Some("/k".to_owned()), ..symmetric() };
    let rendered = render(&file("iotedge-1.2/config.toml"), &with_file, &set).unwrap();
    assert!(!rendered.secret, "the key lies in its own file");
}

#[test]
fn the_small_devices_file_is_valid_json_and_holds_no_secret() {
    let rendered = render(&file("dps.json"), &symmetric(), &TemplateSet::default()).unwrap();
    assert!(!rendered.secret);
    let value: serde_json::Value = serde_json::from_str(text(&rendered)).unwrap();
    assert_eq!(value["id_scope"], "0ne00\"12\\");
    assert_eq!(value["registration_id"], "sn-17");
}

#[test]
fn the_header_and_the_old_edge_file_hold_one_line_for_each_value() {
    let rendered = render(&file("c-header/identity.h"), &context(), &TemplateSet::default()).unwrap();
    assert!(text(&rendered).contains("#define LINESIDE_DPS_ID_SCOPE \"0ne00\\\"12\\\\\"\n"));
    assert!(text(&rendered).contains("MIIB\\n-----END CERTIFICATE-----\\n-----BEGIN"));
    let rendered = render(&file("iotedge-1.1/config.yaml"), &symmetric(), &TemplateSet::default()).unwrap();
    assert!(rendered.secret && text(&rendered).contains("    method: \"symmetric_key\"\n"));
}

#[test]
fn keys_come_as_text_without_line_feed_or_raw() {
    let set = TemplateSet::default();
    let rendered = render(&file("device-key"), &symmetric(), &set).unwrap();
    assert!(rendered.secret);
    assert_eq!(text(&rendered), BASE64.encode([0xfb; 32]));
    let rendered = render(&file("device-key.raw"), &symmetric(), &set).unwrap();
    assert!(rendered.secret);
    assert_eq!(rendered.content.expose(), [0xfb; 32]);
    let rendered = render(&file("chain"), &context(), &set).unwrap();
    assert_eq!(text(&rendered), PEM.repeat(2));
    assert!(matches!(error("private-key", &context(), &set), RenderError::NotThere { .. }));
}

#[test]
fn the_secondary_certificate_has_files_and_values_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let text_of = "{{ key_path }} {{ secondary_key_path }} {{ secondary_certificate_path }}";
    fs::write(folder.path().join("two.txt"), text_of).unwrap();
    fs::write(folder.path().join("secret.txt"), "{{ secondary_private_key }}").unwrap();
    let set = TemplateSet::new(Some(folder.path().to_owned()));
    let certified = |n: u8| Certified {
        certificate: PEM.replace("MIIB", &format!("MII{n}")),
        private_key_pem: Some(Secret::from(format!("key {n}"))),
    };
    let two = RenderContext {
        key_paths: Some(Pair { primary: "/k1".to_owned(), secondary: Some("/k2".to_owned()) }),
        certificate_paths: Pair { primary: None, secondary: Some(Some("/c2".to_owned())) },
        certificates: Some(Pair { primary: certified(1), secondary: Some(certified(2)) }),
        ..context()
    };
    for (name, wanted, secret) in [
        ("two.txt", "/k1 /k2 /c2".to_owned(), false),
        ("secondary-certificate", PEM.replace("MIIB", "MII2"), false),
        ("secondary-chain", format!("{}{PEM}", PEM.replace("MIIB", "MII2")), false),
        ("chain", format!("{}{PEM}", PEM.replace("MIIB", "MII1")), false),
        ("secondary-private-key", "key 2".to_owned(), true),
        ("secret.txt", "key 2".to_owned(), true),
    ] {
        assert!(set.has(name), "{name}");
        let rendered = render(&file(name), &two, &set).unwrap();
        assert_eq!((text(&rendered), rendered.secret), (wanted.as_str(), secret), "{name}");
    }
    for name in ["secondary-certificate", "secondary-chain", "secondary-private-key"] {
        assert!(matches!(error(name, &context(), &set), RenderError::NotThere { .. }), "{name}");
    }
    assert!(matches!(error("secondary-device-key", &two, &set), RenderError::Unknown { .. }));
}

#[test]
fn the_stations_folder_comes_first_and_cannot_be_left() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    fs::write(folder.path().join("secret.txt"), "outside").unwrap();
    fs::write(folder.path().join("templates/dps.json"), "\"{{ serial }}\"").unwrap();
    let set = TemplateSet::new(Some(folder.path().join("templates")));
    assert_eq!(text(&render(&file("dps.json"), &context(), &set).unwrap()), "\"SN-17\"");
    assert!(set.has("c-header/identity.h") && set.has("chain") && !set.has("nothing.txt"));
    let outside = folder.path().join("secret.txt");
    for escape in ["../secret.txt", "./../secret.txt", outside.to_str().unwrap()] {
        assert!(matches!(error(escape, &context(), &set), RenderError::Unknown { .. }), "{escape}");
    }
}

#[test]
fn a_value_that_is_missing_and_work_without_end_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "one\n{{ hub }}").unwrap();
    fs::write(folder.path().join("b.txt"), "{% for i in range(100000) %}{{ i }}{% endfor %}").unwrap();
    fs::write(folder.path().join("c.txt"), "{{ device_key|int }}").unwrap();
    fs::write(folder.path().join("d.txt"), "{{ 'x' * 300000 }}").unwrap();
    let set = TemplateSet::new(Some(folder.path().to_owned()));
    assert!(matches!(error("a.txt", &context(), &set), RenderError::Failed { line: 2, .. }));
    assert!(matches!(error("b.txt", &context(), &set), RenderError::Failed { .. }));
    assert!(matches!(error("d.txt", &context(), &set), RenderError::TooLarge { size: 300_000, .. }));
    let RenderError::Failed { why, .. } = error("c.txt", &symmetric(), &set) else { panic!("not failed") };
    assert!(!why.contains(&BASE64.encode([0xfb; 32])[..8]), "{why}");
}
