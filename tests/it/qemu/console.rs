//! A person at the console of the Linux device, for what a test does there itself: log in, run a command, log out.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serialport::SerialPort;

/// What the device's shell prints when it waits: busybox asks where the cursor is after its prompt.
pub const PROMPT: &str = "# \u{1b}[6n";
/// Far more than anything takes on a quiet machine; this one may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open console.
pub struct Console {
    port: Box<dyn SerialPort>,
    unread: String,
}

impl Console {
    /// Opens the port and types nothing.
    pub fn open(port: &Path) -> Console {
        let name = port.to_str().expect("the port's name is text");
        let port = serialport::new(name, 115_200).timeout(Duration::from_millis(100)).open();
        Console { port: port.expect("the port is free"), unread: String::new() }
    }

    /// Presses the Enter key now and then until the device asks for a user: what it said before is lost.
    pub fn wake(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        while !self.unread.contains("login: ") {
            assert!(Instant::now() < deadline, "the device does not boot: {:?}", self.unread);
            self.send("");
            self.listen(Instant::now() + Duration::from_secs(1));
        }
    }

    /// Logs in at a console that must be logged out and begins with nobody's history.
    pub fn log_in(port: &Path) -> Console {
        let mut console = Console::open(port);
        console.must_ask_for_a_user();
        console.send("root");
        console.until("Password: ", PATIENCE);
        console.send("factory1");
        console.until(PROMPT, PATIENCE);
        console
    }

    /// Logs whoever is there out, whatever a conversation over a bad line left behind.
    pub fn clear(port: &Path) {
        let mut console = Console::open(port);
        let deadline = Instant::now() + PATIENCE;
        let mut silence = Duration::from_millis(500);
        loop {
            console.unread.clear();
            // Ctrl-C, Ctrl-Q, Ctrl-U: out of a program, a stopped output, a half-typed line
            console.send("\u{3}\u{11}\u{15}");
            console.until("\n", PATIENCE);
            console.listen_for(silence);
            if console.unread.ends_with("login: ") {
                return;
            }
            if console.unread.trim_end_matches("\u{1b}[6n").ends_with("# ") {
                console.send("exit");
                console.listen_for(silence);
            }
            assert!(Instant::now() < deadline, "nobody can be logged out: {:?}", console.unread);
            // Ctrl-C ends the question for a user too, and it comes back only when init has slept for a second; after
            // a wrong password it takes three
            silence = (silence * 2).min(Duration::from_secs(4));
        }
    }

    /// A press of the Enter key is answered by the question for a user: nobody is logged in.
    pub fn must_ask_for_a_user(&mut self) {
        self.send("");
        let said = self.until(": ", PATIENCE);
        assert!(said.ends_with("login: "), "the console is not logged out: {said:?}");
        assert!(!said.contains('#'), "a shell answered before the log-in did: {said:?}");
    }

    /// Types a line.
    pub fn send(&mut self, line: &str) {
        self.port.write_all(format!("{line}\r").as_bytes()).expect("the port takes bytes");
    }

    /// What the device says up to and with this text; within the time, or the test fails.
    pub fn until(&mut self, text: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.unread);
            self.listen(deadline);
        }
    }

    /// Takes in what comes next, if anything comes before `until`.
    fn listen(&mut self, until: Instant) {
        let mut bytes = [0; 4096];
        loop {
            match self.port.read(&mut bytes) {
                Ok(count) => return self.unread.push_str(&String::from_utf8_lossy(&bytes[..count])),
                Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}"),
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    /// What a command prints; it must succeed. The marks are split so that the echo of the line holds none.
    pub fn run(&mut self, command: &str) -> String {
        self.send(&format!("echo '<'begin'>'; {command}; echo '<'end $?'>'"));
        self.until("<begin>\r\n", PATIENCE);
        let said = self.until("<end ", PATIENCE);
        let status = self.until(">", PATIENCE);
        self.until(PROMPT, PATIENCE);
        assert_eq!(status, "0>", "{command}: {said}");
        said.trim_end_matches("<end ").replace('\r', "")
    }

    /// The words a command prints.
    pub fn words(&mut self, command: &str) -> Vec<String> {
        self.run(command).split_whitespace().map(str::to_owned).collect()
    }

    /// The bytes of a file on the device.
    pub fn file(&mut self, path: &str) -> Vec<u8> {
        let text = self.words(&format!("base64 {path}")).concat();
        BASE64.decode(text).expect("the device's base64")
    }

    /// Logs out.
    pub fn log_out(mut self) {
        self.send("exit");
        self.until("login: ", PATIENCE);
    }

    /// Waits until nobody on the device has anything more to say.
    pub fn silence(mut self) {
        self.listen_for(Duration::from_secs(1));
    }

    /// Takes in all that comes until nothing has come for this long.
    fn listen_for(&mut self, silence: Duration) {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = usize::MAX;
        while heard != self.unread.len() {
            assert!(Instant::now() < deadline, "the device does not stop talking: {:?}", self.unread);
            heard = self.unread.len();
            self.listen(Instant::now() + silence);
        }
    }

    /// Waits until the other end of the line is gone, which a silent line is not.
    pub fn must_be_pulled(mut self) {
        let deadline = Instant::now() + PATIENCE;
        let mut byte = [0; 1];
        while self.port.read(&mut byte).is_err_and(|error| error.kind() == ErrorKind::TimedOut) {
            assert!(Instant::now() < deadline, "the pulled cable still looks like a silent line");
        }
    }
}
