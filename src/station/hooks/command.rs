//! A hook that is a program: started without a shell, in a process group of its own that ends with the deadline,
//! with nothing of ours but what it is to be told.

use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Happened, HookFailed};

/// How often a program is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// What is kept of what it says, in bytes; more is read and thrown away.
const KEPT: usize = 4096;
/// What is told of that, in characters.
const TOLD: usize = 200;
/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a program to its end, or kills it and all it started at the deadline.
///
/// # Errors
/// See [`HookFailed`]; an exit code other than 0 is one.
pub fn run(words: &[String], what: &Happened, deadline: Duration) -> Result<(), HookFailed> {
    let (program, arguments) =
        words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let cannot = |why| HookFailed::CannotStart { program: program.to_owned(), why };
    let (mut ours, theirs) = UnixStream::pair().map_err(cannot)?;
    ours.set_nonblocking(true).map_err(cannot)?;
    let also_theirs = theirs.try_clone().map_err(cannot)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .envs(what.environment())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .stderr(Stdio::from(OwnedFd::from(also_theirs)))
        .process_group(0);
    let mut child = command.spawn().map_err(cannot)?;
    // our copies of its ends of the pair
    drop(command);
    let begun = Instant::now();
    let mut said = Vec::new();
    loop {
        listen(&mut ours, &mut said);
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                listen(&mut ours, &mut said);
                return Err(ended(program, status, &said));
            }
            Ok(None) if begun.elapsed() < deadline => thread::sleep(LOOK),
            Ok(None) => {
                kill(&mut child);
                return Err(HookFailed::Late { program: program.to_owned(), seconds: deadline.as_secs() });
            }
            Err(why) => {
                kill(&mut child);
                return Err(cannot(why));
            }
        }
    }
}

/// Kills the whole group. The child was not waited for yet, so its number is still its own.
fn kill(child: &mut Child) {
    if let Err(error) = kill_process_group(Pid::from_child(child), Signal::KILL) {
        tracing::warn!("a hook could not be killed: {error}");
    }
    // it is dead or about to be
    let _ = child.wait();
}

/// Takes what it said so far, and never waits for more.
fn listen(ours: &mut UnixStream, said: &mut Vec<u8>) {
    let mut some = [0; 1024];
    // as much as a look may take; the rest is for the next one
    for _ in 0..64 {
        match ours.read(&mut some) {
            Ok(0) => return,
            Ok(count) => {
                let room = KEPT.saturating_sub(said.len()).min(count);
                said.extend_from_slice(some.get(..room).unwrap_or_default());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn ended(program: &str, status: ExitStatus, said: &[u8]) -> HookFailed {
    let text = String::from_utf8_lossy(said);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let last: String = last.chars().filter(|ch| !ch.is_control()).take(TOLD).collect();
    let said = if last.is_empty() { String::new() } else { format!(" and says “{last}”") };
    HookFailed::Ended { program: program.to_owned(), status: status.to_string(), said }
}
