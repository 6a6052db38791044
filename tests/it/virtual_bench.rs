//! A bench of virtual devices: what it tells, how cables are pulled, and how devices register over TLS with
//! nothing but what was injected. The server here answers as DPS was recorded to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::factory::lineside;
use crate::factory::process::Process;
use lineside::device::driver::{CsrKey, open_driver, write_file};
use lineside::device::port;
use lineside::device::render::Rendered;
use lineside::domain::pair::Which;
use lineside::domain::product::{DriverKind, Product};
use lineside::domain::secret::Secret;
use lineside::domain::utc_time::UtcTime;
use lineside::sim::device::process::{Event, ProcessConfig, RegisterConfig, run};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::der::Decode;

const RECIPE: &str = r#"
name = "sensor-1"
[identify]
driver = "lineside"
[identity]
registration_id = "sn-{serial}"
[credential]
kind = "x509"
[prove]
method = "sign-nonce"
[enroll]
service = "none"
"#;

fn now() -> UtcTime {
    UtcTime::from_seconds(1_795_354_000)
}

fn config(folder: &Path) -> ProcessConfig {
    ProcessConfig {
        count: 2,
        folder: folder.join("ports"),
        state: folder.join("devices"),
        driver: DriverKind::Lineside,
        model: "sensor-1".to_owned(),
        serial_prefix: "DEMO-".to_owned(),
        faults: BTreeMap::new(),
        register: None,
        unplug_after_finish: false,
        seed: 1,
        now,
    }
}

/// Runs the bench on a thread; its events come through the channel.
fn start(config: ProcessConfig) -> (mpsc::Receiver<Event>, Arc<AtomicBool>, std::thread::JoinHandle<()>) {
    let (tell, told) = mpsc::channel();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        run(&config, &stopped, &mut |event| {
            let _ = tell.send(event.clone());
        })
        .unwrap();
    });
    (told, stop, thread)
}

fn next(events: &mpsc::Receiver<Event>) -> Event {
    events.recv_timeout(Duration::from_secs(10)).unwrap()
}

fn issuer() -> (rcgen::CertificateParams, rcgen::KeyPair) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Bench CA");
    (params, rcgen::KeyPair::generate().unwrap())
}

/// What a device is given once its request is known: paths and contents.
type Files<'a> = &'a dyn Fn(&[u8]) -> Vec<(&'static str, String)>;

fn provision(port: &Path, files: Files<'_>) {
    let product = Product::parse(RECIPE).unwrap();
    let mut driver = open_driver(&product, port::open(port, 115_200).unwrap(), None, [3; 8]);
    driver.identify().unwrap();
    let csr = driver.request_csr(Which::Primary, "sn-1", CsrKey::P256, false).unwrap();
    for (path, text) in files(&csr) {
        let file = Rendered { path: path.to_owned(), mode: 0o600, content: Secret::from(text), secret: true };
        write_file(driver.as_mut(), &file, &mut |_, _| {}).unwrap();
    }
    driver.commit().unwrap();
    driver.finish().unwrap();
}

#[test]
fn the_bench_tells_who_is_plugged_finished_and_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let (events, _stop, thread) = start(config(folder.path()));
    let Event::Plugged { index: 1, serial, mac, port } = next(&events) else { panic!("not plugged") };
    assert_eq!((serial.as_str(), mac.as_str()), ("DEMO-00001", "02:4c:53:01:00:01"));
    let Event::Plugged { index: 2, port: second, .. } = next(&events) else { panic!("not plugged") };
    provision(&port, &|_| vec![("dps.json", "{}".to_owned())]);
    assert_eq!(next(&events), Event::Finished { serial: "DEMO-00001".to_owned() });
    for (link, serial) in [(port, "DEMO-00001"), (second, "DEMO-00002")] {
        std::fs::remove_file(link).unwrap();
        assert_eq!(next(&events), Event::Unplugged { serial: serial.to_owned() });
    }
    thread.join().unwrap();
    let line = serde_json::to_string(&Event::Finished { serial: "A".to_owned() }).unwrap();
    assert_eq!(line, r#"{"event":"finished","serial":"A"}"#);
}

#[test]
fn the_bench_is_cleared_when_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (events, stop, thread) = start(config(folder.path()));
    let _ = (next(&events), next(&events));
    stop.store(true, Ordering::SeqCst);
    thread.join().unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("ports")).unwrap().count(), 0);
}

#[test]
fn a_bench_that_is_told_to_end_leaves_no_link_to_a_terminal_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        let mut command = lineside();
        command.args(["sim", "device", "--count", "3", "--folder"]).arg(folder.path().join("ports"));
        command.arg("--state").arg(folder.path().join("devices"));
        let mut bench = Process::start(command);
        for _ in 0..3 {
            assert_eq!(bench.json_line()["event"], "plugged");
        }
        let links = || std::fs::read_dir(folder.path().join("ports")).unwrap().count();
        assert_eq!(links(), 3);
        let ended = bench.signal(signal);
        assert_eq!((ended.exit, links()), (0, 0), "{signal}: {}", ended.err);
        assert_eq!(ended.out.matches("\"unplugged\"").count(), 3, "{}", ended.out);
    }
}

