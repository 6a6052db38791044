//! What goes wrong on demand, and what may not be started.

use serde_json::json;

use super::*;
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;
use crate::sim::azure::config::SimError;
use crate::sim::azure::journal::Outcome;

fn body(id: &str) -> String {
    json!({ "registrationId": id, "attestation": { "type": "symmetricKey" } }).to_string()
}

#[test]
fn throttled_and_unavailable_requests_say_when_to_come_again() {
    let bench = bench();
    let faults = bench.running.faults();
    faults.throttle_next(1, Duration::from_secs(3));
    let answer = bench.call("PUT", "/enrollments/a", &[], &body("a"));
    assert_eq!((answer.status, answer.error_code()), (429, 429_001));
    assert_eq!(answer.header("retry-after"), "3");
    faults.unavailable_next(1, Duration::from_secs(2));
    let answer = bench.call("PUT", "/enrollments/a", &[], &body("a"));
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2".into()));
    assert_eq!(bench.running.counts().enrollments, 0);
    assert_eq!(bench.call("PUT", "/enrollments/a", &[], &body("a")).status, 200);
}

#[test]
fn a_lost_answer_leaves_the_work_done_and_an_outage_leaves_it_undone() {
    let bench = bench();
    let faults = bench.running.faults();
    let token = bench.service_token();
    let headers = [("authorization", token.as_str())];
    let put = |id: &str| {
        let path = format!("/enrollments/{id}?api-version=2021-10-01");
        bench.send(&bench.client, "PUT", &path, &headers, &body(id))
    };
    faults.lose_answer_next(1);
    assert!(put("a").is_err());
    assert_eq!(bench.running.counts().enrollments, 1);
    assert_eq!(put("a").unwrap().status, 409);

    faults.outage(true);
    assert!(put("b").is_err());
    faults.outage(false);
    assert_eq!(bench.running.counts().enrollments, 1);
    faults.hang_next(1, Duration::from_millis(50));
    assert!(put("b").is_err());
    assert_eq!(put("b").unwrap().status, 200);

    let log = bench.running.requests();
    let outcomes: Vec<_> = log.iter().map(|entry| entry.outcome).collect();
    // a client may try again by itself when a kept-alive connection was cut, so only the order counts
    let place = |outcome| outcomes.iter().position(|seen| *seen == outcome).unwrap();
    assert!(place(Outcome::AnswerLost(200)) < place(Outcome::Answered(409)));
    assert!(place(Outcome::Answered(409)) < place(Outcome::Refused));
    assert_eq!(outcomes.last(), Some(&Outcome::Answered(200)));
    assert_eq!((log[0].method.as_str(), log[0].path.as_str()), ("PUT", "/enrollments/a"));
}

#[test]
fn a_simulator_that_cannot_serve_says_so() {
    let bench = bench();
    let folder = tempfile::tempdir().unwrap();
    let start = |change: &dyn Fn(&mut Config)| {
        let listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut config = Config::new(listen, folder.path().join("ca.pem"), [1; 32]);
        change(&mut config);
        Simulator::start(config, now).map(|_| ()).unwrap_err()
    };
    let taken = start(&|config| config.https = bench.running.info().https);
    assert!(matches!(taken, SimError::Listen { .. }));
    assert_eq!(taken.code(), Code::SimulatorStart);
    let nowhere = start(&|config| config.ca_file = folder.path().join("none/ca.pem"));
    assert!(matches!(nowhere, SimError::CaFile { .. }));
    assert!(matches!(start(&|config| config.hubs.clear()), SimError::Hub(_)));
    let bad = start(&|config| config.hubs = vec!["hub/x".into()]);
    assert_eq!(bad.code(), Code::SimulatorSettings);
    let short = start(&|config| config.policy_key = Some(Secret::new(vec![1; 15])));
    assert!(matches!(short, SimError::Key(15)));
}

#[test]
fn it_stops_and_frees_its_port() {
    let bench = bench();
    assert_eq!(bench.call("GET", "/enrollments/x", &[], "").status, 404);
    let port = bench.running.info().https;
    bench.running.stop();
    std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
}
