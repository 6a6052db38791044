//! Another system: asks the station over HTTP with its token, and remembers every answer for the judge.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::judge::judge;
use crate::factory::{SOON, Station};

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The whole head, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// It is a problem with this status and code.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{self:?}");
        let next = lineside::domain::code::Code::find(code).expect("a code of the registry").next_step();
        assert_eq!(problem["next"], next, "{self:?}");
    }

    /// The media type.
    pub fn media(&self) -> &str {
        let (_, rest) = self.head.split_once("content-type: ").expect("a media type");
        rest.lines().next().unwrap().split(';').next().unwrap().trim()
    }
}

/// Adds a client at the command line; its token.
pub fn token(station: &Station, name: &str, may: &str) -> String {
    station.json(&["client", "add", name, "--may", may])["token"].as_str().unwrap().to_owned()
}

/// A system with its token.
pub struct Caller {
    authority: String,
    token: Option<String>,
    answers: Vec<Value>,
}

impl Caller {
    /// A system that asks the station at this address.
    pub fn at(url: &str, token: Option<&str>) -> Caller {
        let authority = url.strip_prefix("http://").expect("plain HTTP on loopback").to_owned();
        Caller { authority, token: token.map(str::to_owned), answers: Vec::new() }
    }

    /// Asks.
    pub fn get(&mut self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    /// Sends JSON.
    pub fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &["Content-Type: application/json"], &body.to_string())
    }

    /// Asks with these further header lines.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.authority);
        if let Some(token) = &self.token {
            request.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(&self.authority).expect("the API is served");
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        // a body that is too long is refused before its end
        let _ = stream.write_all(body.as_bytes());
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {read:?} {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let reply = Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() };
        if path.starts_with("/api/") {
            self.answers.push(json!({
                "method": method, "path": path, "status": status, "media": reply.media(), "body": reply.body,
            }));
        }
        reply
    }

    /// Every answer so far is as the station's own document says. How many operations that has.
    pub fn all_as_documented(&mut self) -> u64 {
        let document = self.get("/api/v1/openapi.json").json();
        assert!(self.answers.len() > 1, "nothing was asked");
        let given = json!({ "document": document, "answers": self.answers });
        let said = judge("openapi.py", &given.to_string());
        assert_eq!(said["answers"], self.answers.len(), "the judge looked at all");
        said["operations"].as_u64().unwrap()
    }
}
