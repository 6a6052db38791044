//! A CA to throw away and the openssl command in a folder of its own: what this room's tests, and the tests of
//! rooms above, need to have certificates made and judged.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::ceremony;
use super::certificate::Certificate;
use super::issue::Prepared;
use super::issuer::Issuer;
use super::key::KeyPair;
use super::profile::Profile;
use super::profile::template::Whom;
use super::public_key::KeyKind;
use crate::ca::csr::ProvenKey;
use crate::domain::cert_serial::CertSerial;
use crate::domain::product::DeviceIdentity;
use crate::domain::registration_id::RegistrationId;
use crate::domain::serial_number::SerialNumber;
use crate::domain::utc_time::UtcTime;
use crate::domain::work_order::{IssuePermit, PermitHolder};

/// 2026-11-22T08:00:00Z, the time of every test.
pub fn now() -> UtcTime {
    UtcTime::from_seconds(1_795_334_400)
}

/// A root and an issuing CA under it.
pub struct ThrowawayCa {
    /// The root's certificate.
    pub root: Certificate,
    /// The issuing CA.
    pub issuer: Arc<Issuer>,
}

impl ThrowawayCa {
    /// Made now, for station `line-3` of Contoso.
    pub fn made_now() -> ThrowawayCa {
        let company = "Contoso Gerätebau".parse().unwrap();
        let root = ceremony::make_root(&company, now(), [1; 10]).unwrap();
        let root_certificate = root.certificate.clone();
        let root = root.into_issuer().unwrap();
        let issuing =
            ceremony::make_issuing(&root, &company, &"line-3".parse().unwrap(), now(), [2; 10]).unwrap();
        ThrowawayCa { root: root_certificate, issuer: Arc::new(issuing.into_issuer().unwrap()) }
    }

    /// A certificate prepared for this ID and a new key of this kind.
    pub fn prepare(&self, kind: KeyKind, id: &str) -> (KeyPair, Prepared) {
        let key = KeyPair::generate(kind).unwrap();
        let profile = Profile::shipped(&format!("device-{}", &kind.as_str()[3..]).parse().unwrap());
        let prepared = super::issue::prepare(
            IssuePermit::mint("lot-1".parse().unwrap(), PermitHolder::Run(17)),
            &self.issuer,
            &profile.unwrap().unwrap(),
            ProvenKey::made_here(&key),
            &Whom { serial: &serial(id), mac: None, identity: &identity(id) },
            CertSerial::new(now(), [7; 10]),
            now(),
        );
        (key, prepared.unwrap())
    }
}

/// The serial number that looks like this ID.
pub fn serial(id: &str) -> SerialNumber {
    id.parse().unwrap()
}

/// An identity whose two IDs are the same.
pub fn identity(id: &str) -> DeviceIdentity {
    let registration_id: RegistrationId = id.parse().unwrap();
    DeviceIdentity { device_id: (&registration_id).into(), registration_id }
}

/// The openssl command in a temporary folder. A missing command fails the test.
pub struct OpenSsl {
    folder: TempDir,
}

impl OpenSsl {
    /// An empty folder.
    pub fn in_new_folder() -> OpenSsl {
        OpenSsl { folder: tempfile::tempdir().unwrap() }
    }

    /// Writes a file there.
    pub fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// Reads a file from there.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    /// Runs the command in the folder and returns what it printed; anything but success fails the test.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.attempt(arguments).unwrap_or_else(|errors| panic!("openssl {arguments:?}: {errors}"))
    }

    /// Runs the command in the folder: what it printed, or what it complained of.
    pub fn attempt(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("the tests need the openssl command");
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Makes a key and a request for it in DER; `kind` are the arguments of `openssl genpkey`, `more` those of
    /// `openssl req`.
    pub fn csr(&self, kind: &[&str], more: &[&str]) -> Vec<u8> {
        self.run(&[&["genpkey", "-out", "key.pem"], kind].concat());
        let request = ["req", "-new", "-key", "key.pem", "-subj", "/CN=mallory/O=Evil", "-outform", "DER"];
        self.run(&[&request[..], &["-out", "csr.der"], more].concat());
        self.read("csr.der")
    }
}
