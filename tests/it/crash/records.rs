//! The station's records, read from outside with `sqlite3`, held against what the devices remember.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use lineside::sim::device::memory::{Entry, read_journal};
use serde_json::Value;

use super::plant::{Device, Kind, Plant};

/// What is known of a plant while its station is killed again and again.
pub struct Records<'a> {
    plant: &'a Plant,
    kind: &'a Kind,
    issuing_ca: String,
    /// Serial numbers whose intent outlived its station without a certificate.
    orphans: BTreeSet<String>,
}

impl<'a> Records<'a> {
    pub fn of(plant: &'a Plant, kind: &'a Kind) -> Records<'a> {
        let issuing = plant.path("station/ca/issuing.pem");
        let said = said("openssl", &["x509", "-noout", "-serial", "-in", issuing.to_str().unwrap()]);
        let serial = said.trim().strip_prefix("serial=").expect("openssl prints serial=").to_owned();
        Records { plant, kind, issuing_ca: number(&serial), orphans: BTreeSet::new() }
    }

    /// The rows a query finds.
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let database = self.plant.path("station/station.db");
        // a station that is just starting holds the whole database for a moment
        let options = ["-readonly", "-json", "-cmd", ".timeout 20000", database.to_str().unwrap(), query];
        let text = said("sqlite3", &options);
        // nothing at all stands for no rows
        if text.trim().is_empty() { Vec::new() } else { serde_json::from_str(&text).unwrap() }
    }

    /// The runs of a device, oldest first, each with its certificate if it has one.
    pub fn runs_of(&self, device: &Device) -> Vec<Value> {
        self.rows(&format!(
            "SELECT run.id, run.stage, run.verdict, run.resume, certificate.serial, certificate.state,
                    certificate.der IS NOT NULL AS signed
             FROM run JOIN device ON device.id = run.device LEFT JOIN certificate
               ON certificate.run = run.id AND certificate.which IS NULL
             WHERE device.serial = '{}' ORDER BY run.id",
            device.serial
        ))
    }

    /// Runs that were stopped before a device was reserved, after this one, as “VERDICT CODE”.
    pub fn refusals_after(&self, run: u64) -> Vec<String> {
        let query = format!(
            "SELECT verdict || ' ' || code AS ending FROM run WHERE device IS NULL AND id > {run} ORDER BY id"
        );
        self.rows(&query).iter().map(|row| row["ending"].as_str().unwrap().to_owned()).collect()
    }

    /// The number of the newest run.
    pub fn newest_run(&self) -> u64 {
        self.rows("SELECT coalesce(max(id), 0) AS id FROM run")[0]["id"].as_u64().unwrap()
    }

    /// Runs without a verdict; the command line lists the same ones as the database holds.
    pub fn unfinished(&self) -> Vec<u64> {
        let listed = self.plant.cli(&["run", "list", "--unfinished", "--limit", "1000"]);
        let mut listed: Vec<u64> =
            listed.as_array().unwrap().iter().map(|run| run["run"].as_u64().unwrap()).collect();
        listed.sort_unstable();
        let held: Vec<u64> = self
            .rows("SELECT id FROM run WHERE verdict IS NULL ORDER BY id")
            .iter()
            .map(|row| row["id"].as_u64().unwrap())
            .collect();
        assert_eq!(listed, held, "every run without a verdict is listed");
        held
    }

    /// Everything that must hold at any moment at which the station is down.
    pub fn check(&mut self) {
        let verified = self.plant.cli(&["audit", "verify"]);
        assert_eq!(verified["sound"], true, "{verified}");
        self.unfinished();
        for column in ["serial_folded", "mac", "registration_id", "device_id"] {
            self.none(&format!("SELECT {column} FROM device GROUP BY {column} HAVING count(*) > 1"));
        }
        self.none(
            "SELECT registration_id FROM certificate WHERE state IN ('intended', 'issued')
             GROUP BY registration_id, which HAVING count(*) > 1",
        );
        // what a run gives twice is intended, signed and withdrawn together
        self.none(&format!(
            "SELECT run, group_concat(state) FROM certificate GROUP BY run
             HAVING count(*) <> {} OR count(which) <> count(*) - 1 OR count(DISTINCT state) > 1
                 OR count(der) NOT IN (0, count(*))",
            self.kind.certificates
        ));
        self.none("SELECT sha256 FROM certificate WHERE der IS NOT NULL GROUP BY sha256 HAVING count(*) > 1");
        self.none("SELECT public_key FROM certificate GROUP BY public_key HAVING count(DISTINCT device) > 1");
        // a unit of the lot is spent by each reservation, and by nothing else
        self.none(
            "SELECT name, issued, (SELECT count(*) FROM run WHERE work_order = name AND device IS NOT NULL) AS runs
             FROM work_order WHERE issued > quantity + spare OR issued <> runs
                OR passed <> (SELECT count(*) FROM run WHERE work_order = name AND verdict = 'PASS')",
        );
        // a PASS and its enrollment are one change
        self.none(
            "SELECT run.id, verdict, outbox.id FROM run
             LEFT JOIN outbox ON outbox.run = run.id AND operation = 'create'
             WHERE coalesce(verdict, '') = 'PASS' AND outbox.id IS NULL
                OR coalesce(verdict, '') <> 'PASS' AND outbox.id IS NOT NULL",
        );
        self.check_orphans();
        self.check_journals();
    }

    fn none(&self, query: &str) {
        let found = self.rows(query);
        assert!(found.is_empty(), "{query}: {found:?}");
    }

    /// An intent that outlived its station without a certificate never gets one.
    fn check_orphans(&mut self) {
        let unsigned = self.rows("SELECT serial, state FROM certificate WHERE der IS NULL");
        let unsigned: BTreeMap<String, String> = unsigned.iter().map(serial_and_state).collect();
        for orphan in &self.orphans {
            let state = unsigned.get(orphan);
            assert!(
                state.is_some(),
                "{orphan} was signed although its station died before it had a certificate"
            );
        }
        self.orphans.extend(unsigned.into_keys());
    }

    /// What the devices were given is on record, and for them.
    fn check_journals(&self) {
        let signed = "SELECT certificate.serial, device.serial AS state FROM certificate
                      JOIN device ON device.id = certificate.device WHERE der IS NOT NULL";
        let owners: BTreeMap<String, String> = self.rows(signed).iter().map(serial_and_state).collect();
        let derived =
            "SELECT device.serial, run.stage AS state FROM run JOIN device ON device.id = run.device
                       WHERE credential = 'group-key' AND stage <> 'prepare'";
        let derived: BTreeMap<String, String> = self.rows(derived).iter().map(serial_and_state).collect();
        let mut holders = BTreeMap::new();
        for device in &self.plant.devices {
            for entry in journal(device) {
                let given = entry.certificates.iter().map(|serial| number(serial));
                for serial in given.filter(|serial| *serial != self.issuing_ca) {
                    assert_eq!(
                        owners.get(&serial),
                        Some(&device.serial),
                        "{serial} is on record for its device"
                    );
                }
                let is_key = entry.path.as_deref() == Some("device-key");
                assert!(
                    !is_key || derived.contains_key(&device.serial),
                    "a key on {} unknown",
                    device.serial
                );
                let secret =
                    entry.public_key.or(entry.sha256.filter(|_| is_key)).map(|digest| digest.to_string());
                let holder = secret.map(|secret| holders.entry(secret).or_insert(&device.serial).clone());
                assert!(holder.is_none_or(|holder| holder == device.serial), "two devices hold one key");
            }
        }
    }

    /// How many intents were orphaned so far.
    pub fn orphans(&self) -> usize {
        self.orphans.len()
    }

    /// A new revocation list names exactly what was withdrawn, void numbers among it.
    pub fn check_revocation_list(&self) {
        self.plant.cli(&["ca", "crl"]);
        let list = self.plant.path("station/ca/crl.pem");
        let text = said("openssl", &["crl", "-noout", "-text", "-in", list.to_str().unwrap()]);
        let listed: BTreeSet<String> =
            text.lines().filter_map(|line| line.trim().strip_prefix("Serial Number: ")).map(number).collect();
        let withdrawn =
            self.rows("SELECT serial, state FROM certificate WHERE state NOT IN ('intended', 'issued')");
        let withdrawn: BTreeMap<String, String> = withdrawn.iter().map(serial_and_state).collect();
        assert_eq!(
            listed,
            withdrawn.keys().cloned().collect(),
            "what is withdrawn, and nothing else, is listed"
        );
        for orphan in &self.orphans {
            let state = withdrawn.get(orphan).map(String::as_str);
            assert_eq!(state, Some("void"), "{orphan} was intended, never signed, and is listed");
        }
    }

    /// The device holds the credential that is on record for it, and has been finished with.
    pub fn check_holds_its_credential(&self, device: &Device) {
        let row = &self.rows(&format!("SELECT * FROM device WHERE serial = '{}'", device.serial))[0];
        let found = (&row["mac"], &row["registration_id"], &row["state"]);
        let (mac, id) = (Value::from(device.mac.as_str()), Value::from(device.registration_id.as_str()));
        assert_eq!(found, (&mac, &id, &Value::from("provisioned")));
        let passed = self.runs_of(device);
        let passed = passed.last().filter(|run| run["verdict"] == "PASS").expect("its last run passed");
        let entries = journal(device);
        let proofs = self.kind.certificates.max(1);
        let verbs: Vec<&str> =
            entries.iter().rev().take(2 + proofs).map(|entry| entry.verb.as_str()).collect();
        let expected: Vec<&str> = [vec!["finish"], vec!["prove"; proofs], vec!["commit"]].concat();
        assert_eq!(verbs, expected, "the last that happened to {}", device.serial);
        for entry in entries.iter().rev().skip(1).take(proofs) {
            let message = entry.message.as_deref().unwrap();
            let run = passed["id"].to_string();
            assert_eq!(message.lines().nth(2), Some(run.as_str()), "the proof is of this run");
        }
        let file = |name: &str| std::fs::read_to_string(device.state.join("files").join(name)).unwrap();
        if self.kind.certificates > 0 {
            for (which, chain, key) in [
                (&[][..], "chain.pem", "key.pem"),
                (&["--secondary"][..], "secondary-chain.pem", "secondary-key.pem"),
            ]
            .into_iter()
            .take(self.kind.certificates)
            {
                let exported = self.plant.cli(&[&["ca", "export", &device.serial][..], which].concat());
                assert_eq!(file(chain), exported["chain_pem"].as_str().unwrap());
                let place = |name: &str| device.state.join(name).to_str().unwrap().to_owned();
                let chain = place(&format!("files/{chain}"));
                let certified = said("openssl", &["x509", "-noout", "-pubkey", "-in", &chain]);
                let held = said("openssl", &["pkey", "-pubout", "-in", &place(key)]);
                assert_eq!(certified, held, "the certificate is for the key in use");
            }
        } else {
            let derived = self.plant.cli(&["key", "derive", "demo-sensors", &device.registration_id]);
            assert_eq!(file("device-key"), derived[0]["key"].as_str().unwrap());
        }
    }
}

/// Everything a device remembers.
pub fn journal(device: &Device) -> Vec<Entry> {
    read_journal(&device.state).unwrap()
}

fn serial_and_state(row: &Value) -> (String, String) {
    (row["serial"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned())
}

/// A certificate's serial number as the records write it: 32 lower-case hexadecimal digits.
fn number(text: &str) -> String {
    format!("{:0>32}", text.trim_start_matches('0').to_lowercase())
}

/// What a program prints; it must succeed.
fn said(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output();
    let done = done.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
