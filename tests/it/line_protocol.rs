//! The `lineside` driver against virtual devices on pseudo-terminals: the whole conversation, and every way
//! in which the devices and their lines go wrong.

mod remembered;

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use lineside::device::driver::{CsrKey, Driver, open_driver, write_file};
use lineside::device::error::{Fault as Whose, LineError};
use lineside::device::lineside::LinesideDriver;
use lineside::device::port;
use lineside::device::render::Rendered;
use lineside::domain::digest::Digest;
use lineside::domain::pair::Which::Primary;
use lineside::domain::product::Product;
use lineside::domain::proof::Challenge;
use lineside::domain::secret::Secret;
use lineside::sim::device::fault::Fault;
use lineside::sim::device::memory::{Entry, read_files, read_journal};
use lineside::sim::device::{DeviceConfig, VirtualDevice};
use p256::ecdsa::signature::Verifier;
use sha2::Sha256;
use x509_cert::der::{Decode, Encode};

const RECIPE: &str = r#"
name = "sensor-1"
[identify]
driver = "lineside"
answer_seconds = 3
[identity]
registration_id = "sn-{serial}"
[credential]
kind = "x509"
[[inject]]
path = "chain.pem"
template = "chain"
[prove]
method = "sign-nonce"
[enroll]
service = "none"
"#;

fn recipe() -> Product {
    Product::parse(RECIPE).unwrap()
}

fn symmetric_recipe() -> Product {
    let text = RECIPE
        .replace("kind = \"x509\"", "kind = \"group-key\"\ngroup = \"line\"")
        .replace("sign-nonce", "hmac-nonce")
        .replace("chain.pem", "device-key")
        .replace("\"chain\"", "\"device-key\"");
    Product::parse(&text).unwrap()
}

struct Bench {
    folder: tempfile::TempDir,
    device: Option<VirtualDevice>,
}

impl Bench {
    fn new(faults: &[&str]) -> Bench {
        Bench::seeded(faults, 7)
    }

    fn seeded(faults: &[&str], seed: u64) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench { folder, device: None };
        bench.plug(faults, seed);
        bench
    }

    fn plug(&mut self, faults: &[&str], seed: u64) {
        let config = DeviceConfig {
            serial: "SN 17/ä".to_owned(),
            mac: "a0:b2:c3:d4:e5:f6".to_owned(),
            model: "sensor-1".to_owned(),
            link: self.link(),
            state: self.state(),
            faults: faults.iter().map(|text| text.parse::<Fault>().unwrap()).collect(),
            seed,
        };
        self.device = Some(VirtualDevice::plug(config).unwrap());
    }

    fn link(&self) -> std::path::PathBuf {
        self.folder.path().join("port-1")
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("device")
    }

    fn driver(&self, product: &Product, session: u8) -> Box<dyn Driver + Send> {
        open_driver(product, port::open(&self.link(), 115_200).unwrap(), None, [session; 8])
    }

    fn journal(&self) -> Vec<Entry> {
        read_journal(&self.state()).unwrap()
    }

    fn verbs(&self) -> Vec<String> {
        self.journal().into_iter().map(|entry| entry.verb).collect()
    }
}

fn file(path: &str, content: impl Into<Vec<u8>>) -> Rendered {
    Rendered { path: path.to_owned(), mode: 0o640, content: Secret::new(content.into()), secret: false }
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

/// Every byte value, so that nothing on the way may take one of them for its own.
fn raw(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 7 + at / 256) % 256).unwrap()).collect()
}

/// Identify to finish; what the device's request said, and its proof over it.
fn whole_run(driver: &mut dyn Driver) -> Result<(), LineError> {
    driver.identify()?;
    let csr = driver.request_csr(Primary, "sn-17", CsrKey::P256, false)?;
    write_file(driver, &file("chain.pem", raw(2600)), &mut no_progress)?;
    write_file(driver, &file("etc/dps.json", "{}"), &mut no_progress)?;
    driver.commit()?;
    let signature = driver.prove_signature(Primary, &challenge())?;
    driver.finish()?;

    let csr = x509_cert::request::CertReq::from_der(&csr).expect("the request is a request");
    let spki = csr.info.public_key.to_der().unwrap();
    let key =
        <p256::ecdsa::VerifyingKey as p256::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
    let own = p256::ecdsa::DerSignature::try_from(csr.signature.raw_bytes()).unwrap();
    key.verify(&csr.info.to_der().unwrap(), &own).expect("the request is signed by its own key");
    let signature = p256::ecdsa::DerSignature::try_from(signature.as_slice()).unwrap();
    key.verify(&challenge().message(), &signature).expect("the proof is over the message");
    Ok(())
}

