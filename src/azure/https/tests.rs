use std::io::Write;
use std::net::TcpListener;

use super::*;
use crate::azure::sas::{Resource, SasKey};

fn ask(https: &Https, if_match: Option<&str>) -> DpsError {
    let id: RegistrationId = "sn-17".parse().unwrap();
    let expires = UtcTime::from_seconds(1);
    let token = SasToken::new(&Resource::Host("h".to_owned()), &SasKey::from_bytes(b"k"), Some("p"), expires);
    let path = "/enrollments/sn-17".to_owned();
    let ask = Ask { method: Method::GET, path, id: &id, token: &token, if_match, body: None };
    https.ask(ask, UtcTime::from_seconds(0)).err().unwrap()
}

fn client(authority: String) -> Https {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/dps/leaf.pem");
    Https::new(authority, &Roots::File(root.into()), Duration::from_millis(300)).ok().unwrap()
}

#[test]
fn a_dead_port_a_silent_one_and_one_without_tls_are_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let error = ask(&client(silent.clone()), None);
    assert!(matches!(&error, DpsError::Unreachable { host, .. } if *host == silent), "{error}");
    assert!(error.worth_retrying());

    let answering = std::thread::spawn(move || {
        // the first connection is the silent one's
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    assert!(matches!(ask(&client(silent.clone()), None), DpsError::Unreachable { .. }));
    answering.join().unwrap();
    // its listener is gone with the thread
    assert!(matches!(ask(&client(silent), None), DpsError::Unreachable { .. }));
}

#[test]
fn an_etag_that_is_no_header_is_not_sent() {
    let error = ask(&client("127.0.0.1:9".to_owned()), Some("a\r\nX: y"));
    assert!(matches!(error, DpsError::Request { .. }), "{error}");
}

#[test]
fn roots_that_are_none_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    let new = |path: &PathBuf| {
        Https::new("h".to_owned(), &Roots::File(path.clone()), Duration::from_secs(1)).err().unwrap()
    };
    assert!(matches!(new(&path), ClientError::Unreadable { .. }));
    fs::write(&path, "no certificate").unwrap();
    assert!(matches!(new(&path), ClientError::NoCertificate { .. }));
    assert_eq!(new(&path).code(), Code::CloudRootsInvalid);
}

#[test]
fn only_this_machine_is_asked_past_a_proxy() {
    for (authority, here) in [
        ("127.0.0.1:8443", true),
        ("127.0.0.77", true),
        ("[::1]:1", true),
        ("[::1]", true),
        ("localhost", true),
        ("localhost.example", false),
        ("10.0.0.1:443", false),
        ("plant.azure-devices-provisioning.net", false),
    ] {
        assert_eq!(is_loopback(authority), here, "{authority}");
    }
}
