//! A process of which every line is heard, on standard output and standard error alike, and that ends when it is told.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a line may be waited for that comes well within a second on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process and everything it says. It is killed when this is dropped, or when the thread that started it ends.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Process {
    pub fn start(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Process {
        // setpriv becomes the program; so it ends even if this program is killed before it can end it
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", program])
            .args(arguments)
            .env_remove("LINESIDE_LOG")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setpriv of util-linux starts the program");
        let (tell, lines) = channel();
        listen(child.stdout.take().expect("it is a pipe"), tell.clone());
        listen(child.stderr.take().expect("it is a pipe"), tell);
        Process { child, lines, heard: Vec::new() }
    }

    /// Waits for a line that means something to `read`, on either output.
    pub fn until<T>(&mut self, what: &str, mut read: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no {what}; it said:\n{}", self.heard.join("\n"));
            };
            let found = read(&line);
            self.heard.push(line);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// SIGKILL, and gone when this returns.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // it may have ended by itself; then there is nothing to end
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn listen(stream: impl Read + Send + 'static, tell: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                break;
            }
        }
    });
}
