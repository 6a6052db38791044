//! The outbox against a simulated DPS that goes away, slows down, loses answers and holds other people's
//! records: the line goes on, nothing is asked too often, and what stands at Azure in the end is what the
//! records say.

mod rework;

use std::time::Duration;

use lineside::azure::enrollment::{AttestationMechanism, AttestationType, IndividualEnrollment};
use lineside::azure::same_credential;
use lineside::domain::device_id::DeviceId;
use lineside::domain::pair::Pair;
use lineside::domain::product::{DeviceIdentity, Product};
use lineside::domain::registration_id::RegistrationId;
use lineside::sim::azure::journal::Outcome;
use lineside::station::clock;
use serde_json::{Value, json};

use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};

/// The registration ID of the bench's first gateway and sensor.
const GATEWAY: &str = "gw-gw00001-mac-02-4c-53-01-00-01";
const SENSOR: &str = "sn-se00001-mac-02-4c-53-01-00-01";

/// The outbox as the command line shows it, oldest row first.
fn rows(station: &Station) -> Vec<Value> {
    let status = station.json(&["enroll", "status"]);
    let mut rows = status["rows"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["row"].as_u64());
    rows
}

/// Waits until the newest row is in this state.
fn newest_is(station: &Station, state: &str) -> Value {
    wait_for(&format!("a newest row that is {state}"), || {
        rows(station).pop().filter(|row| row["state"] == state)
    })
}

/// A station with this many slots for gateways, their work order released.
fn line_of(slots: u16) -> (Station, Azure) {
    let station = Station::found();
    let azure = Azure::of(&station);
    for slot in 1..=slots {
        station.add_slot(&format!("slot-{slot}"), &format!("GW{slot:05}"));
    }
    station.release("lot", "demo-gateway", u32::from(slots), 0);
    (station, azure)
}

fn passed(station: &Station) -> String {
    station.sqlite("SELECT count(*) FROM run WHERE verdict = 'PASS'")
}

/// Provisions the gateway on the bench at the command line; whether it passed.
fn provision(station: &Station, bench: &Bench, product: &str) -> bool {
    station.run(&["provision", "--port", bench.port(), "--product", product]).exit == 0
}

#[test]
fn an_outage_does_not_stop_the_line_and_is_met_with_ever_longer_waits() {
    let (station, azure) = line_of(2);
    azure.faults().outage(true);
    let serving = station.serve();
    let bench = Bench::plug(&station, 2, "GW", &[]);
    wait_for("two devices that pass without a cloud", || (passed(&station) == "2").then_some(()));
    drop(bench);

    // attempts so far and the wait after each, as the row itself says
    let mut waits: Vec<(u64, i64)> = Vec::new();
    let begun = clock::now();
    wait_for("a row that failed three times", || {
        let line = station.sqlite("SELECT attempts, next_try FROM outbox WHERE id = 1");
        let (attempts, next_try) = line.split_once('|').unwrap();
        let (attempts, next_try) = (attempts.parse().unwrap(), next_try.parse().unwrap());
        if attempts > 0 && waits.last().is_none_or(|(last, _)| *last < attempts) {
            waits.push((attempts, next_try));
        }
        (attempts >= 3).then_some(())
    });
    assert_eq!(waits.iter().map(|(attempts, _)| *attempts).collect::<Vec<_>>(), [1, 2, 3]);
    let pauses: Vec<i64> = waits.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert!(pauses[0] >= 2000 && pauses[1] >= 4000, "the next tries lie ever further apart: {pauses:?}");
    let seconds = clock::now().since(begun).as_secs();
    let asked = azure.requests();
    assert!(asked.iter().all(|request| request.outcome == Outcome::Refused), "{asked:?}");
    let most = usize::try_from(seconds).unwrap() + 3;
    assert!(asked.len() <= most, "{} requests in {seconds} s are too many: {asked:?}", asked.len());
    let row = &rows(&station)[0];
    assert_eq!((&row["state"], &row["last_code"]), (&"waiting".into(), &"LS-AZ-01".into()), "{row}");

    azure.faults().outage(false);
    wait_for("both enrollments", || (azure.enrollments() == 2).then_some(()));
    wait_for("two rows that are sent", || {
        rows(&station).iter().all(|row| row["state"] == "sent").then_some(())
    });
    for id in [GATEWAY, "gw-gw00002-mac-02-4c-53-01-00-02"] {
        assert!(azure.enrollment(id).expect("it is enrolled").is_enabled());
    }
    assert_eq!(station.events("enrollment-sent").len(), 2, "attempts in vain are no entries of the log");
    assert_eq!(serving.end().exit, 0);
}

