//! What the network sees: TLS on every address but loopback ones, our host names only, cookies that stay on TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use crate::factory::{PASSWORD, Station};
use crate::pages::browser::Browser;

fn port(url: &str) -> &str {
    assert!(url.starts_with("https://"), "{url}");
    url.rsplit_once(':').unwrap().1
}

#[test]
fn an_address_others_can_reach_speaks_tls_only() {
    let station = Station::found();
    let every_address = station.refused(2, "LS-SET-10", &["serve", "--listen", "0.0.0.0:0"]);
    assert!(every_address.contains("hosts"), "{every_address}");
    station.set("# hosts = [\"line-1.plant\"]", "hosts = [\"line-1.plant\"]");
    let serving = station.serve_at("0.0.0.0:0");
    let port = port(&serving.url).to_owned();
    let certificate = station.folder().join("tls.pem");
    let mode = fs::metadata(station.folder().join("tls-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut plain = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    plain.write_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // it may hang up in the middle
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("<form"), "{answer:?}");

    for name in ["line-1.plant", "localhost"] {
        let mut browser = Browser::under_tls(&port, name, &certificate);
        let set = browser.log_in("admin", PASSWORD);
        set.goes_to("/");
        for cookie in set.headers.iter().filter(|(name, _)| name == "set-cookie") {
            assert!(cookie.1.contains("; Secure"), "{cookie:?}");
        }
        assert!(browser.get("/login").header("set-cookie").unwrap().contains("; Secure"));
        assert_eq!(browser.get("/").status, 200);
        for stranger in ["evil.example", "line-2.plant", &format!("192.0.2.9:{port}")] {
            assert_eq!(browser.get_as("/login", stranger).status, 421, "{stranger}");
        }
    }
    assert_eq!(station.events("pages-certified").len(), 1);
}

#[test]
fn the_stations_certificate_stays_and_loopback_may_speak_tls_too() {
    let station = Station::found();
    assert!(station.serve().url.starts_with("http://127.0.0.1:"));
    assert!(!station.folder().join("tls.pem").exists(), "none is made before it is needed");
    station.set("# [tls]", "[tls]\nalways = true");
    let certificate = station.folder().join("tls.pem");
    let mut before = None;
    for _ in 0..2 {
        let serving = station.serve();
        // the address itself is one of its names
        let mut browser = Browser::under_tls(port(&serving.url), "127.0.0.1", &certificate);
        browser.log_in("admin", PASSWORD).goes_to("/");
        let now = fs::read_to_string(&certificate).unwrap();
        assert!(before.is_none_or(|before| before == now), "a certificate people trusted is kept");
        before = Some(now);
        serving.end();
    }
}

#[test]
fn an_owners_certificate_is_served_or_refused_with_a_sentence() {
    let station = Station::found();
    let make = |name: &str| {
        let (certificate, key) =
            (station.beside(&format!("{name}.pem")), station.beside(&format!("{name}-key.pem")));
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2", "-subj", "/CN=pages"]);
        openssl.args([
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ]);
        openssl.arg("-out").arg(&certificate).arg("-keyout").arg(&key);
        assert!(openssl.output().expect("the tests need the openssl command").status.success());
        (certificate, key)
    };
    let ((certificate, key), (_, other)) = (make("one"), make("two"));
    let part =
        |key: &std::path::Path| format!("[tls]\nalways = true\ncertificate = {certificate:?}\nkey = {key:?}");
    station.set("# [tls]", &part(&other));
    let listen = ["serve", "--listen", "127.0.0.1:0"];
    assert!(station.refused(2, "LS-TLS-01", &listen).contains("do not fit"));
    station.set(&part(&other), &part(&key));
    let serving = station.serve();
    let mut browser = Browser::under_tls(port(&serving.url), "localhost", &certificate);
    browser.log_in("admin", PASSWORD).goes_to("/");
    assert!(!station.folder().join("tls.pem").exists());
    serving.end();

    // what devices trust is no certificate for a page
    let ca = station.folder().join("ca").join("issuing.pem");
    fs::write(&certificate, fs::read(ca).unwrap()).unwrap();
    assert!(station.refused(2, "LS-TLS-01", &listen).contains("the CA of the devices"));
}
