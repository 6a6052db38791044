//! The conversation with a console: checked commands one at a time, once `entry` has brought it to a ready
//! shell.

mod entry;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::screen::{self, Prompt};
use super::script::{self, Mode, Output};
use crate::device::error::{LineError, harmless};
use crate::device::link::{Link, Shown, repeat};
use crate::domain::product::Login;
use crate::domain::secret::Secret;

/// Silence after which a console has said what it wanted to say.
const PAUSE: Duration = Duration::from_millis(250);
/// How often one command is sent while damaged answers come, which they do at once.
const ATTEMPTS: u32 = 8;
/// How many of these may be met with silence, which costs time.
const MOST_SILENCES: u32 = 3;
/// How long a here-document may take: one that lost its end never answers, and waiting longer does not help.
const DOCUMENT_WAIT: Duration = Duration::from_secs(4);
/// Ctrl-U: forgets a half-typed line. Ctrl-Q: lets output go on that line noise may have stopped.
const FRESH_LINE: &[u8] = b"\x11\x15\r";

/// A console on a link.
pub struct Console<P> {
    link: Link<P>,
    login: Option<Login>,
    password: Option<Secret>,
    answer_within: Duration,
    session: String,
    commands: u32,
    inside: bool,
}

impl<P: Read + Write> Console<P> {
    /// Over a link; `session` begins the tag of every command.
    pub fn new(
        link: Link<P>,
        login: Option<Login>,
        password: Option<Secret>,
        answer_within: Duration,
        session: [u8; 8],
    ) -> Console<P> {
        let session = hex::encode(session);
        Console { link, login, password, answer_within, session, commands: 0, inside: false }
    }

    /// Whether a shell was reached and not left again.
    pub fn is_inside(&self) -> bool {
        self.inside
    }

    /// Runs a command and returns its output; a failing one is a refusal by the device.
    pub fn ask(&mut self, command: &str) -> Result<String, LineError> {
        let (status, text) = self.run(Mode::Query, command, self.answer_within)?;
        done(status, &text).map(|()| text)
    }

    /// Runs a command that changes something and can be repeated without harm.
    pub fn change(&mut self, command: &str, within: Duration) -> Result<(), LineError> {
        let (status, text) = self.run(Mode::Change, command, within)?;
        done(status, &text)
    }

    /// Runs a command in the shell itself.
    pub fn set(&mut self, command: &str) -> Result<(), LineError> {
        let (status, text) = self.run(Mode::Set, command, self.answer_within)?;
        done(status, &text)
    }

    fn run(&mut self, mode: Mode, command: &str, within: Duration) -> Result<(u8, String), LineError> {
        self.again_and_again(|console| console.once(mode, command, within))
    }

    /// Repeats what a bad line may have damaged.
    fn again_and_again<T>(
        &mut self,
        mut once: impl FnMut(&mut Console<P>) -> Result<T, LineError>,
    ) -> Result<T, LineError> {
        let mut silences = 0;
        let ended = repeat(ATTEMPTS, |before| {
            self.interrupt(before)?;
            match once(self) {
                Err(LineError::Silent { what, waited }) => {
                    silences += 1;
                    let error = LineError::Silent { what, waited };
                    if silences == MOST_SILENCES { Ok(Err(error)) } else { Err(error) }
                }
                answered => answered.map(Ok),
            }
        });
        ended?
    }

    fn once(&mut self, mode: Mode, command: &str, within: Duration) -> Result<(u8, String), LineError> {
        let tag = self.tag();
        let what: String = command.chars().take(60).collect();
        let Some(line) = script::checked(&tag, mode, command) else {
            return Err(LineError::NotCapable { what: format!("a command as long as “{what}…”") });
        };
        self.link.discard();
        self.link.send(line.as_bytes(), Shown::Plain)?;
        finished(self.wait(&tag, &what, within)?, &what)
    }

