//! Somebody who watches the Line page: its server-sent events as they come, and what the page shows by then.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::browser::Browser;
use super::words;
use crate::factory::SOON;

/// The connection of one page.
pub struct Live {
    events: Receiver<(String, String)>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The parts of the page by ID, as they were sent last.
    pub parts: BTreeMap<String, String>,
    /// All events: name and data of beats and moves, name and ID of parts.
    pub seen: Vec<(String, String)>,
    /// The states each tile went through.
    pub states: BTreeMap<String, Vec<String>>,
}

impl Live {
    /// Connects as this browser would.
    pub fn watch(browser: &Browser) -> Live {
        let (authority, cookies) = browser.connection();
        let mut stream = TcpStream::connect(&authority).expect("the pages are served");
        stream.set_read_timeout(Some(SOON)).unwrap();
        let request = format!("GET /events HTTP/1.1\r\nHost: {authority}\r\nCookie: {cookies}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        let mut chunked = false;
        loop {
            line.clear();
            reader.read_line(&mut line).expect("headers");
            chunked |= line.to_ascii_lowercase().contains("transfer-encoding: chunked");
            if line == "\r\n" {
                break;
            }
        }
        let (tell, events) = channel();
        thread::spawn(move || {
            let body: Box<dyn Read> =
                if chunked { Box::new(Chunks { from: reader, left: 0 }) } else { Box::new(reader) };
            let (mut name, mut data) = (String::new(), Vec::new());
            for line in BufReader::new(body).lines().map_while(Result::ok) {
                match line.split_once(": ") {
                    Some(("event", value)) => name = value.to_owned(),
                    Some(("data", value)) => data.push(value.to_owned()),
                    _ if line.is_empty() => {
                        let event = (std::mem::take(&mut name), std::mem::take(&mut data).join("\n"));
                        // nobody listens any more
                        let Ok(()) = tell.send(event) else { break };
                    }
                    _ => {}
                }
            }
        });
        Live { events, status, parts: BTreeMap::new(), seen: Vec::new(), states: BTreeMap::new() }
    }

    /// Follows the events until the page shows this, or fails the test.
    #[track_caller]
    pub fn until(&mut self, what: &str, shown: impl Fn(&Live) -> bool) {
        let deadline = Instant::now() + SOON;
        while !shown(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left.max(Duration::from_millis(1))) {
                Ok((name, data)) => self.take(name, data),
                Err(error) => {
                    panic!("waited in vain for {what} ({error}): {:#?} {:?}", self.parts, self.seen)
                }
            }
        }
    }

    fn take(&mut self, name: String, data: String) {
        if name != "part" {
            self.seen.push((name, data));
            return;
        }
        let id = attribute(&data, "id").expect("a part has an ID");
        if let Some(state) = attribute(&data, "data-state") {
            let states = self.states.entry(id.clone()).or_default();
            if states.last() != Some(&state) {
                states.push(state);
            }
        }
        self.seen.push((name, id.clone()));
        self.parts.insert(id, data);
    }

    /// The state a slot's tile shows.
    pub fn state(&self, slot: &str) -> &str {
        let states = self.states.get(&format!("tile-{slot}"));
        states.and_then(|states| states.last()).map_or("", String::as_str)
    }

    /// What a slot's tile says.
    pub fn tile(&self, slot: &str) -> String {
        self.says(&format!("tile-{slot}"))
    }

    /// What a part says.
    pub fn says(&self, id: &str) -> String {
        words(self.parts.get(id).map_or("", String::as_str))
    }

    /// How often an event of this name came.
    pub fn count(&self, name: &str) -> usize {
        self.seen.iter().filter(|(seen, _)| seen == name).count()
    }
}

fn attribute(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// The body of an answer in chunks (RFC 9112 §7.1).
struct Chunks {
    from: BufReader<TcpStream>,
    left: u64,
}

impl Read for Chunks {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            let mut line = String::new();
            while line.trim().is_empty() {
                line.clear();
                if self.from.read_line(&mut line)? == 0 {
                    return Ok(0);
                }
            }
            self.left = u64::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
            if self.left == 0 {
                return Ok(0);
            }
        }
        let read = (&mut self.from).take(self.left).read(into)?;
        self.left -= u64::try_from(read).map_err(std::io::Error::other)?;
        Ok(read)
    }
}
