//! The forms of others, each read by its owner's published tool or models where there are such (`tests/judges`).

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::*;

/// Exports in this form; the files that were written.
fn export(station: &Station, name: &str, format: &str, words: &[&str]) -> Vec<PathBuf> {
    let out = station.beside(name);
    let words = [&["batch", "export", out.to_str().unwrap(), "--format", format], words].concat();
    let done = station.json(&words);
    assert_eq!((&done["good"], &done["refused"]), (&2.into(), &0.into()), "{done}");
    let files = done["files"].as_array().unwrap();
    files.iter().map(|file| PathBuf::from(file.as_str().unwrap())).collect()
}

/// What the judge of this form finds in the files.
fn judged(format: &str, files: &[PathBuf]) -> Vec<Value> {
    files.iter().for_each(|file| is_private(file));
    let found = judge("exports.py", &json!({ "format": format, "files": files }).to_string());
    found.as_array().expect("a list").clone()
}

/// Registration IDs and certificate serial numbers of the devices that passed.
fn passed(station: &Station) -> Vec<(String, String)> {
    let rows = station.sqlite(
        "SELECT d.registration_id || ' ' || c.serial FROM device d JOIN certificate c ON c.device = d.id
         WHERE d.state = 'provisioned' ORDER BY d.id",
    );
    rows.lines().map(|row| row.split_once(' ').unwrap()).map(|(id, cert)| (id.into(), cert.into())).collect()
}

/// The judge found these devices with their certificates, and no others.
fn are_those_that_passed(station: &Station, found: &[Value]) {
    let found: Vec<(String, String)> = found
        .iter()
        .map(|device| {
            let text = |name: &str| device[name].as_str().expect("a text").to_owned();
            (text("id"), text("certificate"))
        })
        .collect();
    assert_eq!(found, passed(station));
    assert_eq!(found.len(), 2);
}

#[test]
fn azures_own_models_read_enrollments_and_hub_devices() {
    let station = three_devices();
    let folder = export(&station, "dps", "azure-dps", &[]);
    let files: Vec<PathBuf> = fs::read_dir(&folder[0]).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    let found = judged("azure-dps", &files);
    are_those_that_passed(&station, &found);
    assert!(found.iter().all(|device| device["status"] == "enabled" && device["device"] == device["id"]));

    let found = judged("azure-hub", &export(&station, "devices.txt", "azure-hub", &[]));
    let thumbprints: Vec<String> =
        found.iter().map(|device| device["thumbprint"].as_str().unwrap().to_owned()).collect();
    let expected = station.sqlite("SELECT sha256 FROM certificate WHERE state = 'issued' ORDER BY device");
    assert_eq!(thumbprints, expected.lines().collect::<Vec<_>>());
}

#[test]
fn makers_tools_read_their_tables() {
    let station = three_devices();
    let onboard = export(&station, "onboard.csv", "nrf-cloud", &["--tag-column", "product,verdict"]);
    let found = judged("nrf-cloud", &onboard);
    are_those_that_passed(&station, &found);
    assert!(found.iter().all(|device| device["tags"] == "demo-gateway|PASS"), "{found:?}");
    assert!(found.iter().all(|device| device["firmware"] == "APP|MODEM" && device["kind"] == "demo-gateway"));

    let values = export(&station, "values.csv", "esp-mass-mfg", &[]);
    assert_eq!(values[1], station.beside("values.config.csv"));
    are_those_that_passed(&station, &judged("esp-mass-mfg", &values));

    let nodes = export(&station, "nodes.csv", "rainmaker", &["--tag-column", "serial"]);
    let found = judged("rainmaker", &nodes);
    are_those_that_passed(&station, &found);
    assert_eq!(found[1]["tags"], json!({ "serial": "GW00002" }));

    let things = export(&station, "things.json", "aws", &["--tag-column", "work_order"]);
    let found = judged("aws", &things);
    are_those_that_passed(&station, &found);
    assert_eq!(found[0]["order"], station.sqlite("SELECT work_order FROM run WHERE id = 1"));
}

#[test]
fn a_manifest_is_verified_with_its_public_key_and_chains_to_our_root() {
    let station = three_devices();
    let files = export(&station, "lot.json", "manifest", &[]);
    assert_eq!(files[1], station.beside("lot.jwks.json"));
    let found = judged("manifest", &files);
    assert_eq!(found.len(), 2);
    for (device, (id, _)) in found.iter().zip(passed(&station)) {
        assert_eq!((&device["id"], &device["company"]), (&id.into(), &"Example".into()));
        assert_eq!(device["product"], "demo-gateway");
        let leaf = station.write("leaf.pem", device["leaf"].as_str().unwrap());
        let issuing = station.write("issuing.pem", device["issuing"].as_str().unwrap());
        let mut openssl = Command::new("openssl");
        openssl.args(["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile"]);
        openssl.arg(station.folder().join("ca/root.pem")).args(["-untrusted", &issuing, &leaf]);
        let judged = process::run(openssl);
        assert_eq!(judged.exit, 0, "{judged:?}");
    }
    let (started, ended) = entries_of_last(&station);
    let jwks = fs::read(&files[1]).unwrap();
    assert_eq!(started["asked"]["jwks_sha256"], Digest::of(&jwks).to_string());
    assert_eq!(ended["output-digest"], Digest::of(&fs::read(&files[0]).unwrap()).to_string());
    // it is neither the key of the CA nor another one each time
    let issuing = fs::read_to_string(station.folder().join("ca/issuing.pem")).unwrap();
    assert_eq!(found[0]["issuing"], issuing);
    let again = export(&station, "again.json", "manifest", &[]);
    assert_eq!(fs::read(&again[1]).unwrap(), jwks);
}