    /// Appends bytes (at most [`script::DOCUMENT`]) to the file named by `$T`, which has `at` bytes so far.
    pub fn append(&mut self, at: usize, bytes: &[u8], shown: Shown) -> Result<(), LineError> {
        let tag = self.tag();
        let text = zeroize::Zeroizing::new(script::document(&tag, at, bytes));
        let within = self.answer_within.min(DOCUMENT_WAIT) + self.link.wire_time(text.len());
        self.link.discard();
        self.link.send(&text, shown)?;
        match finished(self.wait(&tag, "a file", within)?, "a file")? {
            (0, _) => Ok(()),
            (2, _) => Err(LineError::Refused {
                code: "exit 2".to_owned(),
                message: "the file cannot be written; is the memory full?".to_owned(),
            }),
            _ => Err(LineError::Garbled { what: "a file".to_owned() }),
        }
    }

    fn wait(&mut self, tag: &str, what: &str, within: Duration) -> Result<Output, LineError> {
        let until = Instant::now() + within;
        loop {
            match script::output(tag, self.link.received()) {
                Output::More => {
                    if script::is_lost(tag, self.link.received()) {
                        return Err(LineError::Garbled { what: what.to_owned() });
                    }
                    if Instant::now() >= until || !self.link.fill(until)? {
                        break;
                    }
                }
                found => return Ok(found),
            }
        }
        let elsewhere = matches!(screen::prompt(self.link.received()), Prompt::Login | Prompt::Password)
            || script::is_unknown("L", self.link.received());
        if elsewhere {
            return Err(LineError::Restarted { what: what.to_owned() });
        }
        Err(LineError::Silent { what: what.to_owned(), waited: within })
    }

    /// Before a repeat: out of whatever the last attempt is stuck in.
    pub fn interrupt(&mut self, before: u32) -> Result<(), LineError> {
        if before == 0 {
            return Ok(());
        }
        // one that is still at work when Ctrl-C comes may free its memory twice and end (BusyBox ash does)
        self.link.discard();
        self.settle(PAUSE, Instant::now() + self.answer_within)?;
        self.link.discard();
        self.link.send(b"\x11\x03", Shown::Plain)?;
        self.settle(PAUSE, Instant::now() + self.answer_within)
    }

    /// Waits until the console has said what it wanted to say: up to `first` for the first word, then until
    /// nothing more comes for a while. Kernel messages are no words of the console; some kernels never stop.
    fn settle(&mut self, first: Duration, until: Instant) -> Result<(), LineError> {
        let (mut said, mut silent_at) = (String::new(), Instant::now() + first);
        loop {
            self.link.fill(silent_at.min(until))?;
            let now_said = screen::said(self.link.received());
            if now_said != said {
                (said, silent_at) = (now_said, Instant::now() + PAUSE);
            }
            if Instant::now() >= silent_at.min(until) {
                return Ok(());
            }
        }
    }

    /// Takes away files that an unfinished run left beside their places, and logs out, as far as the console
    /// still answers.
    pub fn abandon(&mut self, left: &[String]) -> Result<(), LineError> {
        self.interrupt(1)?;
        for path in left {
            self.once(Mode::Change, &format!("rm -f {}", script::quote(path)), self.answer_within)?;
        }
        self.close()
    }

    fn tag(&mut self) -> String {
        self.commands += 1;
        format!("{}-{}", self.session, self.commands)
    }

    /// Logs out. A console that comes back with no log-in prompt has none.
    pub fn close(&mut self) -> Result<(), LineError> {
        self.inside = false;
        self.link.discard();
        self.link.send(b"stty echo; exit\r", Shown::Plain)?;
        let until = Instant::now() + Duration::from_secs(3);
        while screen::prompt(self.link.received()) != Prompt::Login {
            match self.link.fill(until) {
                Ok(true) => {}
                // the shell may have been all there was
                Ok(false) | Err(LineError::Gone) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether anything answers a key press.
    pub fn answers(&mut self) -> bool {
        self.link.discard();
        self.link.send(FRESH_LINE, Shown::Plain).is_ok()
            && self.link.fill(Instant::now() + Duration::from_secs(1)).unwrap_or(false)
    }
}

fn finished(output: Output, what: &str) -> Result<(u8, String), LineError> {
    match output {
        Output::Done(status, text) => Ok((status, text)),
        Output::More | Output::NotRun | Output::Damaged => Err(LineError::Garbled { what: what.to_owned() }),
    }
}

fn done(status: u8, text: &str) -> Result<(), LineError> {
    if status == 0 {
        return Ok(());
    }
    Err(LineError::Refused { code: format!("exit {status}"), message: harmless(text.as_bytes(), 160) })
}
