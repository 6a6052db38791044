//! Somebody who is told things over HTTP: keeps what arrives, and answers as the test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Something that arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub text: String,
    /// What was answered.
    pub status: u16,
}

impl Arrived {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).1
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// Listens until the test ends.
pub struct Receiver {
    /// Where.
    pub url: String,
    status: Arc<AtomicU16>,
    retry_after: Arc<Mutex<Option<String>>>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    /// One that takes everything.
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let (status, arrived) = (Arc::new(AtomicU16::new(204)), Arc::new(Mutex::new(Vec::new())));
        let retry_after = Arc::new(Mutex::new(None));
        let (answer, keep, later) = (Arc::clone(&status), Arc::clone(&arrived), Arc::clone(&retry_after));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // whoever breaks off told nothing
                let _ = take(stream, &answer, &later, &keep);
            }
        });
        Receiver { url, status, retry_after, arrived }
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Asks from now on to be left alone for a while, beside the status.
    pub fn ask(&self, retry_after: &str) {
        *self.retry_after.lock().unwrap() = Some(retry_after.to_owned());
    }

    /// Everything that arrived so far.
    pub fn all(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// What was taken, each once, in the order in which it was first taken.
    pub fn taken(&self) -> Vec<Arrived> {
        let mut taken: Vec<Arrived> = Vec::new();
        for arrived in self.all().into_iter().filter(|arrived| arrived.status < 300) {
            if taken.iter().all(|known| known.text != arrived.text) {
                taken.push(arrived);
            }
        }
        taken
    }
}

fn take(
    stream: TcpStream,
    status: &AtomicU16,
    retry_after: &Mutex<Option<String>>,
    keep: &Mutex<Vec<Arrived>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let (mut headers, mut length, mut line) = (Vec::new(), 0, String::new());
    reader.read_line(&mut line)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap_or(0);
        }
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let status = status.load(Ordering::SeqCst);
    let text = String::from_utf8(body).unwrap_or_default();
    keep.lock().unwrap().push(Arrived { headers, text, status });
    let asked = retry_after.lock().unwrap().clone();
    let asked = asked.map_or_else(String::new, |asked| format!("Retry-After: {asked}\r\n"));
    let answer = format!("HTTP/1.1 {status} X\r\n{asked}Content-Length: 0\r\nConnection: close\r\n\r\n");
    reader.into_inner().write_all(answer.as_bytes())
}
