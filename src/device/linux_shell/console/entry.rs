//! The way in: wake the console whatever state it was left in, log in, and make the shell ready for checked
//! commands.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::{Console, FRESH_LINE, PAUSE};
use crate::device::error::{LineError, harmless};
use crate::device::link::Shown;
use crate::device::linux_shell::screen::{self, Prompt};
use crate::device::linux_shell::script::{self, Mode, Output};

const CTRL_C: &[u8] = b"\x03";
/// How often the user's name is typed, for the line may damage it. The password is typed once: consoles count.
const NAME_ATTEMPTS: u32 = 3;
/// A refused password takes three seconds to be refused.
const LOGIN_WAIT: Duration = Duration::from_secs(8);

impl<P: Read + Write> Console<P> {
    /// Brings the console to a shell that is ready for checked commands.
    pub fn open(&mut self) -> Result<(), LineError> {
        if self.wake()? == Prompt::Login {
            self.log_in()?;
        }
        self.inside = true;
        self.prepare()
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
            self.settle(Duration::from_secs(1), until)?;
            match screen::prompt(self.link.received()) {
                found @ (Prompt::Login | Prompt::Shell) => return Ok(found),
                Prompt::Continuation | Prompt::Password => self.link.send(CTRL_C, Shown::Plain)?,
                Prompt::Unknown => {}
            }
        }
        Err(LineError::Silent { what: "a prompt".to_owned(), waited })
    }

    fn log_in(&mut self) -> Result<(), LineError> {
        let Some(login) = &self.login else { return Err(LineError::NoLogin { what: "user" }) };
        let user = login.user.clone();
        for before in 0..NAME_ATTEMPTS {
            // away from the question for a password: its answer would be an attempt of somebody else
            if before > 0 {
                self.link.send(CTRL_C, Shown::Plain)?;
                if self.wake()? == Prompt::Shell {
                    return Ok(());
                }
            }
            self.link.discard();
            self.link.send(format!("{user}\r").as_bytes(), Shown::Plain)?;
            match self.next_prompt()? {
                Prompt::Shell => return Ok(()),
                Prompt::Password if self.echoes(&user) => return self.give_password(),
                Prompt::Password | Prompt::Login | Prompt::Continuation | Prompt::Unknown => {
                    tracing::debug!(target: "lineside::line", attempt = before + 1, "the user's name did not arrive");
                }
            }
        }
        Err(LineError::LoginFailed { why: "the console did not take the user's name".to_owned() })
    }

    /// Whether the line that was typed came back as it was.
    fn echoes(&self, line: &str) -> bool {
        screen::said(self.link.received()).lines().next().is_some_and(|echo| echo.trim() == line)
    }

    /// Types the password, once: a refusal stands, since a second one may lock the user out.
    fn give_password(&mut self) -> Result<(), LineError> {
        let Some(password) = &self.password else { return Err(LineError::NoLogin { what: "password" }) };
        let mut typed = zeroize::Zeroizing::new(password.expose().to_vec());
        typed.push(b'\r');
        self.link.discard();
        self.link.send(&typed, Shown::Length)?;
        let why = match self.next_prompt()? {
            Prompt::Shell => return Ok(()),
            Prompt::Login | Prompt::Password => "the console refused user or password",
            Prompt::Continuation | Prompt::Unknown => "no shell came after the password",
        };
        Err(LineError::LoginFailed { why: why.to_owned() })
    }

    /// The prompt that comes next.
    fn next_prompt(&mut self) -> Result<Prompt, LineError> {
        let waited = self.answer_within.max(LOGIN_WAIT);
        let until = Instant::now() + waited;
        loop {
            self.settle(waited, until)?;
            match screen::prompt(self.link.received()) {
                Prompt::Unknown | Prompt::Continuation if Instant::now() < until => {}
                found => return Ok(found),
            }
        }
    }

    fn prepare(&mut self) -> Result<(), LineError> {
        self.again_and_again(Console::make_ready)?;
        self.set(script::TAKE_DOCUMENTS)?;
        let tools = script::TOOLS.join(" ");
        let missing = self.ask(&format!("for t in {tools}; do command -v $t >/dev/null || echo $t; done"))?;
        if missing.is_empty() { Ok(()) } else { Err(lacks(&missing.replace('\n', ", "))) }
    }

    fn make_ready(&mut self) -> Result<(), LineError> {
        let [first, rest @ ..] = script::PREPARE;
        // the echo must be off before the function is sent
        for lines in [first.to_owned(), rest.join("\r")] {
            self.link.discard();
            self.link.send(format!("{lines}\r").as_bytes(), Shown::Plain)?;
            self.settle(PAUSE, Instant::now() + self.answer_within)?;
        }
        // the check itself may have arrived damaged: one right and one wrong command show that it holds
        let garbled = || LineError::Garbled { what: "making the shell ready".to_owned() };
        match self.once(Mode::Query, "echo ready", self.answer_within) {
            Ok((0, text)) if text == "ready" => {}
            Ok(_) | Err(LineError::Garbled { .. }) => {
                let missing = script::missing_tool(self.link.received());
                return Err(missing.map_or_else(garbled, lacks));
            }
            Err(error) => return Err(error),
        }
        let tag = self.tag();
        self.link.discard();
        self.link.send(format!("L {tag} q ZWNobyBiYWQ= 00\r").as_bytes(), Shown::Plain)?;
        match self.wait(&tag, "a wrong digest", self.answer_within)? {
            Output::NotRun => Ok(()),
            Output::More | Output::Damaged | Output::Done(..) => Err(garbled()),
        }
    }
}

fn lacks(tools: &str) -> LineError {
    LineError::NotCapable { what: format!("its console lacks {}", harmless(tools.as_bytes(), 80)) }
}
