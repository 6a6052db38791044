//! The conversation over a port: one bounded receive buffer, deadlines on every wait, one loop that asks
//! again, and a trace of the bytes in which a secret shows as its length only.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::error::{LineError, harmless};

/// What came in time may be read this much later: a busy station must not take it for silence.
const GRACE: Duration = Duration::from_millis(250);
/// Bytes that may wait unread; a device that sends more without being asked breaks the protocol.
pub const MOST_RECEIVED: usize = 512 * 1024;

/// How bytes that are sent appear in the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As they are.
    Plain,
    /// Only how many there are.
    Length,
}

/// A port with what was received from it and not used yet.
#[derive(Debug)]
pub struct Link<P> {
    port: P,
    baud: u32,
    received: Vec<u8>,
    /// How the last bytes were sent; what comes back may be their echo.
    shown: Shown,
}

impl<P: Read + Write> Link<P> {
    /// A link over an open port; the baud rate only stretches deadlines by the time bytes are on the wire.
    pub fn new(port: P, baud: u32) -> Link<P> {
        Link { port, baud: baud.max(300), received: Vec::new(), shown: Shown::Plain }
    }

    /// How long this many bytes are on the wire (10 bits each).
    pub fn wire_time(&self, bytes: usize) -> Duration {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(10);
        Duration::from_micros(bits.saturating_mul(1_000_000) / u64::from(self.baud))
    }

    /// Sends these bytes; gives up when the port takes none of them for three seconds beyond their time on the wire.
    pub fn send(&mut self, bytes: &[u8], shown: Shown) -> Result<(), LineError> {
        self.shown = shown;
        match shown {
            Shown::Plain => tracing::trace!(target: "lineside::line", sent = %harmless(bytes, 120)),
            Shown::Length => tracing::trace!(target: "lineside::line", sent_secret_bytes = bytes.len()),
        }
        let until = Instant::now() + self.wire_time(bytes.len()) * 2 + Duration::from_secs(3);
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.port.write(rest) {
                Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                Err(error) if is_passing(&error) => {}
                Err(_) => return Err(LineError::Gone),
            }
            if !rest.is_empty() && Instant::now() >= until {
                return Err(LineError::Silent { what: "sending".to_owned(), waited: Duration::from_secs(3) });
            }
        }
        Ok(())
    }

    /// Waits until something more is received, at most until `until`; says whether something came. A device that
    /// never falls silent stretches nobody's deadline: soon after `until` nothing is taken any more.
    pub fn fill(&mut self, until: Instant) -> Result<bool, LineError> {
        if Instant::now() >= until + GRACE {
            return Ok(false);
        }
        let mut block = [0; 4096];
        loop {
            match self.port.read(&mut block) {
                Ok(0) => return Err(LineError::Gone),
                Ok(count) => {
                    let came = block.get(..count).unwrap_or_default();
                    match self.shown {
                        Shown::Plain => {
                            tracing::trace!(target: "lineside::line", received = %harmless(came, 120));
                        }
                        Shown::Length => tracing::trace!(target: "lineside::line", received_bytes = count),
                    }
                    if self.received.len() + count > MOST_RECEIVED {
                        return Err(LineError::Protocol { what: "it sends without end".to_owned() });
                    }
                    self.received.extend_from_slice(came);
                    return Ok(true);
                }
                Err(error) if is_passing(&error) => {}
                Err(_) => return Err(LineError::Gone),
            }
            if Instant::now() >= until {
                return Ok(false);
            }
        }
    }

    /// What was received and not used.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// Drops the first `count` received bytes: they are used.
    pub fn used(&mut self, count: usize) {
        self.received.drain(..count.min(self.received.len()));
    }

    /// Drops everything received.
    pub fn discard(&mut self) {
        self.received.clear();
    }
}

/// Nothing came in time, or a signal interrupted: not an end of the line.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The one loop that tries again: up to `attempts` times, and only while the error is one that may pass.
/// `once` is told how many attempts came before.
pub fn repeat<T>(attempts: u32, mut once: impl FnMut(u32) -> Result<T, LineError>) -> Result<T, LineError> {
    let mut before = 0;
    loop {
        match once(before) {
            Err(error) if error.worth_repeating() && before + 1 < attempts => {
                tracing::debug!(target: "lineside::line", attempt = before + 1, %error, "asking again");
                before += 1;
            }
            ended => return ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that always has one more byte to say.
    struct Chatter;

    impl Read for Chatter {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer[0] = b'.';
            Ok(1)
        }
    }

    impl Write for Chatter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_device_that_never_falls_silent_stretches_no_deadline() {
        let mut link = Link::new(Chatter, 115_200);
        let until = Instant::now();
        while link.fill(until).unwrap() {
            link.discard();
            assert!(Instant::now() < until + Duration::from_secs(5), "it still listens");
        }
    }

    /// Plays back what a port would do.
    struct Script(Vec<io::Result<Vec<u8>>>);

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let bytes = self.0.remove(0)?;
            buffer[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len().min(3))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(5)
    }

    #[test]
    fn zero_bytes_and_a_broken_pipe_mean_the_cable_is_out() {
        let mut link = Link::new(Script(vec![Ok(vec![])]), 115_200);
        assert_eq!(link.fill(soon()), Err(LineError::Gone));
        let mut link = Link::new(Script(vec![Err(io::ErrorKind::BrokenPipe.into())]), 115_200);
        assert_eq!(link.fill(soon()), Err(LineError::Gone));
        let mut link = Link::new(Script(vec![Err(io::ErrorKind::TimedOut.into()), Ok(b"hi".to_vec())]), 9600);
        assert_eq!(link.fill(Instant::now() + Duration::from_secs(2)), Ok(true));
        assert_eq!(link.received(), b"hi");
        assert_eq!(link.fill(soon()), Ok(false));
    }

    #[test]
    fn a_device_that_never_stops_talking_is_cut_off() {
        let flood: Vec<_> = (0..200).map(|_| Ok(vec![b'x'; 4096])).collect();
        let mut link = Link::new(Script(flood), 115_200);
        let ended = (0..200).find_map(|_| link.fill(soon()).err());
        assert!(matches!(ended, Some(LineError::Protocol { .. })));
    }

    #[test]
    fn a_refusal_is_never_asked_again() {
        let mut asked = 0;
        let refused = LineError::Refused { code: "nokey".into(), message: String::new() };
        let ended: Result<(), _> = repeat(5, |_| {
            asked += 1;
            Err(if asked < 3 { LineError::Garbled { what: "csr".into() } } else { refused.clone() })
        });
        assert_eq!((asked, ended), (3, Err(refused)));
    }
}
