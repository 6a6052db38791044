//! A real Linux at the other end of a serial line: kernel, getty and login in QEMU, its console on a pty.
//! It is built by `tests/devices/linux/build`; user `root`, password `factory1`.

pub mod console;
pub mod relay;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use self::console::Console;

/// How long QEMU may take to answer; it answers in milliseconds.
const ANSWER: Duration = Duration::from_secs(20);

/// How long a device may take to boot: far more than the usual 3 seconds, for other tests run beside it.
const BOOT: Duration = Duration::from_secs(120);
/// Emulated devices that may run at once; more starve each other, and then their consoles look slow.
const MOST_AT_ONCE: u32 = 2;

static RUNNING: Mutex<u32> = Mutex::new(0);
static ONE_ENDED: Condvar = Condvar::new();

/// Leave to run one device; waits until there is room for it.
struct Seat;

impl Seat {
    fn take() -> Seat {
        let running = RUNNING.lock().expect("nobody panics with it");
        let mut running =
            ONE_ENDED.wait_while(running, |running| *running >= MOST_AT_ONCE).expect("nobody panics with it");
        *running += 1;
        Seat
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Ok(mut running) = RUNNING.lock() {
            *running -= 1;
        }
        ONE_ENDED.notify_one();
    }
}

/// One running device. It is switched off when this is dropped, or when the thread that booted it ends.
pub struct LinuxDevice {
    qemu: Child,
    commands: ChildStdin,
    answers: Receiver<String>,
    ports: TempDir,
    link: PathBuf,
    plugged: bool,
    _seat: Seat,
}

impl LinuxDevice {
    /// Switches a device on that has this serial number (in its DMI table) and this MAC address (on `eth0`), and
    /// returns at once; the login prompt comes 2 to 3 seconds later on a quiet machine. What the console says
    /// while nobody holds its port open is lost, as on a real line.
    pub fn boot(serial: &str, mac: &str) -> LinuxDevice {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/devices/linux");
        let kernel = built.join("kernel");
        let root = built.join("initramfs.cpio");
        assert!(
            kernel.is_file() && root.is_file(),
            "the Linux device is not built: run tests/devices/linux/build"
        );
        let seat = Seat::take();
        // setpriv becomes QEMU; so QEMU ends even if this program is killed before it can drop the device.
        let mut qemu = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "qemu-system-x86_64"])
            .args(["-machine", "pc", "-cpu", "max", "-accel", "tcg", "-m", "192"])
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .args(["-qmp", "stdio", "-chardev", "pty,id=line", "-serial", "chardev:line"])
            .arg("-kernel")
            .arg(kernel)
            .arg("-initrd")
            .arg(root)
            .args(["-append", "console=ttyS0,115200 rdinit=/init panic=-1 quiet mitigations=off"])
            .args(["-smbios", &format!("type=1,manufacturer=Acme,product=Gateway 7,serial={serial}")])
            .args(["-netdev", "user,id=net,restrict=on"])
            .args(["-device", &format!("e1000,netdev=net,mac={mac},romfile=")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("setpriv of util-linux starts QEMU");
        let commands = qemu.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(qemu.stdout.take().expect("its output is a pipe"));
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let ports = TempDir::new().expect("a folder for the port");
        let link = ports.path().join(format!("gateway-{serial}"));
        let mut device = LinuxDevice { qemu, commands, answers, ports, link, plugged: false, _seat: seat };
        device.ask("qmp_capabilities", json!({}));
        let lines = device.ask("query-chardev", json!({}));
        let line = lines.as_array().into_iter().flatten().find(|line| line["label"] == "line");
        let pty = line.and_then(|line| line["filename"].as_str()).and_then(|name| name.strip_prefix("pty:"));
        device.plug_into(pty.expect("QEMU says where its pty is"));
        device
    }

    /// Waits until the device has booted and asks for a user.
    pub fn wait_for_login(&mut self) {
        let ended = self.qemu.try_wait().expect("QEMU's state can be asked");
        assert!(ended.is_none(), "QEMU ended by itself: {ended:?}");
        Console::open(self.port()).wake(BOOT);
    }

    /// The port: a link that stays the same, as udev's by-id links do; it is gone while the device is unplugged.
    pub fn port(&self) -> &Path {
        &self.link
    }

    /// The folder in which the port appears and disappears; it holds nothing else.
    pub fn ports(&self) -> &Path {
        self.ports.path()
    }

    /// Pulls the cable out: whoever holds the port reads its end, and the port disappears. The device runs on.
    pub fn unplug(&mut self) {
        assert!(self.plugged, "the device is unplugged already");
        self.ask("chardev-change", json!({ "id": "line", "backend": { "type": "null", "data": {} } }));
        std::fs::remove_file(&self.link).expect("the link is ours");
        self.plugged = false;
    }

    /// Puts the cable in again: the same port, the same device, in whatever state it was left.
    pub fn replug(&mut self) {
        assert!(!self.plugged, "the device is plugged in already");
        let changed =
            self.ask("chardev-change", json!({ "id": "line", "backend": { "type": "pty", "data": {} } }));
        self.plug_into(changed["pty"].as_str().expect("QEMU says where its new pty is"));
    }

    fn plug_into(&mut self, pty: &str) {
        symlink(pty, &self.link).expect("the folder is ours");
        self.plugged = true;
    }

    /// One command of the QEMU Machine Protocol: a line of JSON there, a line of JSON back, events in between.
    fn ask(&mut self, command: &str, arguments: Value) -> Value {
        writeln!(self.commands, "{}", json!({ "execute": command, "arguments": arguments }))
            .expect("QEMU takes commands");
        loop {
            let line = self.answers.recv_timeout(ANSWER).expect("QEMU answers in time");
            let Ok(mut answer) = serde_json::from_str::<Value>(&line) else { continue };
            assert!(answer.get("error").is_none(), "QEMU refuses {command}: {line}");
            if let Some(result) = answer.get_mut("return") {
                return result.take();
            }
        }
    }
}

impl Drop for LinuxDevice {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
