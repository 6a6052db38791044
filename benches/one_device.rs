//! One device, station side, without the wire: `provision` over a driver in memory, against three bare durable
//! commits of the same database engine in the same run. The design allows twice the floor
//! (three commits and 0.1 ms).
//!
//!     cargo bench --bench one_device

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lineside::ca::key::KeyPair;
use lineside::ca::public_key::KeyKind;
use lineside::device::driver::{CsrKey, Driver, Identified};
use lineside::device::error::LineError;
use lineside::device::render::Rendered;
use lineside::device::render::template_set::TemplateSet;
use lineside::domain::digest::Digest;
use lineside::domain::person::Actor;
use lineside::domain::proof::Challenge;
use lineside::domain::secret::Secret;
use lineside::domain::verdict::Verdict;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use lineside::station::provision::bench::{Bench, Job};
use lineside::station::provision::live::LiveRuns;
use lineside::station::provision::provision;
use lineside::station::settings::Settings;
use lineside::station::{clock, keys, products, profiles};
use lineside::store::Store;
use lineside::store::error::StoreError;
use lineside::store::work_orders::{self, NewWorkOrder};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use p256::pkcs8::DecodePrivateKey;
use x509_cert::builder::{Builder, RequestBuilder};
use x509_cert::der::Encode;

const DEVICES: usize = 300;

/// A device without a wire: everything it says was made beforehand, and the time it takes is kept apart.
struct InMemory {
    serial: String,
    mac: String,
    csr: Vec<u8>,
    key: SigningKey,
    files: RefCell<BTreeMap<String, Digest>>,
    own_time: Duration,
}

impl InMemory {
    fn new(index: usize) -> InMemory {
        let pair = KeyPair::generate(KeyKind::EcP256).unwrap();
        let key = SigningKey::from_pkcs8_der(pair.pkcs8().unwrap().expose()).unwrap();
        let request = RequestBuilder::new("CN=bench".parse().unwrap()).unwrap();
        let csr = request.build::<_, p256::ecdsa::DerSignature>(&key).unwrap().to_der().unwrap();
        let [.., high, low] = index.to_be_bytes();
        InMemory {
            serial: format!("BN{index:06}"),
            mac: format!("02:4c:53:ff:{high:02x}:{low:02x}"),
            csr,
            key,
            files: RefCell::default(),
            own_time: Duration::ZERO,
        }
    }
}

impl Driver for InMemory {
    fn identify(&mut self) -> Result<Identified, LineError> {
        let model = Some("demo-gateway".to_owned());
        Ok(Identified { serial: self.serial.clone(), mac: Some(self.mac.clone()), model, firmware: None })
    }

    fn request_csr(&mut self, _: &str, _: CsrKey, _: bool) -> Result<Vec<u8>, LineError> {
        Ok(self.csr.clone())
    }

    fn put(&mut self, file: &Rendered, _: &mut dyn FnMut(u64, u64)) -> Result<(), LineError> {
        self.files.borrow_mut().insert(file.path.clone(), file.digest());
        Ok(())
    }

    fn read_back(&mut self, file: &Rendered) -> Result<Digest, LineError> {
        Ok(self.files.borrow()[&file.path])
    }

    fn commit(&mut self) -> Result<(), LineError> {
        Ok(())
    }

    fn prove_signature(&mut self, challenge: &Challenge) -> Result<Vec<u8>, LineError> {
        let begun = Instant::now();
        let signature: p256::ecdsa::DerSignature = self.key.sign(&challenge.message());
        self.own_time += begun.elapsed();
        Ok(signature.to_bytes().to_vec())
    }

    fn prove_hmac(&mut self, _: &Challenge) -> Result<Vec<u8>, LineError> {
        Err(LineError::Gone)
    }

    fn finish(&mut self) -> Result<(), LineError> {
        Ok(())
    }

    fn abandon(&mut self) {}

    fn present(&mut self) -> bool {
        true
    }
}

/// Three transactions of one row each, made durable like the station's.
fn three_bare_commits(connection: &rusqlite::Connection) -> Duration {
    let begun = Instant::now();
    for _ in 0..3 {
        connection.execute("INSERT INTO bare (body) VALUES (randomblob(600))", []).unwrap();
    }
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(place.path().join("station"));
    let actor = Actor::Station;
    let secret = || Secret::from("only for this measurement".to_owned());
    let (station, administrator) = ("bench".parse().unwrap(), "admin".parse().unwrap());
    let founding = Founding {
        company: &"Bench".parse().unwrap(),
        station: &station,
        passphrase: &secret(),
        administrator: &administrator,
        password: &secret(),
    };
    founding::found(&folder, &founding, &actor, clock::now()).unwrap();
    let settings = Settings::parse(
        &folder.read(&folder.settings()).unwrap().replace("id_scope = \"\"", "id_scope = \"0ne0\""),
        folder.path(),
    )
    .unwrap();
    let store = Store::open(&folder.database()).unwrap();
    let unlocked = keys::unlock(&folder, &store, &secret(), &actor, clock::now()).unwrap();
    let recipe = products::find(&folder, &"demo-gateway".parse().unwrap()).unwrap();
    let profile = profiles::text(&folder, &"device-p256".parse().unwrap()).unwrap();
    let work_order = "bench".parse().unwrap();
    store
        .change(&actor, clock::now(), |change| {
            let product = &recipe.product.name;
            let quantity = u32::try_from(DEVICES).unwrap();
            work_orders::add(
                change,
                &NewWorkOrder { name: &work_order, product, quantity, spare: 0, serials: &[] },
            )?;
            work_orders::activate(change, &work_order, "bench")
        })
        .unwrap();
    let templates = TemplateSet::new(None);
    let live = LiveRuns::default();
    let bench =
        Bench { store: &store, keys: &unlocked, settings: &settings, templates: &templates, live: &live };
    let job = Job {
        recipe: &recipe,
        profile_text: Some(&profile),
        work_order: &work_order,
        slot: None,
        person: "bench",
        actor: &actor,
        label: None,
    };

    let bare = rusqlite::Connection::open(place.path().join("bare.db")).unwrap();
    bare.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB)").unwrap();

    let mut devices: Vec<InMemory> = (0..DEVICES).map(InMemory::new).collect();
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for device in &mut devices {
        floor.push(three_bare_commits(&bare) + Duration::from_micros(100));
        let begun = Instant::now();
        let ending = provision(&bench, &job, device, &|_, _, _| {});
        ours.push(begun.elapsed().saturating_sub(device.own_time));
        assert_eq!(ending.verdict, Verdict::Pass, "{}", ending.message);
    }
    let entries = store.read(lineside::store::audit::log::size).map_err(|e: StoreError| e).unwrap();
    let (ours, floor) = (median(ours), median(floor));
    println!("{DEVICES} devices, {entries} audit entries");
    println!("floor (three durable commits + 0.1 ms)  p50 {floor:>10.1?}");
    println!("one device, station side                p50 {ours:>10.1?}");
    println!("ratio {:.2} (the design allows 2)", ours.as_secs_f64() / floor.as_secs_f64());
}