#[test]
fn when_azure_asks_for_patience_nothing_is_asked_before_the_time() {
    let (station, azure) = line_of(2);
    let patience = Duration::from_secs(4);
    azure.faults().throttle_next(1, patience);
    let _serving = station.serve();
    let _bench = Bench::plug(&station, 2, "GW", &[]);
    let throttled = wait_for("a row that was put off", || {
        rows(&station).into_iter().find(|row| row["last_code"] == "LS-AZ-02")
    });
    assert_eq!(throttled["attempts"], 1);
    wait_for("both enrollments", || (azure.enrollments() == 2).then_some(()));
    let asked = azure.requests();
    assert_eq!(asked[0].outcome, Outcome::Answered(429));
    // of neither device: the limit is on the whole service
    let waited = asked[1].at.since(asked[0].at);
    assert!(waited >= patience, "asked again after {waited:?}: {asked:?}");
    assert!(waited < patience * 3, "it came back in good time: {waited:?}");
    wait_for("two rows that are sent", || {
        rows(&station).iter().all(|row| row["state"] == "sent").then_some(())
    });
}

#[test]
fn patience_binds_every_push_and_all_rows() {
    for (fault, code) in [("throttled", 429), ("unavailable", 503)] {
        let station = Station::found();
        let azure = Azure::of(&station);
        let bench = Bench::plug(&station, 2, "GW", &[]);
        for port in &bench.ports {
            station.ok(&["provision", "--port", port.to_str().unwrap(), "--product", "demo-gateway"]);
        }
        let patience = Duration::from_secs(4);
        match fault {
            "throttled" => azure.faults().throttle_next(1, patience),
            _ => azure.faults().unavailable_next(1, patience),
        }
        for _ in 0..2 {
            station.refused(1, "LS-AZ-02", &["enroll", "push"]);
            assert_eq!(azure.requests().len(), 1, "{fault}: of neither device, by no process");
        }
        wait_for("everything sent", || (station.run(&["enroll", "push"]).exit == 0).then_some(()));
        let asked = azure.requests();
        assert_eq!(asked[0].outcome, Outcome::Answered(code));
        assert!(asked[1].at.since(asked[0].at) >= patience, "{fault}: {asked:?}");
    }
}

#[test]
fn an_outcome_that_cannot_be_written_down_is_not_asked_for_again_and_again() {
    let (station, azure) = line_of(1);
    station.sqlite("CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(FAIL, 'full'); END");
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    let tries = || azure.requests().iter().filter(|request| request.method == "PUT").count();
    wait_for("a first request", || (tries() > 0).then_some(()));
    std::thread::sleep(Duration::from_secs(5));
    let tried = tries();
    assert!(tried <= 6, "{tried} tries in 5 s");
    station.sqlite("DROP TRIGGER full");
    newest_is(&station, "sent");
    assert_eq!(azure.enrollments(), 1);
    assert_eq!(serving.end().exit, 0);
}

#[test]
fn an_answer_lost_after_the_deed_leaves_exactly_one_enrollment() {
    let (station, azure) = line_of(1);
    azure.faults().lose_answer_next(1);
    let _serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    let row = newest_is(&station, "sent");
    assert_eq!(row["attempts"], 1, "{row}");
    let outcomes: Vec<(String, Outcome)> =
        azure.asked(GATEWAY).into_iter().map(|request| (request.method, request.outcome)).collect();
    let expected = [
        ("PUT".to_owned(), Outcome::AnswerLost(200)),
        ("PUT".to_owned(), Outcome::Answered(409)),
        ("GET".to_owned(), Outcome::Answered(200)),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(azure.enrollments(), 1);
    let sent = station.events("enrollment-sent");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["outcome"], "already there");
}

