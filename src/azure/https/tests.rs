use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::azure::sas::{Resource, SasKey};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn asked(https: &Https, if_match: Option<&str>) -> Result<Answer, DpsError> {
    let id: RegistrationId = "sn-17".parse().unwrap();
    let expires = UtcTime::from_seconds(1);
    let token = SasToken::new(&Resource::Host("h".to_owned()), &SasKey::from_bytes(b"k"), Some("p"), expires);
    let path = "/enrollments/sn-17".to_owned();
    let body = Some(Secret::from("{}".to_owned()));
    let ask = Ask { method: Method::PUT, path, id: &id, token: &token, if_match, body };
    https.ask(ask, UtcTime::from_seconds(0))
}

fn ask(https: &Https, if_match: Option<&str>) -> DpsError {
    asked(https, if_match).err().unwrap()
}

fn client_with(authority: String, root: &str, timeout: Duration) -> Https {
    Https::new(authority, &Roots::File(fixture(root)), timeout).ok().unwrap()
}

fn client(authority: String) -> Https {
    client_with(authority, "tls/root.pem", Duration::from_millis(300))
}

/// Answers one request over TLS with these bytes; gives back the request's head.
fn serve_once(answer: Vec<u8>) -> (String, JoinHandle<Vec<String>>) {
    let chain = CertificateDer::from_pem_file(fixture("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("tls/server.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let tls = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = BufReader::new(StreamOwned::new(tls, stream));
        let lines = stream.by_ref().lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        // the client may have seen enough before all is written
        let _ = stream.get_mut().write_all(&answer).and_then(|()| stream.get_mut().flush());
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        head
    });
    (authority, thread)
}

/// The answer to one request, and the request's head.
fn exchange(answer: &str) -> (Result<Answer, DpsError>, Vec<String>) {
    let (authority, thread) = serve_once(answer.as_bytes().to_vec());
    let https = client_with(authority, "tls/root.pem", Duration::from_secs(20));
    let result = asked(&https, Some("IjEi"));
    drop(https);
    (result, thread.join().unwrap())
}

#[test]
fn a_request_carries_token_and_etag_and_an_answer_its_wait() {
    let (answer, head) = exchange("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}");
    let answer = answer.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(7))));
    assert_eq!(answer.body.expose(), b"{}");
    assert_eq!(head[0], "PUT /enrollments/sn-17 HTTP/1.1");
    assert!(head.contains(&"if-match: IjEi".to_owned()), "{head:?}");
    assert!(head.iter().any(|line| line.starts_with("authorization: SharedAccessSignature sr=h&")));
}

#[test]
fn a_redirect_is_an_answer_like_any_other() {
    let (answer, _) =
        exchange("HTTP/1.1 307 Go\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(answer.ok().unwrap().status, 307);
}

#[test]
fn an_answer_over_the_limit_is_not_taken() {
    let exactly = |length: usize| {
        let body = "x".repeat(length);
        exchange(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")).0
    };
    assert_eq!(exactly(LARGEST_ANSWER).ok().unwrap().body.len(), LARGEST_ANSWER);
    let over = exactly(LARGEST_ANSWER + 1).err().unwrap();
    assert!(matches!(over, DpsError::Strange { .. }), "{over}");
}

#[test]
fn a_server_nobody_vouches_for_gets_no_token() {
    let (authority, thread) = serve_once(Vec::new());
    let https = client_with(authority, "dps/other-leaf.pem", Duration::from_secs(20));
    let error = ask(&https, None);
    assert!(matches!(error, DpsError::Untrusted { .. }), "{error}");
    assert_eq!(error.code(), Code::CloudRootsInvalid);
    assert!(error.worth_retrying());
    assert!(thread.join().unwrap().is_empty());
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
