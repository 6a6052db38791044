//! A browser as plain as can be: one request a connection, the headers as the test wants them, cookies kept.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use crate::factory::SOON;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All header lines: names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The page.
    pub body: String,
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
    cookies: BTreeMap<String, String>,
    part: bool,
}

impl Browser {
    /// A new browser, which knows no cookie, for the pages at this address.
    pub fn at(url: &str) -> Browser {
        let authority = url.strip_prefix("http://").expect("plain HTTP on loopback").to_owned();
        Browser { authority, cookies: BTreeMap::new(), part: false }
    }

    /// A browser that kept a cookie line from elsewhere, such as from before a restart.
    pub fn with(authority: &str, cookies: &str) -> Browser {
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        let cookies = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Browser { authority: authority.to_owned(), cookies, part: false }
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Answer {
        let host = self.authority.clone();
        self.ask("GET", path, &host, None)
    }

    /// Opens a page under another host name.
    pub fn get_as(&mut self, path: &str, host: &str) -> Answer {
        self.ask("GET", path, host, None)
    }

    /// Sends a form.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let host = self.authority.clone();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.ask("POST", path, &host, Some(&pairs.join("&")))
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

    fn ask(&mut self, method: &str, path: &str, host: &str, form: Option<&str>) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.push_str(&format!("Cookie: {}\r\n", cookies.join("; ")));
        }
        if self.part {
            request.push_str("HX-Request: true\r\n");
        }
        if let Some(form) = form {
            request.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            request.push_str(&format!("Content-Length: {}\r\n\r\n{form}", form.len()));
        } else {
            request.push_str("\r\n");
        }
        let mut stream = TcpStream::connect(&self.authority).expect("the pages are served");
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in UTF-8, then the end");
        let answer = parse(&answer);
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, _) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").expect("headers, then the page");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').expect("a header");
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    Answer { status: status.parse().unwrap(), headers: headers.collect(), body: body.to_owned() }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
