//! What a batch has written, opened by other means than the program's own.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use p256::pkcs8::DecodePrivateKey as _;
use x509_cert::Certificate;
use x509_cert::der::{DecodePem as _, Encode as _};

/// One row of an output.
pub struct Row {
    /// Its cells by the names of their columns.
    pub cells: BTreeMap<String, String>,
    /// The certificate in it.
    pub certificate: Certificate,
}

impl Row {
    /// A cell; the column must be there.
    pub fn cell(&self, name: &str) -> &str {
        self.cells.get(name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// The same row as what it tells of its secondary certificate.
    pub fn secondary(&self) -> Row {
        let mut cells = self.cells.clone();
        for (name, cell) in &self.cells {
            if let Some(name) = name.strip_prefix("secondary_") {
                assert!(cells.insert(name.to_owned(), cell.clone()).is_some() || name == "csr", "{name}");
            }
        }
        let certificate = Certificate::from_pem(&cells["certificate_pem"]).expect("a certificate");
        Row { cells, certificate }
    }

    /// The certificate's serial number as the records write it.
    pub fn number(&self) -> String {
        hex::encode(self.certificate.tbs_certificate().serial_number().as_bytes())
    }

    /// The certificate's public key: an uncompressed point.
    pub fn public_point(&self) -> &[u8] {
        self.certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes()
    }

    /// DER of the certificate.
    pub fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    /// The cells that tell of the certificate tell of this one.
    pub fn agrees_with_its_certificate(&self) {
        let subject = self.certificate.tbs_certificate().subject().to_string();
        assert_eq!(subject, format!("CN={}", self.cell("registration_id")));
        assert_eq!(self.cell("cert_serial"), self.number());
        let der = self.der();
        let sha1 = lineside::domain::thumbprint::Thumbprint::sha1(&der).to_string();
        let sha256 = lineside::domain::digest::Digest::of(&der).to_string();
        assert_eq!((self.cell("sha1"), self.cell("sha256")), (sha1.as_str(), sha256.as_str()));
        let until = self.certificate.tbs_certificate().validity().not_after.to_unix_duration();
        let said: lineside::domain::utc_time::UtcTime = self.cell("not_after").parse().unwrap();
        assert_eq!(u64::try_from(said.seconds()).unwrap(), until.as_secs());
    }
}

/// The rows of an output, and its column names.
pub fn output(path: &Path) -> (Vec<String>, Vec<Row>) {
    let mut reader = csv::Reader::from_path(path).expect("the output");
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| {
        let record = record.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cells: BTreeMap<String, String> =
            names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        let certificate = Certificate::from_pem(&cells["certificate_pem"]).expect("a certificate");
        Row { cells, certificate }
    });
    let rows = rows.collect();
    (names, rows)
}

/// The point of the public key that belongs to a private one in PKCS#8 PEM.
pub fn point_of(key: &str) -> Vec<u8> {
    let key = p256::SecretKey::from_pkcs8_pem(key).expect("a P-256 key in PKCS#8");
    key.public_key().to_sec1_bytes().into_vec()
}

/// The keys of all sealed files by registration ID, opened by the identity; each ID stands once.
pub fn keys(folder: &Path, reader: &age::x25519::Identity) -> BTreeMap<String, String> {
    let keys = sealed(folder, reader, &["registration_id", "private_key_pem"]);
    keys.into_iter().map(|(id, mut keys)| (id, keys.remove(0))).collect()
}

/// The same where each device has two keys, the primary's first.
pub fn both_keys(folder: &Path, reader: &age::x25519::Identity) -> BTreeMap<String, Vec<String>> {
    sealed(folder, reader, &["registration_id", "private_key_pem", "secondary_private_key_pem"])
}

fn sealed(folder: &Path, reader: &age::x25519::Identity, names: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut keys = BTreeMap::new();
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the keys").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let plain = age::decrypt(reader, &fs::read(&file).unwrap()).expect("sealed to the reader");
        let mut table = csv::Reader::from_reader(&plain[..]);
        assert_eq!(table.headers().unwrap(), names.to_vec());
        for record in table.records() {
            let record = record.unwrap();
            let of_device = record.iter().skip(1).map(str::to_owned).collect();
            let before = keys.insert(record[0].to_owned(), of_device);
            assert!(before.is_none(), "{} has two keys, the second in {}", &record[0], file.display());
        }
    }
    keys
}

/// Runs a program that must succeed; what it printed.
pub fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// How many files an archive of devices holds; each is the one in the folders.
pub fn archived(archive: &Path, folders: &Path) -> usize {
    let mut files = 0;
    for entry in tar::Archive::new(fs::File::open(archive).unwrap()).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let (mut bytes, path) = (Vec::new(), folders.join(entry.path().unwrap()));
            entry.read_to_end(&mut bytes).unwrap();
            assert!(fs::read(&path).unwrap() == bytes, "{} is another in the archive", path.display());
            files += 1;
        }
    }
    files
}
