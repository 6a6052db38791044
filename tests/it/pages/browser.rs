//! A browser as plain as can be: one request a connection, the headers as the test wants them, cookies kept.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::factory::{PASSWORD, SOON, Serving};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All header lines: names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The page.
    pub body: String,
    /// The same as it was sent, for files that are no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The value of a header that comes once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = found.next()?;
        assert!(found.next().is_none(), "{name} comes twice");
        Some(value)
    }

    /// It sends the browser to another page.
    #[track_caller]
    pub fn goes_to(&self, place: &str) {
        assert_eq!((self.status, self.header("location")), (303, Some(place)), "{self:?}");
    }

    /// The value of the hidden field `csrf` of the page's form.
    pub fn csrf(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").expect("a form with its token");
        rest.split_once('"').unwrap().0.to_owned()
    }
}

/// A browser with its cookies.
pub struct Browser {
    authority: String,
    /// The name it knows the station by, and what it trusts there, under TLS.
    tls: Option<(String, Arc<ClientConfig>)>,
    cookies: BTreeMap<String, String>,
    part: bool,
}

impl Browser {
    /// A new browser, which knows no cookie, for the pages at this address.
    pub fn at(url: &str) -> Browser {
        let authority = url.strip_prefix("http://").expect("plain HTTP on loopback").to_owned();
        Browser { authority, tls: None, cookies: BTreeMap::new(), part: false }
    }

    /// A new browser in which this person, who has the password of all tests, is logged in.
    pub fn logged_in(serving: &Serving, name: &str) -> Browser {
        let mut browser = Browser::at(&serving.url);
        browser.log_in(name, PASSWORD).goes_to("/");
        browser
    }