#[test]
fn somebody_elses_credential_under_the_same_id_is_an_alarm_and_stays_as_it_is() {
    let (station, azure) = line_of(1);
    let product = Product::parse(&station.ok(&["product", "show", "demo-gateway"])).unwrap();
    let registration_id: RegistrationId = GATEWAY.parse().unwrap();
    let identity = DeviceIdentity { device_id: DeviceId::from(&registration_id), registration_id };
    let foreign = include_str!("../../fixtures/dps/leaf.pem");
    let foreign = AttestationMechanism::certificates(&Pair::one(foreign.to_owned())).unwrap();
    let foreign = IndividualEnrollment::new(&product.enroll, &identity, foreign);
    azure.client().create(&foreign, clock::now()).unwrap();
    let before = azure.enrollment(GATEWAY).unwrap();

    let serving = station.serve();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let row = newest_is(&station, "conflict");
    assert_eq!(row["last_code"], "LS-AZ-04", "{row}");
    assert!(row["last_error"].as_str().unwrap().contains("certificate"), "{row}");
    assert_eq!(passed(&station), "1", "the device itself is good");
    drop(bench);
    // an engineer who only tries again gets the same answer, and the foreign record lives
    station.ok(&["enroll", "retry", "1"]);
    wait_for("the second refusal", || (station.events("enrollment-conflict").len() == 2).then_some(()));
    newest_is(&station, "conflict");
    let after = azure.enrollment(GATEWAY).unwrap();
    assert_eq!(after.etag, before.etag, "not one bit of it was changed");
    assert!(after.is_enabled());
    assert!(same_credential::compare(&foreign.attestation, &after.attestation).is_ok());
    let changed = azure
        .asked(GATEWAY)
        .into_iter()
        .filter(|request| request.method == "PUT" && matches!(request.outcome, Outcome::Answered(200..300)));
    assert_eq!(changed.count(), 1, "only the foreign record's own making");
    let ended = serving.end();
    assert!(ended.err.contains("LS-AZ-04"), "the alarm stands on standard error, too: {}", ended.err);
    station.refused(1, "LS-AZ-04", &["enroll", "push"]);
}

/// SHA-256 of the certificate enrolled under the gateway's ID.
fn enrolled_sha256(azure: &Azure) -> Option<String> {
    let x509 = azure.enrollment(GATEWAY)?.attestation.x509?;
    x509.client_certificates?.primary?.info?.sha256_thumbprint.map(|text| text.to_ascii_lowercase())
}

#[test]
fn a_superseded_certificate_is_disabled_and_then_replaced_by_its_successor() {
    let station = Station::found();
    let azure = Azure::of(&station);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let recorded = |run: u8| station.sqlite(&format!("SELECT sha256 FROM certificate WHERE run = {run}"));
    assert!(provision(&station, &bench, "demo-gateway"));
    station.ok(&["enroll", "push"]);
    assert_eq!(enrolled_sha256(&azure), Some(recorded(1)));
    assert!(azure.enrollment(GATEWAY).unwrap().is_enabled());

    station.ok(&["run", "supersede", "1"]);
    station.ok(&["enroll", "push"]);
    assert!(!azure.enrollment(GATEWAY).unwrap().is_enabled(), "the old one lets nobody in");
    assert_eq!(enrolled_sha256(&azure), Some(recorded(1)));

    assert!(provision(&station, &bench, "demo-gateway"));
    station.ok(&["enroll", "push"]);
    assert!(azure.enrollment(GATEWAY).unwrap().is_enabled());
    assert_eq!(enrolled_sha256(&azure), Some(recorded(2)));
    let outcomes: Vec<Value> =
        station.events("enrollment-sent").into_iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["created", "disabled", "replaced"]);
    assert_eq!(azure.enrollments(), 1);
}

