//! Devices without a wire and the station that provisions them, one at a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use lineside::ca::key::KeyPair;
use lineside::ca::public_key::KeyKind;
use lineside::device::driver::{CsrKey, Driver, Identified};
use lineside::device::error::LineError;
use lineside::device::render::Rendered;
use lineside::device::render::template_set::TemplateSet;
use lineside::domain::digest::Digest;
use lineside::domain::name::Name;
use lineside::domain::pair::Which;
use lineside::domain::person::Actor;
use lineside::domain::proof::Challenge;
use lineside::domain::secret::Secret;
use lineside::domain::verdict::Verdict;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use lineside::station::keys::Unlocked;
use lineside::station::products::Recipe;
use lineside::station::provision::bench::{Bench, Job};
use lineside::station::provision::live::LiveRuns;
use lineside::station::provision::provision;
use lineside::station::settings::Settings;
use lineside::station::{clock, keys, products, profiles};
use lineside::store::Store;
use lineside::store::work_orders::{self, NewWorkOrder};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use p256::pkcs8::DecodePrivateKey;
use x509_cert::builder::{Builder, RequestBuilder};
use x509_cert::der::Encode;

/// A device without a wire: everything it says was made beforehand, and the time it takes is kept apart.
pub struct InMemory {
    serial: String,
    mac: String,
    csr: Vec<u8>,
    key: SigningKey,
    files: RefCell<BTreeMap<String, Digest>>,
    own_time: Duration,
}

impl InMemory {
    pub fn new(index: usize) -> InMemory {
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

    fn request_csr(&mut self, _: Which, _: &str, _: CsrKey, _: bool) -> Result<Vec<u8>, LineError> {
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

    fn prove_signature(&mut self, _: Which, challenge: &Challenge) -> Result<Vec<u8>, LineError> {
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

/// A station with an active work order for the devices of the demonstration.
pub struct Line {
    pub folder: Folder,
    pub settings: Settings,
    pub store: Store,
    pub keys: Unlocked,
    recipe: Recipe,
    profile: String,
    work_order: Name,
}

fn secret() -> Secret {
    Secret::from("only for this measurement".to_owned())
}

impl Line {
    /// Founds a station there, for so many devices.
    pub fn found(place: &Path, devices: usize) -> Line {
        let folder = Folder::at(place.join("station"));
        let actor = Actor::Station;
        let founding = Founding {
            company: &"Bench".parse().unwrap(),
            station: &"bench".parse().unwrap(),
            external_root: false,
            passphrase: &secret(),
            administrator: &"admin".parse().unwrap(),
            password: &secret(),
        };
        founding::found(&folder, &founding, &actor, clock::now()).unwrap();
        let text = folder.read(&folder.settings()).unwrap().replace("id_scope = \"\"", "id_scope = \"0ne0\"");
        let settings = Settings::parse(&text, folder.path()).unwrap();
        let store = Store::open(&folder.database()).unwrap();
        let keys = keys::unlock(&folder, &store, &secret(), &actor, clock::now()).unwrap();
        let recipe = products::find(&folder, &"demo-gateway".parse().unwrap()).unwrap();
        let profile = profiles::text(&folder, &"device-p256".parse().unwrap()).unwrap();
        let work_order: Name = "bench".parse().unwrap();
        store
            .change(&actor, clock::now(), |change| {
                let (name, product) = (&work_order, &recipe.product.name);
                let quantity = u32::try_from(devices).unwrap();
                work_orders::add(change, &NewWorkOrder { name, product, quantity, spare: 0, serials: &[] })?;
                work_orders::activate(change, &work_order, "bench")
            })
            .unwrap();
        Line { folder, settings, store, keys, recipe, profile, work_order }
    }

    /// Provisions a device; the time the station took for it.
    pub fn provision(&self, device: &mut InMemory) -> Duration {
        let Line { folder: _, settings, store, keys, recipe, profile, work_order } = self;
        let (templates, live) = (TemplateSet::new(None), LiveRuns::default());
        let bench = Bench { store, keys, settings, templates: &templates, live: &live };
        let job = Job {
            recipe,
            profile_text: Some(profile),
            work_order,
            slot: None,
            person: "bench",
            actor: &Actor::Station,
            label: None,
        };
        let begun = Instant::now();
        let ending = provision(&bench, &job, device, &|_, _, _| {});
        let taken = begun.elapsed().saturating_sub(device.own_time);
        assert_eq!(ending.verdict, Verdict::Pass, "{}", ending.message);
        taken
    }
}

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
