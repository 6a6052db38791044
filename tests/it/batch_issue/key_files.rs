//! Sealed keys, opened by the `age` command.

use std::fs;

use lineside::ca::key::KeyPair;
use lineside::ca::public_key::KeyKind;
use lineside::domain::pair::Pair;
use lineside::domain::registration_id::RegistrationId;
use lineside::domain::secret::Secret;
use lineside::station::batch::issue::key_file::{self, KeyFolder};
use lineside::station::batch::issue::recipients::Recipients;

use super::opened::said;

#[test]
fn the_age_command_opens_them_and_openssl_finds_the_keys() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let readers = ["ada", "bob"].map(|name| {
        said("age-keygen", &["-o", &path(name)]);
        said("age-keygen", &["-y", &path(name)])
    });
    let recipients = Recipients::parse(&readers).unwrap();
    let pairs: Vec<KeyPair> = (0..3).map(|_| KeyPair::generate(KeyKind::EcP256).unwrap()).collect();
    let keys: Vec<(RegistrationId, Secret)> = pairs
        .iter()
        .enumerate()
        .map(|(at, pair)| (format!("ln-{at}").parse().unwrap(), pair.pkcs8_pem().unwrap()))
        .collect();
    let sealed =
        key_file::seal(&recipients, false, &mut keys.iter().map(|(id, key)| (id, Pair::one(key)))).unwrap();
    let folder = KeyFolder::create(&place.path().join("out.csv")).unwrap();
    let file = folder.write(7, &sealed).unwrap();
    assert!(file.ends_with("out.csv.keys/0007.age"));
    for name in ["ada", "bob"] {
        let plain = said("age", &["--decrypt", "--identity", &path(name), file.to_str().unwrap()]);
        let mut table = csv::Reader::from_reader(plain.as_bytes());
        let rows: Vec<(String, String)> = table.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        for (at, (id, key)) in rows.iter().enumerate() {
            assert_eq!(*id, format!("ln-{at}"));
            fs::write(path("key.pem"), key).unwrap();
            let point = said("openssl", &["pkey", "-in", &path("key.pem"), "-pubout", "-text_pub"]);
            let hexadecimal: String = point.lines().filter(|line| line.starts_with("    ")).collect();
            let found = hex::decode(hexadecimal.replace([' ', ':'], "")).unwrap();
            assert_eq!(found, super::opened::point_of(key));
            assert!(pairs[at].public_key().spki_der().ends_with(&found));
        }
    }
}
