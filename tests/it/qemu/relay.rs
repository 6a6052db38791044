//! A cable that can be bad: it stands between a device's port and a port of its own, listens to both ends, and does
//! with each byte what the test says.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

/// What becomes of a byte: it goes on, as it is or changed, or it is lost.
pub type Fate = Option<u8>;

/// A byte arrives as it was sent.
pub fn sound(byte: u8) -> Fate {
    Some(byte)
}

/// About one byte in `one_in` is lost or has a bit flipped, the same ones each time; the first `spared` never.
pub fn noisy(one_in: u32, spared: u32) -> impl FnMut(u8) -> Fate + Send {
    let (mut state, mut count) = (one_in, 0_u32);
    move |byte| {
        // Knuth's 64-bit generator, cut down to 32 bits of state
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        count += 1;
        match (state >> 8) % (one_in * 2) {
            _ if count <= spared => Some(byte),
            0 => None,
            1 => Some(byte ^ (1 << (state >> 29))),
            _ => Some(byte),
        }
    }
}

/// The cable; it is pulled out when this is dropped.
pub struct Relay {
    link: PathBuf,
    heard: Arc<Mutex<Vec<u8>>>,
    stop: Arc<AtomicBool>,
    ways: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Connects the device at `port` with a new port, to which `link` leads. Each byte towards the device goes
    /// through `there`, each byte of the device through `back`.
    pub fn plug(
        port: &Path,
        link: &Path,
        there: impl FnMut(u8) -> Fate + Send + 'static,
        back: impl FnMut(u8) -> Fate + Send + 'static,
    ) -> Relay {
        let patience = Duration::from_millis(20);
        let name = port.to_str().expect("the port's name is text");
        let device =
            serialport::new(name, 115_200).timeout(patience).open_native().expect("the port is free");
        let (mut ours, theirs) = TTYPort::pair().expect("a pseudo-terminal");
        ours.set_timeout(patience).expect("a timeout");
        symlink(theirs.name().expect("it has a name"), link).expect("a place for the link");
        let clone = |port: &TTYPort| port.try_clone_native().expect("a second handle");
        let (heard, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (device_again, ours_again) = (clone(&device), clone(&ours));
        let (listening, stopping, stopping_too) = (Arc::clone(&heard), Arc::clone(&stop), Arc::clone(&stop));
        let ways = vec![
            // this way holds the station's end open, so that the station may close it and open it again
            thread::spawn(move || {
                carry(ours, device_again, there, &stopping, |_| {});
                drop(theirs);
            }),
            thread::spawn(move || {
                carry(device, ours_again, back, &stopping_too, |bytes| {
                    listening.lock().expect("nobody panics").extend_from_slice(bytes);
                });
            }),
        ];
        Relay { link: link.to_owned(), heard, stop, ways }
    }

    /// The port at the station's end.
    pub fn port(&self) -> &str {
        self.link.to_str().expect("the link's name is text")
    }

    /// All that the device has said, before the cable did anything to it.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().expect("nobody panics")).into_owned()
    }
}

fn carry(
    mut from: TTYPort,
    mut to: TTYPort,
    mut fate: impl FnMut(u8) -> Fate,
    stop: &AtomicBool,
    listen: impl Fn(&[u8]),
) {
    let mut block = [0; 1024];
    while !stop.load(Ordering::SeqCst) {
        let came = match from.read(&mut block) {
            Ok(0) => return,
            Ok(count) => &block[..count],
            Err(error) if error.kind() == ErrorKind::TimedOut => continue,
            // the device's cable was pulled
            Err(_) => return,
        };
        listen(came);
        let goes: Vec<u8> = came.iter().filter_map(|byte| fate(*byte)).collect();
        let mut rest = goes.as_slice();
        while !rest.is_empty() && !stop.load(Ordering::SeqCst) {
            match to.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                Err(_) => return,
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for way in self.ways.drain(..) {
            // one that panicked has failed the test already
            let _ = way.join();
        }
        // the link is all that is left; its folder may be gone
        let _ = std::fs::remove_file(&self.link);
    }
}
