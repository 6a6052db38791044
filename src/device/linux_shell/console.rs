//! The conversation with a console: wake it whatever state it was left in, log in, make the shell ready, and
//! run checked commands one at a time.

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
/// How often one command is sent.
const ATTEMPTS: u32 = 3;
/// How long a here-document may take: one that lost its end never answers, and waiting longer does not help.
const DOCUMENT_WAIT: Duration = Duration::from_secs(4);
/// Ctrl-U: forgets a half-typed line. Ctrl-Q: lets output go on that line noise may have stopped.
const FRESH_LINE: &[u8] = b"\x11\x15\r";
const CTRL_C: &[u8] = b"\x03";

/// A console on a link.
pub struct Console<P> {
    link: Link<P>,
    login: Option<Login>,
    password: Option<Secret>,
    answer_within: Duration,
    session: String,
    commands: u32,
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
        Console { link, login, password, answer_within, session: hex::encode(session), commands: 0 }
    }

    /// Brings the console to a shell that is ready for checked commands.
    pub fn open(&mut self) -> Result<(), LineError> {
        let mut refused = 0;
        loop {
            let entered = match self.wake()? {
                Prompt::Login => self.log_in(),
                Prompt::Shell => Ok(()),
                // wake ends at one of the two above
                Prompt::Password | Prompt::Continuation | Prompt::Unknown => Ok(()),
            };
            match entered {
                Ok(()) => return self.prepare(),
                // once more, because the line may have damaged the password; never a third time
                Err(error @ LineError::LoginFailed { .. }) if refused == 1 => return Err(error),
                Err(LineError::LoginFailed { why }) if self.can_log_in() => {
                    tracing::debug!(target: "lineside::line", %why, "log-in refused, trying once more");
                    refused += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn can_log_in(&self) -> bool {
        self.login.as_ref().is_some_and(|login| login.password.is_none() || self.password.is_some())
    }

    /// Presses keys until a log-in or shell prompt shows: out of a half-typed line, a here-document, a program
    /// that runs, or a password question that an earlier, interrupted conversation left behind.
    fn wake(&mut self) -> Result<Prompt, LineError> {
        let waited = self.answer_within * 3;
        let until = Instant::now() + waited;
        let mut pressed = 0_u32;
        while Instant::now() < until {
            self.link.discard();
            let keys: &[u8] = match pressed % 4 {
                0 => FRESH_LINE,
                1 => b"\r",
                2 => CTRL_C,
                // ends a program that reads to the end of its input and ignores Ctrl-C
                _ => b"\x03\x04\r",
            };
            self.link.send(keys, Shown::Plain)?;
            pressed += 1;
            // getty throws away what is typed before it is ready: wait for silence before typing on
            if self.link.fill((Instant::now() + Duration::from_secs(1)).min(until))? {
                self.link.quiet(PAUSE, until)?;
            }
            match screen::prompt(self.link.received()) {
                found @ (Prompt::Login | Prompt::Shell) => return Ok(found),
                Prompt::Continuation | Prompt::Password => self.link.send(CTRL_C, Shown::Plain)?,
                Prompt::Unknown => {}
            }
        }
        Err(LineError::Silent { what: "a prompt".to_owned(), waited })
    }

    fn log_in(&mut self) -> Result<(), LineError> {
        let failed = |why: &str| LineError::LoginFailed { why: why.to_owned() };
        let Some(login) = &self.login else {
            return Err(failed("the console asks for a user and the recipe names none"));
        };
        let user = format!("{}\r", login.user);
        self.link.discard();
        self.link.send(user.as_bytes(), Shown::Plain)?;
        match self.next_prompt()? {
            Prompt::Shell => return Ok(()),
            Prompt::Password => {}
            Prompt::Login | Prompt::Continuation | Prompt::Unknown => {
                return Err(failed("the console did not take the user's name"));
            }
        }
        let Some(password) = &self.password else {
            return Err(failed("the console asks for a password and the recipe names none"));
        };
        let mut typed = zeroize::Zeroizing::new(password.expose().to_vec());
        typed.push(b'\r');
        self.link.discard();
        self.link.send(&typed, Shown::Length)?;
        match self.next_prompt()? {
            Prompt::Shell => Ok(()),
            Prompt::Login | Prompt::Password => Err(failed("the console refused user or password")),
            Prompt::Continuation | Prompt::Unknown => Err(failed("no shell came after the password")),
        }
    }

    /// The prompt that comes next. A refused password takes three seconds to be refused.
    fn next_prompt(&mut self) -> Result<Prompt, LineError> {
        let until = Instant::now() + self.answer_within.max(Duration::from_secs(8));
        loop {
            let more = self.link.fill(until)?;
            self.link.quiet(PAUSE, until)?;
            match screen::prompt(self.link.received()) {
                Prompt::Unknown | Prompt::Continuation if more => {}
                found => return Ok(found),
            }
        }
    }

    fn prepare(&mut self) -> Result<(), LineError> {
        repeat(ATTEMPTS, |before| {
            self.interrupt(before)?;
            let [first, rest @ ..] = script::PREPARE;
            // the echo must be off before the functions are sent
            for lines in [first.to_owned(), rest.join("\r")] {
                self.link.discard();
                self.link.send(format!("{lines}\r").as_bytes(), Shown::Plain)?;
                self.link.quiet(PAUSE, Instant::now() + self.answer_within)?;
            }
            // the checks themselves may have arrived damaged: one right and one wrong command show that they hold
            let garbled = || LineError::Garbled { what: "making the shell ready".to_owned() };
            let (status, text) = self.once(Mode::Query, "echo ready", self.answer_within)?;
            if status != 0 || text != "ready" {
                return Err(garbled());
            }
            let tag = self.tag();
            self.link.send(format!("L {tag} q ZWNobyBiYWQ= 1 8\r").as_bytes(), Shown::Plain)?;
            match self.wait(&tag, "a wrong checksum", self.answer_within)? {
                Output::NotRun => Ok(()),
                Output::More | Output::Damaged | Output::Done(..) => Err(garbled()),
            }
        })?;
        let tools = "for t in stty base64 cksum sha256sum openssl od tr wc; do command -v $t >/dev/null || echo $t; done";
        let missing = self.ask(tools)?;
        if !missing.is_empty() {
            let what = format!("its console lacks {}", harmless(missing.replace('\n', ", ").as_bytes(), 80));
            return Err(LineError::NotCapable { what });
        }
        Ok(())
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
        repeat(ATTEMPTS, |before| {
            self.interrupt(before)?;
            self.once(mode, command, within)
        })
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
                    if Instant::now() >= until || !self.link.fill(until)? {
                        break;
                    }
                }
                found => return Ok(found),
            }
        }
        let shown = screen::plain(self.link.received());
        let elsewhere = matches!(screen::prompt(self.link.received()), Prompt::Login | Prompt::Password)
            || shown.contains("L: not found");
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
        self.link.send(b"\x11\x03", Shown::Plain)?;
        self.link.quiet(PAUSE, Instant::now() + self.answer_within)
    }

    fn tag(&mut self) -> String {
        self.commands += 1;
        format!("{}-{}", self.session, self.commands)
    }

    /// Logs out. A console that comes back with no log-in prompt has none.
    pub fn close(&mut self) -> Result<(), LineError> {
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
