//! A label printer on the network, as far as a sender can tell: listens, swallows, hangs up.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::factory::SOON;

/// How the printer takes labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Swallows them and hangs up.
    Prints,
    /// Hangs up on the first one without having read it to its end.
    BreaksOffOnce,
}

/// A printer that is switched on.
pub struct Printer {
    jobs: Receiver<String>,
}

/// A free address on this machine, at which nobody listens now.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Printer {
    /// Switches a printer on at this address.
    pub fn switch_on(address: SocketAddr, manner: Manner) -> Printer {
        let listener = TcpListener::bind(address).expect("the printer's address is free");
        let (tell, jobs) = channel();
        let manner = Arc::new(Mutex::new(manner));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("somebody prints");
                let before = std::mem::replace(&mut *manner.lock().unwrap(), Manner::Prints);
                if before == Manner::BreaksOffOnce {
                    stream.peek(&mut [0; 1]).unwrap();
                    continue;
                }
                let mut text = String::new();
                stream.read_to_string(&mut text).expect("a label in UTF-8");
                if tell.send(text).is_err() {
                    break;
                }
            }
        });
        Printer { jobs }
    }

    /// The next label it is given.
    pub fn next(&self) -> String {
        self.jobs.recv_timeout(SOON).expect("a label comes")
    }

    /// It is given nothing for a while.
    pub fn rests(&self) {
        let more = self.jobs.recv_timeout(std::time::Duration::from_millis(1500));
        assert!(more.is_err(), "the printer is given {more:?}");
    }
}