/// One request after the other over TLS; what the client showed of itself, and its request.
fn serve(
    listener: &TcpListener,
    tls: &Arc<rustls::ServerConfig>,
    answer: &str,
) -> (Option<Vec<u8>>, String, String) {
    let (mut tcp, _) = listener.accept().unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut session = rustls::ServerConnection::new(Arc::clone(tls)).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut tcp);
    let mut reader = BufReader::new(&mut stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
    stream.conn.send_close_notify();
    let _ = stream.flush();
    let leaf = session.peer_certificates().map(|chain| chain[0].to_vec());
    (leaf, head, String::from_utf8(body).unwrap())
}

fn http(status: &str, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n{body}", body.len())
}

const ASSIGNED: &str = r#"{"operationId":"5.x","status":"assigned","registrationState":{"registrationId":"sn-1","assignedHub":"lab-hub.azure-devices.net","deviceId":"sn-1","status":"assigned","substatus":"initialAssignment"}}"#;

/// The public key of a device's request.
struct DeviceKey(Vec<u8>);

impl rcgen::PublicKeyData for DeviceKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

fn registered(symmetric: bool) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let folder = tempfile::tempdir().unwrap();
    let (ca, ca_key) = issuer();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let ca_der = ca.self_signed(&ca_key).unwrap().der().to_vec();
    let authority = rcgen::Issuer::new(ca, ca_key);
    let server_key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&server_key, &authority);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(ca_der)).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
    let tls = Arc::new(
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![server.unwrap().der().clone()],
                PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
            )
            .unwrap(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &ca_pem).unwrap();

    let mut config = config(folder.path());
    config.count = 1;
    config.unplug_after_finish = true;
    config.register = Some(RegisterConfig { ca_file, within: Duration::from_secs(20) });
    let (events, _stop, thread) = start(config);
    let Event::Plugged { port, .. } = next(&events) else { panic!("not plugged") };
    provision(&port, &|csr| {
        let dps = format!(
            r#"{{"id_scope":"0ne1","global_endpoint":"{endpoint}/","registration_id":"sn-1","device_id":"sn-1"}}"#
        );
        let credential = if symmetric {
            ("device-key", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=".to_owned())
        } else {
            let csr = x509_cert::request::CertReq::from_der(csr).unwrap();
            let key = DeviceKey(csr.info.public_key.subject_public_key.raw_bytes().to_vec());
            let mut leaf = rcgen::CertificateParams::new(Vec::new()).unwrap();
            leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
            ("chain.pem", format!("{}{ca_pem}", leaf.signed_by(&key, &authority).unwrap().pem()))
        };
        vec![("dps.json", dps), credential]
    });
    // not enrolled yet; then accepted; then assigned
    let path = "PUT /0ne1/registrations/sn-1/register?api-version=2021-06-01 HTTP/1.1";
    for answer in [
        http("401 Unauthorized", "", r#"{"errorCode":401002}"#),
        http("202 Accepted", "Retry-After: 0\r\n", r#"{"operationId":"5.x","status":"assigning"}"#),
    ] {
        let (leaf, head, body) = serve(&listener, &tls, &answer);
        assert!(head.starts_with(path), "{head}");
        assert_eq!(body, r#"{"registrationId":"sn-1"}"#);
        assert_eq!(leaf.is_none(), symmetric);
        let token = "authorization: SharedAccessSignature sr=0ne1%2Fregistrations%2Fsn-1&sig=";
        assert_eq!(head.to_ascii_lowercase().contains(&token.to_ascii_lowercase()), symmetric, "{head}");
    }
    let (_, head, _) = serve(&listener, &tls, &http("200 OK", "", ASSIGNED));
    assert!(head.starts_with("GET /0ne1/registrations/sn-1/operations/5.x?api-version=2021-06-01"), "{head}");
    assert_eq!(next(&events), Event::Finished { serial: "DEMO-00001".to_owned() });
    assert_eq!(
        next(&events),
        Event::Registered {
            serial: "DEMO-00001".to_owned(),
            registration_id: "sn-1".to_owned(),
            device_id: "sn-1".to_owned(),
            assigned_hub: "lab-hub.azure-devices.net".to_owned(),
        }
    );
    assert_eq!(next(&events), Event::Unplugged { serial: "DEMO-00001".to_owned() });
    thread.join().unwrap();
}

#[test]
fn a_device_registers_with_its_certificate_and_its_own_key() {
    registered(false);
}

#[test]
fn a_device_registers_with_its_symmetric_key() {
    registered(true);
}