/// Refused because it is not the time for it.
fn is_state(error: LineError) -> bool {
    matches!(error, LineError::Refused { code, .. } if code == "state")
}

#[test]
fn a_device_is_identified_given_its_files_and_proves_its_key() {
    let bench = Bench::new(&[]);
    let product = recipe();
    let mut driver = bench.driver(&product, 1);
    let who = driver.identify().unwrap();
    assert_eq!(who.serial, "SN 17/ä");
    assert_eq!(who.mac.as_deref(), Some("a0:b2:c3:d4:e5:f6"));
    assert_eq!(who.firmware.as_deref(), Some("1.0.0"));
    assert!(is_state(driver.prove_signature(Primary, &challenge()).unwrap_err()));
    whole_run(driver.as_mut()).unwrap();

    assert_eq!(bench.verbs(), ["csr", "put", "put", "commit", "prove", "finish"]);
    assert_eq!(bench.journal()[1].sha256, Some(Digest::of(&raw(2600))));
    assert_eq!(read_files(&bench.state()).unwrap()["etc/dps.json"], b"{}");
    assert_eq!(bench.device.as_ref().unwrap().finishes(), 1);
    assert!(is_state(driver.prove_signature(Primary, &challenge()).unwrap_err()));
    assert!(driver.present());
}

#[test]
fn a_symmetric_key_is_proven_by_hmac() {
    let bench = Bench::new(&[]);
    let mut driver = bench.driver(&symmetric_recipe(), 1);
    driver.identify().unwrap();
    write_file(driver.as_mut(), &file("device-key", "c2VjcmV0LXNlY3JldC1zZWNyZXQ="), &mut no_progress)
        .unwrap();
    driver.commit().unwrap();
    let proof = driver.prove_hmac(&challenge()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"secret-secret-secret").unwrap();
    mac.update(&challenge().message());
    assert_eq!(proof, mac.finalize().into_bytes().to_vec());
    driver.finish().unwrap();
}

#[test]
fn a_long_file_goes_in_parts_and_one_too_long_is_refused_before_it_is_sent() {
    let bench = Bench::new(&[]);
    let mut driver = bench.driver(&recipe(), 1);
    driver.identify().unwrap();
    let mut heard = Vec::new();
    let long = file("firmware.bin", raw(50_000));
    let digest = write_file(driver.as_mut(), &long, &mut |sent, total| heard.push((sent, total))).unwrap();
    assert_eq!(digest, long.digest());
    assert_eq!((heard[0], heard[1], heard.len()), ((0, 50_000), (4096, 50_000), 14));
    assert_eq!(heard.last(), Some(&(50_000, 50_000)));
    let error = driver.put(&file("x", raw(300_000)), &mut no_progress).unwrap_err();
    assert!(matches!(error, LineError::TooLarge { size: 300_000, most: 262_144, .. }));
}

#[test]
fn lost_and_changed_bytes_cost_time_and_nothing_else() {
    for (fault, seed) in
        [("drop-bytes", 1), ("drop-bytes", 2), ("drop-bytes", 3), ("noise", 1), ("noise", 2), ("noise", 3)]
    {
        let bench = Bench::seeded(&[fault], seed);
        let mut driver = bench.driver(&recipe(), 1);
        whole_run(driver.as_mut()).unwrap_or_else(|error| panic!("{fault} {seed}: {error}"));
        let long = file("firmware.bin", raw(20_000));
        let mut again = bench.driver_after(driver);
        again.identify().unwrap();
        write_file(again.as_mut(), &long, &mut no_progress).unwrap_or_else(|e| panic!("{fault} {seed}: {e}"));
        // nothing was carried out twice in spite of the repeats
        assert_eq!(
            bench.verbs(),
            ["csr", "put", "put", "commit", "prove", "finish", "put"],
            "{fault} {seed}"
        );
    }
}

