//! The `linux-shell` driver against real shells on a pseudo-terminal. Log-in needs a real console and is tried
//! elsewhere, in QEMU; here it is everything that comes after.

mod two_keys;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use lineside::device::driver::{CsrKey, Driver, open_driver, write_file};
use lineside::device::error::{Fault as Whose, LineError};
use lineside::device::port;
use lineside::device::render::Rendered;
use lineside::domain::pair::Which::Primary;
use lineside::domain::product::Product;
use lineside::domain::proof::Challenge;
use lineside::domain::secret::Secret;
use p256::ecdsa::signature::Verifier;
use serialport::{SerialPort, TTYPort};
use sha2::Sha256;
use x509_cert::der::{Decode, Encode};

/// A shell at one end of a pseudo-terminal pair, and between it and the station a relay that can misbehave.
struct Console {
    folder: tempfile::TempDir,
    shell: Child,
    relay: Option<std::thread::JoinHandle<()>>,
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    path: PathBuf,
}

impl Console {
    /// `damage` sees each byte towards the shell and may change it.
    fn start(shell: &[&str], mut damage: impl FnMut(u8) -> u8 + Send + 'static) -> Console {
        let folder = tempfile::tempdir().unwrap();
        let (inner_master, inner) = TTYPort::pair().unwrap();
        let (outer_master, outer) = TTYPort::pair().unwrap();
        // these are closed in the shell, so that the line ends when this program ends it
        let (mut inner_master, mut outer_master) =
            (inner_master.try_clone_native().unwrap(), outer_master.try_clone_native().unwrap());
        for master in [&mut inner_master, &mut outer_master] {
            master.set_timeout(Duration::from_millis(5)).unwrap();
        }
        let tty = || -> Stdio {
            let file: File = OpenOptions::new().read(true).write(true).open(inner.name().unwrap()).unwrap();
            file.into()
        };
        let sane = Command::new("stty").args(["sane", "cols", "80"]).stdin(tty()).status().unwrap();
        assert!(sane.success());
        let shell = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .args(shell)
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env("HISTFILE", folder.path().join("history"))
            .env("TERM", "vt100")
            .stdin(tty())
            .stdout(tty())
            .stderr(tty())
            .spawn()
            .unwrap();
        let path = PathBuf::from(outer.name().unwrap());
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let relay = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut block, _held) = ([0; 4096], (inner, outer));
            while !stopped.load(std::sync::atomic::Ordering::SeqCst) {
                if let Ok(count) = outer_master.read(&mut block) {
                    block[..count].iter_mut().for_each(|byte| *byte = damage(*byte));
                    let mut rest = &block[..count];
                    while !rest.is_empty() && !stopped.load(std::sync::atomic::Ordering::SeqCst) {
                        rest = &rest[inner_master.write(rest).unwrap_or(0)..];
                    }
                }
                if let Ok(count) = inner_master.read(&mut block) {
                    let _ = outer_master.write_all(&block[..count]);
                }
            }
        });
        Console { folder, shell, relay: Some(relay), stop, path }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn recipe(&self, rest: &str) -> Product {
        Product::parse(&format!(
            r#"
name = "gateway-7"
[identify]
driver = "linux-shell"
serial = "echo SN-17"
mac = 'printf "a0:b2:c3:d4:e5:f6\n"'
model = '''printf 'a "b" $c '; echo 'é' '''
answer_seconds = 3
[identity]
registration_id = "sn-{{serial}}"
{rest}
[enroll]
service = "none"
"#
        ))
        .unwrap()
    }

    fn x509(&self) -> Product {
        let key = self.file("etc/keys/device.key");
        self.recipe(&format!(
            "[credential]\nkind = \"x509\"\nkey_path = \"{key}\"\n[prove]\nmethod = \"sign-nonce\""
        ))
    }

    fn driver(&self, product: &Product) -> Box<dyn Driver + Send> {
        open_driver(product, port::open(&self.path, 115_200).unwrap(), None, [9; 8])
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        self.stop.store(true, std::sync::atomic::Ordering::SeqCst);
        self.relay.take().map(std::thread::JoinHandle::join);
    }
}

const SH: &[&str] = &["/bin/sh", "-i"];
const BASH: &[&str] = &["/bin/bash", "--norc", "-i"];

