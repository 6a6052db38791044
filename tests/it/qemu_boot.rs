//! The Linux device is what it claims to be: it boots, lets its user in over the serial port, and tells its serial
//! number and MAC address; and its cable can be pulled and put back.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serialport::SerialPort;

use crate::qemu::LinuxDevice;

const PROMPT: &str = "# \u{1b}[6n"; // busybox asks where the cursor is after its prompt

struct Console {
    port: Box<dyn SerialPort>,
    unread: String,
}

impl Console {
    fn open(port: &Path) -> Console {
        let name = port.to_str().unwrap();
        let port = serialport::new(name, 115_200).timeout(Duration::from_millis(100)).open().unwrap();
        Console { port, unread: String::new() }
    }

    fn send(&mut self, line: &str) {
        self.port.write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    /// What the device says up to and with this text; within the time, or the test fails.
    fn until(&mut self, text: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.unread);
            let mut bytes = [0; 4096];
            match self.port.read(&mut bytes) {
                Ok(count) => self.unread.push_str(&String::from_utf8_lossy(&bytes[..count])),
                Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}"),
            }
        }
    }

    /// The lines a command prints, without its echo and the next prompt. At most 70 characters: the echo of a
    /// longer one is wrapped.
    fn run(&mut self, command: &str) -> Vec<String> {
        self.send(command);
        let said = self.until(PROMPT, Duration::from_secs(30));
        let mut lines: Vec<String> = said.lines().skip(1).map(str::to_owned).collect();
        lines.pop();
        lines
    }
}

#[test]
fn the_linux_device_boots_lets_its_user_in_and_tells_who_it_is() {
    let mut device = LinuxDevice::boot("SN-000123", "02:00:5e:10:20:30");
    let mut console = Console::open(device.port());
    // Far more than the usual 3 seconds: the machine may be busy with other tests.
    console.until("login: ", Duration::from_secs(120));
    console.send("root");
    console.until("Password: ", Duration::from_secs(30));
    console.send("factory1");
    console.until(PROMPT, Duration::from_secs(30));

    assert_eq!(console.run("cat /sys/class/dmi/id/product_serial"), ["SN-000123"]);
    assert_eq!(console.run("cat /sys/class/net/eth0/address"), ["02:00:5e:10:20:30"]);
    assert_eq!(console.run("ls -d /etc/aziot"), ["/etc/aziot"]);
    console.run("openssl ecparam -name prime256v1 -genkey -noout -out key");
    assert_eq!(console.run("head -n 1 key"), ["-----BEGIN EC PRIVATE KEY-----"]);

    console.run("name=left-behind");
    device.unplug();
    assert_eq!(std::fs::read_dir(device.ports()).unwrap().count(), 0);
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut byte = [0; 1];
    while console.port.read(&mut byte).is_err_and(|error| error.kind() == ErrorKind::TimedOut) {
        assert!(Instant::now() < deadline, "the pulled cable still looks like a silent line");
    }
    drop(console);

    device.replug();
    let mut console = Console::open(device.port());
    console.send("");
    console.until(PROMPT, Duration::from_secs(30));
    assert_eq!(console.run("echo still $name"), ["still left-behind"]);
}