impl Bench {
    /// The port is held by one driver at a time.
    fn driver_after(&self, earlier: Box<dyn Driver + Send>) -> Box<dyn Driver + Send> {
        drop(earlier);
        self.driver(&recipe(), 2)
    }
}

#[test]
fn a_mute_device_is_reported_within_its_deadline() {
    let bench = Bench::new(&["silent"]);
    let mut driver = bench.driver(&recipe(), 1);
    let start = Instant::now();
    let error = driver.identify().unwrap_err();
    assert_eq!(error, LineError::Silent { what: "hello".to_owned(), waited: Duration::from_secs(3) });
    assert_eq!(error.whose(), Whose::Device);
    assert!((2500..5000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(!driver.present());
}

#[test]
fn memory_at_fault_is_found_by_reading_back() {
    let bench = Bench::new(&["wrong-digest"]);
    let mut driver = bench.driver(&recipe(), 1);
    driver.identify().unwrap();
    let error = write_file(driver.as_mut(), &file("x", "abc"), &mut no_progress).unwrap_err();
    assert!(matches!(error, LineError::ReadBackDiffers { .. }), "{error}");
    assert_eq!(bench.verbs(), ["put"; 3], "sent three times, then no more");
}

#[test]
fn a_pulled_cable_is_nobodys_fault_and_a_restart_is_the_devices() {
    for verb in ["identify", "csr", "put", "digest", "commit", "prove", "finish"] {
        let bench = Bench::new(&[&format!("unplug-at={verb}")]);
        let mut driver = bench.driver(&recipe(), 1);
        let error = whole_run(driver.as_mut()).unwrap_err();
        assert_eq!((error.clone(), error.whose()), (LineError::Gone, Whose::Pulled), "{verb}");
        assert!(!port::present(&bench.link()) && !bench.device.as_ref().unwrap().plugged(), "{verb}");
    }
    for verb in ["put", "prove"] {
        let bench = Bench::new(&[&format!("reset-at={verb}")]);
        let mut driver = bench.driver(&recipe(), 1);
        let error = whole_run(driver.as_mut()).unwrap_err();
        assert!(matches!(error, LineError::Restarted { .. }), "{verb}: {error}");
        assert_eq!(error.whose(), Whose::Device);
        whole_run(driver.as_mut()).unwrap();
    }
}

#[test]
fn a_bad_request_a_bad_proof_and_a_placeholder_come_through_as_they_are() {
    let bench = Bench::new(&["bad-csr", "bad-proof", "placeholder-serial", "wrong-model", "slow"]);
    let mut driver = bench.driver(&recipe(), 1);
    let who = driver.identify().unwrap();
    assert_eq!((who.serial.as_str(), who.model.as_deref()), ("0000000000", Some("other-product")));
    let csr = driver.request_csr(Primary, "sn-17", CsrKey::P256, false).unwrap();
    let csr = x509_cert::request::CertReq::from_der(&csr).unwrap();
    let spki = csr.info.public_key.to_der().unwrap();
    let key =
        <p256::ecdsa::VerifyingKey as p256::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
    let own = p256::ecdsa::DerSignature::try_from(csr.signature.raw_bytes());
    assert!(own.is_err() || key.verify(&csr.info.to_der().unwrap(), &own.unwrap()).is_err());
    driver.commit().unwrap();
    let signature = driver.prove_signature(Primary, &challenge()).unwrap();
    let signature = p256::ecdsa::DerSignature::try_from(signature.as_slice()).unwrap();
    assert!(key.verify(&challenge().message(), &signature).is_err());
    let error = driver.request_csr(Primary, "sn-17", CsrKey::P384, false).unwrap_err();
    assert!(matches!(error, LineError::NotCapable { .. }), "{error}");
}

#[test]
fn a_new_key_leaves_the_old_one_alone_until_commit_and_can_be_kept() {
    let bench = Bench::new(&[]);
    let mut driver = bench.driver(&recipe(), 1);
    driver.identify().unwrap();
    let first = driver.request_csr(Primary, "sn-17", CsrKey::P256, true).unwrap();
    driver.commit().unwrap();
    let old = std::fs::read(bench.state().join("key.pem")).unwrap();
    let second = driver.request_csr(Primary, "sn-17", CsrKey::P256, false).unwrap();
    // another station session, as after a crash
    let mut driver = bench.driver_after(driver);
    driver.identify().unwrap();
    let kept = driver.request_csr(Primary, "sn-17", CsrKey::P256, true).unwrap();
    let key_of = |csr: &[u8]| x509_cert::request::CertReq::from_der(csr).unwrap().info.public_key;
    assert_ne!(key_of(&first), key_of(&second));
    assert_eq!(key_of(&second), key_of(&kept));
    assert_eq!(std::fs::read(bench.state().join("key.pem")).unwrap(), old);
}

#[test]
fn a_run_that_broke_off_goes_on_with_the_key_in_use_and_proves_again_only_after_a_new_commit() {
    let bench = Bench::new(&[]);
    let mut driver = bench.driver(&recipe(), 1);
    let first =
        driver.identify().and_then(|_| driver.request_csr(Primary, "sn-17", CsrKey::P256, false)).unwrap();
    driver.commit().and_then(|()| driver.finish()).unwrap();
    assert!(is_state(driver.commit().unwrap_err()), "this conversation is over");

    let mut driver = bench.driver_after(driver);
    let again =
        driver.identify().and_then(|_| driver.request_csr(Primary, "sn-17", CsrKey::P256, true)).unwrap();
    let key_of = |csr: &[u8]| x509_cert::request::CertReq::from_der(csr).unwrap().info.public_key;
    assert_eq!(key_of(&first), key_of(&again), "the committed key is asked for again");
    driver.commit().unwrap();
    assert!(is_state(driver.prove_signature(Primary, &challenge()).unwrap_err()), "nothing was committed");
    driver.put(&file("chain.pem", "{}"), &mut no_progress).and_then(|()| driver.commit()).unwrap();
    driver.prove_signature(Primary, &challenge()).unwrap();
}

#[test]
fn a_station_that_died_in_mid_sentence_is_understood_again() {
    use std::io::Write;
    let bench = Bench::new(&[]);
    let mut port = port::open(&bench.link(), 115_200).unwrap();
    port.write_all(b">5 put chain.pem 640 +2600 *123\n>\x00\xff half a li").unwrap();
    drop(port);
    whole_run(bench.driver(&recipe(), 1).as_mut()).unwrap();
}

/// A port that counts what goes over it.
struct Counted {
    port: port::Port,
    bytes: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Counted {
    fn add(&self, count: &std::io::Result<usize>) {
        let count = count.as_ref().copied().unwrap_or(0);
        self.bytes.fetch_add(count, std::sync::atomic::Ordering::SeqCst);
    }
}

impl std::io::Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.port.read(buffer);
        self.add(&count);
        count
    }
}

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.port.write(bytes);
        self.add(&count);
        count
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_protocol_adds_less_than_five_in_a_hundred_to_a_devices_files() {
    let bench = Bench::new(&[]);
    let bytes = std::sync::Arc::default();
    let port =
        Counted { port: port::open(&bench.link(), 115_200).unwrap(), bytes: std::sync::Arc::clone(&bytes) };
    let mut driver = LinesideDriver::new(port, 115_200, &recipe(), [1; 8]);
    driver.identify().unwrap();
    let before = bytes.load(std::sync::atomic::Ordering::SeqCst);
    // both ways added up, as if nothing overlapped
    driver.put(&file("chain.pem", raw(2400)), &mut no_progress).unwrap();
    driver.put(&file("dps.json", raw(200)), &mut no_progress).unwrap();
    let spent = bytes.load(std::sync::atomic::Ordering::SeqCst) - before;
    assert!((2600..=2730).contains(&spent), "{spent}");
}
