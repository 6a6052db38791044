//! The station as a process of its own, and a client that keeps its connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use lineside::station::folder::Folder;

/// A serving station; it is killed when this is dropped.
pub struct Serving {
    process: Child,
    pub url: String,
}

impl Serving {
    pub fn start(folder: &Folder, place: &Path, secret: &str) -> Serving {
        let passphrase = place.join("passphrase");
        std::fs::write(&passphrase, secret).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_lineside"))
            .arg("--station")
            .arg(folder.path())
            .arg("--passphrase-file")
            .arg(&passphrase)
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).expect("serve says where it is");
        assert_eq!(said["locked"], false);
        Serving { process, url: said["url"].as_str().unwrap().to_owned() }
    }

    /// From now on, the peak of the resident memory is counted anew (proc(5): clear_refs 5).
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5").unwrap();
    }

    /// How much processor time it has taken, in seconds, in steps of the kernel's tick (10 ms).
    pub fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().unwrap());
        ticks.sum::<f64>() / 100.0
    }

    /// The most memory that was resident, in bytes.
    pub fn peak_resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // one that has ended by itself cannot be killed, and that is fine
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A logged-in client on one connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
    cookies: String,
}

impl Client {
    pub fn log_in(url: &str, name: &str, password: &str) -> Client {
        let host = url.strip_prefix("http://").unwrap().to_owned();
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Client { stream: BufReader::new(stream), host, cookies: String::new() };
        let (page, gate) = client.ask("GET /login", "");
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = rest.split('"').next().unwrap().to_owned();
        client.cookies = gate.expect("a cookie for the form");
        let form = format!("csrf={csrf}&name={name}&password={}", password.replace(' ', "+"));
        let (_, session) = client.ask("POST /login", &form);
        client.cookies = session.expect("the password is right");
        client
    }

    /// A page; whatever is not one is an error.
    pub fn get(&mut self, path: &str) -> String {
        let (body, _) = self.ask(&format!("GET {path}"), "");
        body
    }

    /// Sends a request, returns the body and the cookie that was set.
    fn ask(&mut self, what: &str, form: &str) -> (String, Option<String>) {
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            self.host,
            self.cookies,
            form.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut length, mut cookie, mut first) = (0, None, true);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if std::mem::take(&mut first) {
                assert!(line.contains(" 200 ") || line.contains(" 303 "), "{what}: {line}");
            }
            if let Some((name, value)) = line.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    "set-cookie" => cookie = value.split(';').next().map(str::to_owned),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (String::from_utf8(body).unwrap(), cookie)
    }
}
