//! A token of SoftHSM's in a folder of its own: it is pulled and put back by moving its folder, and OpenSC's spy between
//! program and module tells every call.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Station;
use super::process::{self, Ended};

/// The token's name.
pub const TOKEN: &str = "line";
/// The name of its key.
pub const OBJECT: &str = "issuing";
/// Its PIN.
pub const PIN: &str = "86420975";

/// A token.
pub struct Token {
    place: TempDir,
    /// The module itself.
    pub module: PathBuf,
    /// The spy before it.
    pub spy: PathBuf,
}

fn one_of(paths: &[&str]) -> PathBuf {
    let found = paths.iter().map(PathBuf::from).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("none of {paths:?} is there: tests/run installs it"))
}

fn move_all(from: &Path, to: &Path) {
    let entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    assert!(!entries.is_empty(), "no token lies in {from:?}");
    for entry in entries {
        fs::rename(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

impl Token {
    /// A new token with its PIN set and no key in it.
    pub fn new() -> Token {
        let place = TempDir::new().expect("a folder for the token");
        let token = Token {
            module: one_of(&["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"]),
            spy: one_of(&[
                "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
                "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so",
                "/usr/lib64/pkcs11-spy.so",
            ]),
            place,
        };
        fs::create_dir(token.tokens()).unwrap();
        token.configure("");
        let (so, pin) = ("13572468", PIN);
        token.util(
            "softhsm2-util",
            &["--init-token", "--free", "--label", TOKEN, "--so-pin", so, "--pin", pin],
        );
        token
    }

    /// Writes SoftHSM's settings anew, with these lines more.
    pub fn configure(&self, more: &str) {
        let tokens = self.tokens();
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nslots.removable = true\nlog.level = ERROR\n{more}",
            tokens.display()
        );
        fs::write(self.path("softhsm2.conf"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn tokens(&self) -> PathBuf {
        self.path("tokens")
    }

    /// What a program needs to find it, and what the spy needs to tell about it.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("SOFTHSM2_CONF", self.path("softhsm2.conf").into_os_string()),
            ("PKCS11SPY", self.module.clone().into_os_string()),
            ("PKCS11SPY_OUTPUT", self.told().into_os_string()),
        ]
    }

    /// Where the spy tells what it sees.
    pub fn told(&self) -> PathBuf {
        self.path("told")
    }

    /// How often this function was called, as the spy saw it.
    pub fn calls(&self, function: &str) -> usize {
        let told = fs::read_to_string(self.told()).unwrap_or_default();
        told.lines().filter(|line| line.ends_with(&format!(": {function}"))).count()
    }

    /// Forgets what the spy has told.
    pub fn hush(&self) {
        fs::write(self.told(), "").unwrap();
    }

    /// A program that is to look into the token, run to its end with success.
    pub fn util(&self, program: &str, words: &[&str]) -> Ended {
        let mut command = Command::new(program);
        command.args(words).env("SOFTHSM2_CONF", self.path("softhsm2.conf"));
        let ended = process::run(command);
        assert_eq!(ended.exit, 0, "{program} {words:?}: {ended:?}");
        ended
    }

    /// What pkcs11-tool says, logged in.
    pub fn tool(&self, words: &[&str]) -> String {
        let module = self.module.to_str().unwrap();
        let login = ["--module", module, "--token-label", TOKEN, "--login", "--pin", PIN];
        self.util("pkcs11-tool", &[&login[..], words].concat()).out
    }

    /// The URI of the key through this module.
    pub fn uri(&self, module: &Path) -> String {
        format!("pkcs11:token={TOKEN};object={OBJECT}?module-path={}", module.display())
    }

    /// Founds a station whose issuing key is made in this token, through this module.
    pub fn found_station(&self, module: &Path) -> Station {
        let pin = self.path("pin");
        fs::write(&pin, PIN).unwrap();
        let words = ["--pkcs11", &self.uri(module), "--pin-file", pin.to_str().unwrap()];
        Station::found_with(self.env(), &words)
    }

    /// Pulls it out: its own folder, the only one there, goes elsewhere.
    pub fn pull(&self) {
        let pulled = self.path("pulled");
        fs::create_dir(&pulled).unwrap();
        move_all(&self.tokens(), &pulled);
    }

    /// The folder of all tokens goes elsewhere.
    pub fn pull_all(&self) {
        fs::rename(self.tokens(), self.path("pulled")).unwrap();
    }

    /// Puts it back, however it was pulled.
    pub fn put_back(&self) {
        if !self.tokens().exists() {
            return fs::rename(self.path("pulled"), self.tokens()).unwrap();
        }
        move_all(&self.path("pulled"), &self.tokens());
        fs::remove_dir(self.path("pulled")).unwrap();
    }
}