fn clean(byte: u8) -> u8 {
    byte
}

fn rendered(path: String, content: &[u8], secret: bool) -> Rendered {
    Rendered { path, mode: 0o640, content: Secret::new(content.to_vec()), secret }
}

fn challenge() -> Challenge {
    Challenge {
        station: "line-3".parse().unwrap(),
        run: 17,
        registration_id: "sn-17".parse().unwrap(),
        nonce: [0xab; 32],
    }
}

fn no_progress(_: u64, _: u64) {}

/// From identify to the proof, and what must lie on the device then.
fn whole_run(console: &Console) {
    let mut driver = console.driver(&console.x509());
    let who = driver.identify().unwrap();
    assert_eq!((who.serial.as_str(), who.mac.as_deref()), ("SN-17", Some("a0:b2:c3:d4:e5:f6")));
    assert_eq!(who.model.as_deref(), Some("a \"b\" $c é"));

    let csr = driver.request_csr(Primary, "sn-17", CsrKey::P256, false).unwrap();
    let again = driver.request_csr(Primary, "sn-17", CsrKey::P256, true).unwrap();
    let read = |der: &[u8]| x509_cert::request::CertReq::from_der(der).unwrap();
    assert_eq!(read(&csr).info.public_key, read(&again).info.public_key);
    assert_eq!(read(&csr).info.subject.to_string(), "CN=sn-17");
    assert_ne!(
        read(&driver.request_csr(Primary, "sn-17", CsrKey::P384, true).unwrap()).info.public_key,
        read(&csr).info.public_key,
        "a pending key of another kind is not kept"
    );
    let csr = driver.request_csr(Primary, "sn-17", CsrKey::P256, false).unwrap();

    // every byte value, longer than one here-document
    let content: Vec<u8> = (0..6000_usize).map(|at| u8::try_from(at * 7 % 256).unwrap()).collect();
    let file = rendered(console.file("etc/certs/chain.pem"), &content, true);
    let mut heard = Vec::new();
    write_file(driver.as_mut(), &file, &mut |sent, total| heard.push((sent, total))).unwrap();
    assert_eq!(heard, [(0, 6000), (2565, 6000), (5130, 6000), (6000, 6000)]);
    assert!(!PathBuf::from(&file.path).exists(), "nothing is in its place before commit");
    let empty = rendered(console.file("etc/empty"), b"", false);
    write_file(driver.as_mut(), &empty, &mut no_progress).unwrap();
    driver.commit().unwrap();
    driver.commit().unwrap();
    assert_eq!(std::fs::read(&file.path).unwrap(), content);
    assert_eq!(std::fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(driver.read_back(&file).unwrap(), file.digest());
    let key_file = console.file("etc/keys/device.key");
    assert_eq!(std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);

    let signature = driver.prove_signature(Primary, &challenge()).unwrap();
    let spki = read(&csr).info.public_key.to_der().unwrap();
    let key =
        <p256::ecdsa::VerifyingKey as p256::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
    let signature = p256::ecdsa::DerSignature::try_from(signature.as_slice()).unwrap();
    key.verify(&challenge().message(), &signature).unwrap();

    driver.finish().unwrap();
    assert!(matches!(driver.prove_signature(Primary, &challenge()), Err(LineError::Refused { .. })));
    let mut left: Vec<_> = ["etc/keys", "etc/certs", "etc", "."]
        .iter()
        .flat_map(|folder| std::fs::read_dir(console.folder.path().join(folder)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(
        left,
        ["certs", "chain.pem", "device.key", "empty", "etc", "keys"],
        "no history, nothing temporary"
    );
}

#[test]
fn a_plain_shell_is_identified_given_files_and_proves_its_key() {
    whole_run(&Console::start(SH, clean));
}

#[test]
fn bash_with_its_line_editor_does_the_same_and_writes_no_history() {
    whole_run(&Console::start(BASH, clean));
}

#[test]
fn a_run_that_broke_off_after_commit_goes_on_with_the_key_in_use() {
    let console = Console::start(SH, clean);
    let key_of = |csr: &[u8]| x509_cert::request::CertReq::from_der(csr).unwrap().info.public_key;
    let mut driver = console.driver(&console.x509());
    driver.identify().unwrap();
    let first = driver.request_csr(Primary, "sn-17", CsrKey::P256, true).unwrap();
    driver.commit().unwrap();
    drop(driver);

    let mut driver = console.driver(&console.x509());
    driver.identify().unwrap();
    let again = driver.request_csr(Primary, "sn-17", CsrKey::P256, true).unwrap();
    assert_eq!(key_of(&first), key_of(&again));
    let file = rendered(console.file("etc/chain.pem"), b"chain", false);
    write_file(driver.as_mut(), &file, &mut no_progress).unwrap();
    driver.commit().unwrap();
    let signature = driver.prove_signature(Primary, &challenge()).unwrap();
    let spki = key_of(&first).to_der().unwrap();
    let key =
        <p256::ecdsa::VerifyingKey as p256::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
    let signature = p256::ecdsa::DerSignature::try_from(signature.as_slice()).unwrap();
    key.verify(&challenge().message(), &signature).unwrap();
    let other = driver.request_csr(Primary, "sn-17", CsrKey::P384, true).unwrap();
    assert_ne!(key_of(&first), key_of(&other), "a key of another kind is not taken for it");
    let new = driver.request_csr(Primary, "sn-17", CsrKey::P256, false).unwrap();
    assert_ne!(key_of(&first), key_of(&new), "a new key is new");
}

#[test]
fn noise_on_the_line_costs_time_and_nothing_else() {
    // one byte in 3000 towards the shell loses a bit
    let mut count = 0_u32;
    let console = Console::start(SH, move |byte| {
        count += 1;
        if count.is_multiple_of(2999) { byte ^ 0x04 } else { byte }
    });
    let mut driver = console.driver(&console.x509());
    assert_eq!(driver.identify().unwrap().serial, "SN-17");
    let content: Vec<u8> = (0..2600_usize).map(|at| u8::try_from(at * 11 % 256).unwrap()).collect();
    for name in ["a", "b", "c"] {
        let file = rendered(console.file(name), &content, false);
        write_file(driver.as_mut(), &file, &mut no_progress).unwrap();
    }
    driver.commit().unwrap();
    for name in ["a", "b", "c"] {
        assert_eq!(std::fs::read(console.file(name)).unwrap(), content);
    }
}

#[test]
fn a_hmac_key_is_proven_without_leaving_the_device() {
    let console = Console::start(SH, clean);
    for (template, content) in
        [("device-key", &b"c2VjcmV0LXNlY3JldC1zZWNyZXQ="[..]), ("device-key.raw", b"secret-secret-secret")]
    {
        let path = console.file(template);
        let product = console.recipe(&format!(
            "[credential]\nkind = \"group-key\"\ngroup = \"line\"\n[[inject]]\npath = \"{path}\"\ntemplate = \"{template}\"\n[prove]\nmethod = \"hmac-nonce\""
        ));
        let mut driver = console.driver(&product);
        driver.identify().unwrap();
        write_file(driver.as_mut(), &rendered(path, content, true), &mut no_progress).unwrap();
        driver.commit().unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret-secret-secret").unwrap();
        mac.update(&challenge().message());
        assert_eq!(driver.prove_hmac(&challenge()).unwrap(), mac.finalize().into_bytes().to_vec());
    }
}

#[test]
fn a_here_document_cut_off_by_a_pulled_cable_is_left_behind() {
    use std::io::Write;
    for start in [
        &b"base64 -d > /dev/null <<'@E@'\rQUJDQUJD\rQUJ"[..],
        b"cat > /dev/null\rhalf a li",
        b"echo 'an open quo",
        b"sleep 100\r",
    ] {
        let console = Console::start(SH, clean);
        let mut port = port::open(&console.path, 115_200).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        port.write_all(start).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        drop(port);
        let mut driver = console.driver(&console.x509());
        let who = driver.identify();
        assert_eq!(who.map(|who| who.serial), Ok("SN-17".to_owned()), "{}", String::from_utf8_lossy(start));
    }
}

/// Asks for user and password as getty and login do: type-ahead is thrown away, a refusal takes its time.
const LOGIN: &str = r#"
while :; do
  printf '\r\nAcme Gateway 1.0 dev ttyS0\r\n\r\ndev login: '; IFS= read -r user
  [ -n "$user" ] || continue
  stty -echo; printf 'Password: '; IFS= read -r password; stty echo; echo
  if [ "$user:$password" = 'root:factory1' ]; then printf 'Last login: Mon Nov 22\n'; HISTFILE= /bin/sh -i
  else sleep 1; echo 'Login incorrect'; fi
done"#;

#[test]
fn a_console_is_logged_into_and_left_logged_out() {
    let console = Console::start(&["/bin/sh", "-c", LOGIN], clean);
    let mut product = console.x509();
    let open = |product: &Product, password: Option<&str>| {
        let port = port::open(&console.path, 115_200).unwrap();
        open_driver(product, port, password.map(|text| Secret::from(text.to_owned())), [9; 8])
    };
    let error = open(&product, None).identify().unwrap_err();
    assert_eq!((&error, error.whose()), (&LineError::NoLogin { what: "user" }, Whose::Station));
    product.identify.login = Some(lineside::domain::product::Login {
        user: "root".to_owned(),
        password: Some("gateway-root".parse().unwrap()),
    });
    let error = open(&product, Some("wrong")).identify().unwrap_err();
    assert_eq!(error.to_string(), "log-in at the console failed: the console refused user or password");
    assert_eq!(error.whose(), Whose::Device);
    for _ in 0..2 {
        let mut driver = open(&product, Some("factory1"));
        assert_eq!(driver.identify().unwrap().serial, "SN-17");
        driver.finish().unwrap();
        assert!(driver.present());
    }
}

#[test]
fn an_abandoned_device_keeps_nothing_of_the_run_and_is_logged_out() {
    let console = Console::start(&["/bin/sh", "-c", LOGIN], clean);
    let mut product = console.x509();
    let password = Some("gateway-root".parse().unwrap());
    product.identify.login = Some(lineside::domain::product::Login { user: "root".to_owned(), password });
    let port = port::open(&console.path, 115_200).unwrap();
    let mut driver = open_driver(&product, port, Some(Secret::from("factory1".to_owned())), [9; 8]);
    driver.identify().unwrap();
    driver.request_csr(Primary, "sn-17", CsrKey::P256, false).unwrap();
    let file = rendered(console.file("etc/secret"), b"secret", true);
    write_file(driver.as_mut(), &file, &mut no_progress).unwrap();
    let left = || -> Vec<_> {
        let folders = ["etc/keys", "etc"].map(|folder| console.folder.path().join(folder));
        let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(left().len(), 3, "the pending key, its folder and the pending file: {:?}", left());
    driver.abandon();
    assert_eq!(left(), ["keys"]);
    assert!(matches!(driver.prove_signature(Primary, &challenge()), Err(LineError::Refused { .. })));
    drop(driver);
    let mut port = port::open(&console.path, 115_200).unwrap();
    std::io::Write::write_all(&mut port, b"\r").unwrap();
    let (mut said, deadline) = (String::new(), std::time::Instant::now() + Duration::from_secs(20));
    while !said.ends_with("login: ") {
        let mut block = [0; 256];
        let count = std::io::Read::read(&mut port, &mut block).unwrap_or(0);
        said.push_str(&String::from_utf8_lossy(&block[..count]));
        assert!(std::time::Instant::now() < deadline, "still logged in: {said:?}");
    }
}

#[test]
fn refusals_are_told_as_they_are() {
    let console = Console::start(SH, clean);
    let mut driver = console.driver(&console.x509());
    driver.identify().unwrap();
    // even root cannot make a folder there
    let nowhere = rendered("/proc/nowhere/x".to_owned(), b"x", false);
    let error = driver.put(&nowhere, &mut no_progress).unwrap_err();
    assert!(matches!(&error, LineError::Refused { code, .. } if code == "exit 1"), "{error}");
    assert_eq!(error.whose(), Whose::Device);
    assert!(matches!(driver.read_back(&nowhere), Err(LineError::Refused { .. })));
    let error = driver.request_csr(Primary, "sn/17", CsrKey::P256, false).unwrap_err();
    assert!(matches!(error, LineError::NotCapable { .. }));
    let mut silent = console.recipe("[credential]\nkind = \"x509\"\n[prove]\nmethod = \"sign-nonce\"");
    silent.identify.serial = Some("exit 3".to_owned());
    drop(driver);
    let error = console.driver(&silent).identify().unwrap_err();
    assert!(matches!(&error, LineError::Refused { code, .. } if code == "exit 3"), "{error}");
}
