//! Processes of a test: run to their end, or running beside it and read line by line.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::SOON;

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; -1 if a signal ended it.
    pub exit: i32,
    /// What it printed.
    pub out: String,
    /// What it said on standard error.
    pub err: String,
}

impl Ended {
    /// It ended with this exit code, and its last word on standard error is a sentence, what to do next, and
    /// this code; not a panic, not a heap of lines.
    #[track_caller]
    pub fn is_refused(&self, exit: i32, code: &str) {
        assert_eq!(self.exit, exit, "{self:?}");
        let last = self.err.lines().last().unwrap_or_default();
        assert!(last.starts_with("lineside: ") || self.err.starts_with("lineside: "), "{self:?}");
        assert!(last.ends_with(&format!(" [{code}]")), "{self:?} is not {code}");
        let next = lineside::domain::code::Code::find(code).expect("a code of the registry").next_step();
        assert!(last.contains(next), "{self:?} does not say what to do next");
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

/// Runs a command to its end, without input; it must end soon.
pub fn run(command: Command) -> Ended {
    Process::start(command).wait()
}

/// A process beside the test. It is killed when this is dropped, and when the thread that started it ends.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    out: String,
    err: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts a command without input.
    pub fn start(command: Command) -> Process {
        // setpriv becomes the program; so it ends even if this test is killed before it can drop it
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig", "KILL"]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        let mut child = wrapped
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setpriv of util-linux starts the program");
        let out = child.stdout.take().expect("its output is a pipe");
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let mut err = child.stderr.take().expect("its errors are a pipe");
        let err = thread::spawn(move || {
            let mut text = Vec::new();
            // what came before the pipe broke is all there is
            let _ = err.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Process { child, lines, out: String::new(), err: Some(err) }
    }

    /// The next line it prints, if one comes within the time.
    pub fn line_within(&mut self, time: Duration) -> Option<String> {
        let line = self.lines.recv_timeout(time).ok()?;
        self.out.push_str(&line);
        self.out.push('\n');
        Some(line)
    }

    /// The next line it prints, as JSON.
    pub fn json_line(&mut self) -> Value {
        let Some(line) = self.line_within(SOON) else {
            self.kill();
            panic!("no line came; on standard error: {}", self.errors());
        };
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?} is not JSON: {error}"))
    }

    /// Sends it SIGTERM and waits until it has ended.
    pub fn terminate(self) -> Ended {
        self.signal("TERM")
    }

    /// Sends it this signal and waits until it has ended.
    pub fn signal(self, name: &str) -> Ended {
        let mut kill = Command::new("kill");
        let sent = kill.args(["-s", name]).arg(self.child.id().to_string()).status().expect("kill");
        assert!(sent.success());
        self.wait()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        // one that has ended by itself cannot be killed, and that is fine
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state can be asked").is_some()
    }

    /// Waits until it has ended by itself, which must be soon.
    pub fn wait(self) -> Ended {
        self.wait_for(SOON)
    }

    /// Waits until it has ended by itself, this long at most.
    pub fn wait_for(mut self, longest: Duration) -> Ended {
        let deadline = Instant::now() + longest;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its state can be asked") {
                break status;
            }
            if Instant::now() > deadline {
                self.kill();
                let errors = self.errors();
                panic!("it did not end; so far: {} {errors}", self.out);
            }
            thread::sleep(Duration::from_millis(10));
        };
        while self.line_within(SOON).is_some() {}
        Ended { exit: status.code().unwrap_or(-1), out: std::mem::take(&mut self.out), err: self.errors() }
    }

    fn errors(&mut self) -> String {
        self.err.take().map(|reader| reader.join().expect("its reader ended")).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