#[test]
fn a_device_without_a_certificate_is_named_and_the_others_are_written() {
    let station = three_devices();
    station.sqlite("UPDATE device SET state = 'provisioned' WHERE id = 3");
    let out = station.beside("things.json");
    let ended = station.run(&["batch", "export", out.to_str().unwrap(), "--format", "aws", "--json"]);
    ended.is_refused(1, "LS-CSV-31");
    let done: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&done["good"], &done["refused"]), (&2.into(), &1.into()));
    let fault = &done["faults"][0];
    assert_eq!(fault["code"], "LS-CSV-31");
    assert!(fault["message"].as_str().unwrap().contains("GW00003"), "{fault}");
    let written: Vec<Value> = judged("aws", &[out]).iter().map(|device| device["serial"].clone()).collect();
    assert_eq!(written, ["GW00001", "GW00002"]);
}

#[test]
fn devices_announced_with_their_tpm_become_enrollments() {
    let station = Station::found();
    // TPM2B_PUBLIC of an ECC P-256 key by the TCG's EK profile L-2
    let mut public = vec![0x00, 0x23, 0x00, 0x0b, 0x00, 0x03, 0x00, 0xb2, 0x00, 0x20];
    public.extend([7; 32]);
    public.extend([0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x20]);
    public.extend([1; 32]);
    public.extend([0x00, 0x20]);
    public.extend([2; 32]);
    let length = u16::try_from(public.len()).unwrap().to_be_bytes();
    let key = BASE64_STANDARD.encode([&length[..], &public].concat());
    let table = station.write("keys.csv", &format!("registration_id,ek\ntpm-7,{key}\n"));
    station.ok(&["batch", "import", &table]);
    let out = station.beside("tpm");
    let done = station.json(&["batch", "export", out.to_str().unwrap(), "--format", "azure-dps", "--tpm"]);
    assert_eq!((&done["good"], &done["refused"]), (&1.into(), &0.into()), "{done}");
    let found = judged("azure-dps", &[out.join("enrollments-000001.json")]);
    assert_eq!(found, [json!({ "id": "tpm-7", "status": "enabled", "endorsement_key": key })]);
    station.refused(2, "LS-CSV-30", &["batch", "export", "--format", "aws", "--announced"]);
    station.refused(2, "LS-CSV-30", &["batch", "export", "--tpm"]);
}

#[test]
fn what_files_announced_stands_beside_what_was_made() {
    let station = Station::found();
    let table = station.write("lot.csv", "sn;Hall;note\nGW00001;7;=1+1\nGW00009;8;\n");
    station.ok(&["batch", "import", &table]);
    station.ok(&["product", "add", "demo-gateway"]);
    let recipe = station.folder().join("products/demo-gateway.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    fs::write(&recipe, text.replace("line = \"demo\"", "line = \"@hall\"\ncity = \"@city\"")).unwrap();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    station.ok(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    let made = station.ok(&["batch", "export", "--columns", "serial,verdict,@hall,@note"]);
    assert_eq!(made, "serial,verdict,hall,note\nGW00001,PASS,7,'=1+1\n");
    let announced = station.ok(&["batch", "export", "--announced"]);
    assert_eq!(
        announced,
        "serial,mac,registration_id,work_order,Hall,note\nGW00001,,,,7,'=1+1\nGW00009,,,,8,\n"
    );
    let things = station.beside("things.json");
    station.ok(&["batch", "export", things.to_str().unwrap(), "--format", "aws", "--tag-column", "@Hall"]);
    let line: Value = serde_json::from_str(&fs::read_to_string(things).unwrap()).unwrap();
    assert_eq!(line["Hall"], "7");
    let folder = station.beside("dps");
    station.ok(&["batch", "export", folder.to_str().unwrap(), "--format", "azure-dps"]);
    let found = judged("azure-dps", &[folder.join("enrollments-000001.json")]);
    assert_eq!(found[0]["tags"], json!({ "line": "7" }), "as the outbox enrolls it");
    station.refused(2, "LS-CSV-30", &["batch", "export", "--announced", "--columns", "serial,verdict"]);
    station.refused(2, "LS-CSV-30", &["batch", "export", "--announced", "--verdict", "PASS"]);
}