#[test]
fn what_was_superseded_before_it_was_sent_is_never_enrolled() {
    let station = Station::found();
    let azure = Azure::of(&station);
    azure.faults().outage(true);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    assert!(provision(&station, &bench, "demo-gateway"));
    station.refused(1, "LS-AZ-01", &["enroll", "push"]);
    assert_eq!(azure.requests().len(), 1, "one push asks once");
    station.ok(&["run", "supersede", "1"]);
    assert!(provision(&station, &bench, "demo-gateway"));
    azure.faults().outage(false);
    wait_for("everything sent", || (station.run(&["enroll", "push"]).exit == 0).then_some(()));
    let states: Vec<Value> =
        rows(&station).iter().map(|row| json!([row["operation"], row["state"]])).collect();
    assert_eq!(
        states,
        [json!(["create", "cancelled"]), json!(["disable", "sent"]), json!(["create", "sent"])]
    );
    assert!(azure.enrollment(GATEWAY).unwrap().is_enabled());
    assert_eq!(enrolled_sha256(&azure), Some(station.sqlite("SELECT sha256 FROM certificate WHERE run = 2")));
}

#[test]
fn a_revoked_certificate_disables_its_enrollment() {
    let station = Station::found();
    let azure = Azure::of(&station);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    assert!(provision(&station, &bench, "demo-gateway"));
    station.ok(&["enroll", "push"]);
    let serial = station.sqlite("SELECT serial FROM certificate");
    station.ok(&["ca", "revoke", &serial, "--reason", "keyCompromise"]);
    station.ok(&["enroll", "push"]);
    assert!(!azure.enrollment(GATEWAY).unwrap().is_enabled());
    station.refused(1, "LS-CA-11", &["ca", "revoke", &serial, "--reason", "superseded"]);
}

#[test]
fn a_derived_key_that_did_not_pass_is_disabled_at_azure_until_its_device_passes() {
    for fault in ["wrong-digest", "bad-proof"] {
        let station = Station::found();
        let azure = Azure::of(&station);
        station.ok(&["key", "add", "demo-sensors"]);
        let bench = Bench::plug(&station, 1, "SE", &["--model", "demo-sensor", "--fault", fault]);
        assert!(!provision(&station, &bench, "demo-sensor"), "{fault}");
        drop(bench);
        station.ok(&["enroll", "push"]);
        let blocked =
            azure.enrollment(SENSOR).unwrap_or_else(|| panic!("{fault}: nothing stands in the way"));
        assert!(!blocked.is_enabled(), "{fault}");
        assert_eq!(station.sqlite("SELECT verdict FROM run"), "FAIL");

        let bench = Bench::plug(&station, 1, "SE", &["--model", "demo-sensor"]);
        assert!(provision(&station, &bench, "demo-sensor"), "{fault}");
        station.ok(&["enroll", "push"]);
        let enrolled = azure.enrollment(SENSOR).unwrap();
        assert!(enrolled.is_enabled(), "{fault}");
        assert_eq!(enrolled.attestation.kind, AttestationType::SymmetricKey);
        assert_eq!(azure.enrollments(), 1);
    }
}

#[test]
fn a_refused_connection_string_parks_rows_until_it_is_mended_and_they_are_retried() {
    let station = Station::found();
    let azure = Azure::of(&station);
    let good = std::fs::read_to_string(station.beside("dps")).unwrap();
    let (head, _) = good.split_once("SharedAccessKey=").unwrap();
    let bad = station.write("bad", &format!("{head}SharedAccessKey=AAECAwQFBgcICQoLDA0ODw=="));
    station.ok(&["secret", "set", "dps", "--file", &bad]);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    assert!(provision(&station, &bench, "demo-gateway"));
    station.refused(1, "LS-AZ-03", &["enroll", "push"]);
    let row = newest_is(&station, "parked");
    assert_eq!(row["last_code"], "LS-AZ-03", "{row}");
    assert!(!row["last_error"].as_str().unwrap().contains("AAECAwQ"), "{row}");
    // parked: asking again by itself would do no good
    let asked = azure.requests().len();
    station.refused(1, "LS-AZ-03", &["enroll", "push"]);
    assert_eq!(azure.requests().len(), asked);

    let good = station.beside("dps");
    station.ok(&["secret", "set", "dps", "--file", good.to_str().unwrap()]);
    assert_eq!(station.json(&["enroll", "retry"])["retried"], 1);
    assert_eq!(station.json(&["enroll", "push"]), json!({ "tried": 1, "left": 0 }));
    assert!(azure.enrollment(GATEWAY).unwrap().is_enabled());
    assert_eq!(station.events("enrollment-retried")[0]["count"], 1);
    assert_eq!(station.run(&["audit", "verify"]).exit, 0);
}