    /// A new browser for pages under TLS on this port of the loopback address; it knows the station by this name and
    /// trusts the certificate in this file alone.
    pub fn under_tls(port: &str, name: &str, certificate: &Path) -> Browser {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).expect("a certificate")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = Some((name.to_owned(), Arc::new(config)));
        Browser { authority: format!("127.0.0.1:{port}"), tls, cookies: BTreeMap::new(), part: false }
    }

    /// Forgets a cookie, or is given one.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The host it names in its requests.
    fn host(&self) -> String {
        match &self.tls {
            Some((name, _)) => format!("{name}:{}", self.authority.rsplit_once(':').unwrap().1),
            None => self.authority.clone(),
        }
    }

    /// Opens the log-in page and scans a badge there.
    pub fn scan_in(&mut self, badge: &str) -> Answer {
        let csrf = self.get("/login").csrf();
        self.post("/badge", &[("csrf", &csrf), ("badge", badge)])
    }

    /// Opens a page and sends a form from there.
    pub fn fill_in(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.get(page).csrf();
        self.post(action, &[&[("csrf", csrf.as_str())], fields].concat())
    }

    /// A browser that kept a cookie line from elsewhere, such as from before a restart.
    pub fn with(authority: &str, cookies: &str) -> Browser {
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        let cookies = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Browser { authority: authority.to_owned(), tls: None, cookies, part: false }
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Answer {
        let host = self.host();
        self.ask("GET", path, &host, None)
    }

    /// Opens a page under another host name.
    pub fn get_as(&mut self, path: &str, host: &str) -> Answer {
        self.ask("GET", path, host, None)
    }

    /// Asks for a part of a page, as htmx does.
    pub fn get_part(&mut self, path: &str) -> Answer {
        let host = self.host();
        self.ask("GET", path, &format!("{host}\r\nHX-Request: true"), None)
    }

    /// Asks for a file unless it is still the one of which this tag is kept.
    pub fn get_unless(&mut self, path: &str, tag: &str) -> Answer {
        let host = self.host();
        self.ask("GET", path, &format!("{host}\r\nIf-None-Match: {tag}"), None)
    }

    /// Sends a form.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let host = self.host();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.ask("POST", path, &host, Some((FORM, pairs.join("&").as_bytes())))
    }

    /// Sends a form with a file, as a browser does: the fields in their order, the file last.
    pub fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: (&str, &[u8])) -> Answer {
        let host = self.host();
        let body = multipart(fields, file);
        self.ask("POST", path, &host, Some((MULTIPART, &body)))
    }

    /// Begins to send a form with a file, says that it is this long in all, and sends no more of it.
    pub fn upload_begun(&mut self, path: &str, fields: &[(&str, &str)], length: u64) -> Answer {
        let host = format!("{}\r\nContent-Length: {length}", self.host());
        let body = multipart(fields, ("large.csv", b"serial\n"));
        self.ask("POST", path, &host, Some((MULTIPART, &body)))
    }

    /// Opens the log-in page, fills it in and sends it.
    pub fn log_in(&mut self, name: &str, password: &str) -> Answer {
        let csrf = self.get("/login").csrf();
        self.post("/login", &[("csrf", &csrf), ("name", name), ("password", password)])
    }

    /// Opens the unlock page, fills it in and sends it.
    pub fn unlock(&mut self, passphrase: &str) -> Answer {
        let csrf = self.get("/unlock").csrf();
        self.post("/unlock", &[("csrf", &csrf), ("passphrase", passphrase)])
    }

    /// Sends a form as a script of the page does, which wants a part of a page back.
    pub fn post_for_part(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.part = true;
        let answer = self.post(path, fields);
        self.part = false;
        answer
    }

    /// Where it asks, and with which cookies: for a connection that stays open.
    pub fn connection(&self) -> (String, String) {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (self.authority.clone(), cookies.join("; "))
    }

    /// The value of a cookie it keeps.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    fn ask(&mut self, method: &str, path: &str, host: &str, body: Option<(&str, &[u8])>) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.push_str(&format!("Cookie: {}\r\n", cookies.join("; ")));
        }
        if self.part {
            request.push_str("HX-Request: true\r\n");
        }
        if let Some((kind, body)) = body {
            request.push_str(&format!("Content-Type: {kind}\r\n"));
            if !host.contains("Content-Length") {
                request.push_str(&format!("Content-Length: {}\r\n", body.len()));
            }
        }
        request.push_str("\r\n");
        let mut request = request.into_bytes();
        request.extend_from_slice(body.map_or(&[], |(_, body)| body));
        let mut stream = TcpStream::connect(&self.authority).expect("the pages are served");
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut answer = Vec::new();
        match &self.tls {
            None => {
                stream.write_all(&request).unwrap();
                stream.read_to_end(&mut answer).expect("an answer, then the end");
            }
            Some((name, config)) => {
                let name = ServerName::try_from(name.clone()).unwrap();
                let session = ClientConnection::new(config.clone(), name).unwrap();
                let mut stream = StreamOwned::new(session, stream);
                stream.write_all(&request).expect("a handshake under the certificate trusted");
                match stream.read_to_end(&mut answer) {
                    Ok(_) => {}
                    // the server may hang up without a farewell
                    Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{error}"),
                }
            }
        }
        let answer = parse(&answer);
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, _) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// How forms without files are sent.
const FORM: &str = "application/x-www-form-urlencoded";
/// What stands between the parts of those with files.
const BOUNDARY: &str = "----lineside-test-7d1f3a";
/// How those are sent.
const MULTIPART: &str = "multipart/form-data; boundary=----lineside-test-7d1f3a";

fn multipart(fields: &[(&str, &str)], (name, content): (&str, &[u8])) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n");
        body.extend_from_slice(format!("{head}{value}\r\n").as_bytes());
    }
    // as browsers do it (the HTML standard): what would end the name is written in percent
    let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
    body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\nContent-Type: text/csv\r\n\r\n").as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("headers, then the page");
    let head = String::from_utf8(answer[..end].to_vec()).expect("headers are text");
    let bytes = answer[end + 4..].to_vec();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').expect("a header");
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    Answer { status: status.parse().unwrap(), headers: headers.collect(), body, bytes }
}

/// A text as it stands in a form or an address.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
