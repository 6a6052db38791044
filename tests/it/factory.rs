//! A factory for the tests: the real program as processes around a station in a temporary folder. Everything is
//! waited for with a deadline, and no process outlives the test that started it.

pub mod azure;
pub mod bench;
pub mod process;
pub mod token;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use self::process::{Ended, Process};

/// How long anything may take that takes a second on a quiet machine.
pub const SOON: Duration = Duration::from_secs(60);

/// The passphrase of every station of the tests.
pub const PASSPHRASE: &str = "correct horse battery staple";
/// How `station.toml` says that it knows no ID scope.
pub const NO_SCOPE: &str = "id_scope = \"\"";
/// The password of the administrator `admin`.
pub const PASSWORD: &str = "a long password";

/// The program under test, with nothing inherited that could steer it.
pub fn lineside() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lineside"));
    for name in ["LINESIDE_STATION", "LINESIDE_LOG", "LINESIDE_CRASH_AT", "CREDENTIALS_DIRECTORY"] {
        command.env_remove(name);
    }
    command
}

/// A station of its own.
pub struct Station {
    place: TempDir,
    folder: PathBuf,
    /// What its commands find in their environment beside what the test itself has.
    env: Vec<(&'static str, OsString)>,
}

impl Station {
    /// Founds a station named `line-1` that knows an ID scope, but no DPS to send to.
    pub fn found() -> Station {
        Station::found_with(Vec::new(), &[])
    }

    /// The same with further words for `init`, and an environment for all its commands.
    pub fn found_with(env: Vec<(&'static str, OsString)>, words: &[&str]) -> Station {
        let station = Station { env, ..Station::unfounded() };
        station.write("passphrase", PASSPHRASE);
        station.write("password", PASSWORD);
        let password = station.beside("password");
        let init = ["init", "--company", "Example", "--password-file", password.to_str().unwrap()];
        station.ok(&[&init[..], words].concat());
        station.set(NO_SCOPE, "id_scope = \"0ne00000000\"");
        station
    }

    /// The place of a station that is still to be founded.
    pub fn unfounded() -> Station {
        let place = TempDir::new().expect("a folder for the station");
        let folder = place.path().join("station");
        Station { place, folder, env: Vec::new() }
    }

    /// The station's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path beside the station's folder, in the same temporary folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Writes a file beside the station's folder; its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.beside(name);
        fs::write(&path, text).expect("a file beside the station");
        path.to_str().unwrap().to_owned()
    }

    /// A command of this station, with its passphrase at hand.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = lineside();
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.arg("--station").arg(&self.folder);
        command.arg("--passphrase-file").arg(self.beside("passphrase")).args(words);
        command
    }

    /// Runs a command to its end, however that is.
    pub fn run(&self, words: &[&str]) -> Ended {
        process::run(self.command(words))
    }

    /// Runs a command that must succeed; what it printed.
    pub fn ok(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.exit, 0, "{words:?}: {}", ended.err);
        ended.out
    }

    /// Runs a command with `--json` that must succeed and print one JSON document, nothing else.
    pub fn json(&self, words: &[&str]) -> Value {
        let out = self.ok(&[words, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{words:?} printed {out:?}: {error}"))
    }

    /// Runs a command that must end with this exit code and LS code; the sentence.
    pub fn refused(&self, exit: i32, code: &str, words: &[&str]) -> String {
        let ended = self.run(words);
        ended.is_refused(exit, code);
        ended.err
    }

    /// Runs SQL in the sqlite3 shell over the station's database, as anybody with the file could.
    pub fn sqlite(&self, sql: &str) -> String {
        sqlite(&self.folder, sql)
    }

    /// Audit entries with this event, oldest first.
    pub fn events(&self, event: &str) -> Vec<Value> {
        entries(&self.folder).into_iter().filter(|entry| entry["event"] == event).collect()
    }

    /// Replaces a text of `station.toml`, which must be there.
    pub fn set(&self, from: &str, to: &str) {
        let path = self.folder.join("station.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "station.toml has no {from:?}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Adds a slot on the link that a virtual device with this serial number will have.
    pub fn add_slot(&self, name: &str, serial: &str) {
        let port = self.beside("ports").join(serial);
        let path = self.folder.join("station.toml");
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str(&format!("\n[[slot]]\nname = \"{name}\"\nport = \"{}\"\n", port.display()));
        fs::write(path, text).unwrap();
    }

    /// Writes a work order down and releases it.
    pub fn release(&self, order: &str, product: &str, quantity: u32, spare: u32) {
        let (quantity, spare) = (quantity.to_string(), spare.to_string());
        self.ok(&[
            "work-order",
            "add",
            order,
            "--product",
            product,
            "--quantity",
            &quantity,
            "--spare",
            &spare,
        ]);
        self.ok(&["work-order", "activate", order]);
    }

    /// Starts `serve` on any free port and waits until its pages are there.
    pub fn serve(&self) -> Serving {
        Serving::start(self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]))
    }

    /// Starts `serve` on another address.
    pub fn serve_at(&self, listen: &str) -> Serving {
        Serving::start(self.command(&["serve", "--listen", listen, "--json"]))
    }

    /// Adds somebody with this role and the password of all tests.
    pub fn add_person(&self, name: &str, role: &str) {
        let password = self.beside("password");
        self.ok(&["user", "add", name, "--role", role, "--password-file", password.to_str().unwrap()]);
    }

    /// Makes an operator a badge; what a scanner reads from it.
    pub fn badge(&self, name: &str) -> String {
        self.json(&["user", "badge", name])["badge"].as_str().expect("a badge").to_owned()
    }

    /// Starts `serve` without a passphrase.
    pub fn serve_locked(&self) -> Serving {
        let mut command = lineside();
        command.arg("--station").arg(&self.folder).args(["serve", "--listen", "127.0.0.1:0", "--json"]);
        Serving::start(command)
    }

    /// A copy of the station's folder, as a backup program makes it.
    pub fn copy(&self, name: &str) -> PathBuf {
        let copy = self.beside(name);
        copy_folder(&self.folder, &copy);
        copy
    }
}

/// A station that serves; it is killed when this is dropped.
pub struct Serving {
    process: Process,
    /// Where its pages are.
    pub url: String,
    /// Whether it said that it is locked.
    pub locked: bool,
}

impl Serving {
    fn start(command: Command) -> Serving {
        let mut process = Process::start(command);
        let line = process.json_line();
        let url = line["url"].as_str().expect("serve says where it is").to_owned();
        Serving { process, url, locked: line["locked"] == true }
    }

    /// Asks it to end, as systemd would, and waits until it has.
    pub fn end(self) -> Ended {
        self.process.terminate()
    }
}

/// Runs SQL in the sqlite3 shell over a station folder's database.
pub fn sqlite(folder: &Path, sql: &str) -> String {
    let mut shell = Command::new("sqlite3");
    shell.args(["-bail", "-cmd", ".timeout 10000"]).arg(folder.join("station.db")).arg(sql);
    let ended = process::run(shell);
    assert_eq!(ended.exit, 0, "sqlite3 {sql}: {}", ended.err);
    ended.out.trim_end().to_owned()
}

/// All audit entries, oldest first.
pub fn entries(folder: &Path) -> Vec<Value> {
    let lines = sqlite(folder, "SELECT entry FROM audit ORDER BY seq");
    lines.lines().map(|line| serde_json::from_str(line).expect("an entry is JSON")).collect()
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Waits until `look` finds something, or fails the test.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}
