use super::*;
use age::x25519;
use proptest::prelude::*;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

fn open(identity: &x25519::Identity, sealed: &[u8]) -> Vec<u8> {
    let reader = age::Decryptor::new_buffered(sealed).unwrap();
    let mut plain = Vec::new();
    reader.decrypt(std::iter::once(identity as &dyn age::Identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

proptest! {
    #[test]
    fn whatever_the_keys_are_a_reader_of_csv_finds_them(
        keys in proptest::collection::vec(("[a-z0-9][a-z0-9._:-]{0,20}[a-z0-9]", "(\\PC|[\r\n\",])*"), 0..9)
    ) {
        let identity = x25519::Identity::generate();
        let recipients = Recipients::parse(&[identity.to_public().to_string()]).unwrap();
        let rows: Vec<(RegistrationId, Secret)> =
            keys.iter().map(|(id, key)| (id.parse().unwrap(), Secret::from(key.clone()))).collect();
        let sealed = seal(&recipients, false, &mut rows.iter().map(|(id, key)| (id, Pair::one(key)))).unwrap();
        let plain = open(&identity, &sealed);
        let mut reader = csv::Reader::from_reader(&plain[..]);
        prop_assert_eq!(reader.headers().unwrap(), vec!["registration_id", "private_key_pem"]);
        let read: Vec<(String, String)> = reader.deserialize().map(Result::unwrap).collect();
        prop_assert_eq!(&read, &keys);
        // and both keys of a device
        let two = |key| Pair { primary: key, secondary: Some(key) };
        let sealed = seal(&recipients, true, &mut rows.iter().map(|(id, key)| (id, two(key)))).unwrap();
        let plain = open(&identity, &sealed);
        let mut reader = csv::Reader::from_reader(&plain[..]);
        let names = vec!["registration_id", "private_key_pem", "secondary_private_key_pem"];
        prop_assert_eq!(reader.headers().unwrap(), names);
        let read: Vec<(String, String, String)> = reader.deserialize().map(Result::unwrap).collect();
        let both: Vec<_> = keys.into_iter().map(|(id, key)| (id, key.clone(), key)).collect();
        prop_assert_eq!(read, both);
    }
}

#[test]
fn a_chunk_is_written_again_and_later_ones_are_removed() {
    let place = tempfile::tempdir().unwrap();
    let output = place.path().join("out.csv");
    let folder = KeyFolder::create(&output).unwrap();
    assert_eq!(folder.path(), place.path().join("out.csv.keys"));
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
    for chunk in [0, 1, 1, 2, 10_000] {
        let path = folder.write(chunk, format!("chunk {chunk}").as_bytes()).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::write(folder.path().join(".0003.age.new"), "half").unwrap();
    fs::write(folder.path().join("note.txt"), "somebody's own").unwrap();
    let folder = KeyFolder::resume(&output, 2).unwrap();
    let mut names: Vec<_> = folder.files().unwrap();
    names.sort();
    assert_eq!(names, ["0000.age", "0001.age", "note.txt"].map(|name| folder.path().join(name)));
    assert_eq!(fs::read(folder.path().join("0001.age")).unwrap(), b"chunk 1");
    let taken = KeyFolder::create(&output).unwrap_err();
    assert_eq!(taken.code(), Code::OutputExists);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let fault = KeyFolder::create(&place.path().join("file/out.csv")).unwrap_err();
    assert_eq!(fault.code(), Code::OutputUnwritable);
    assert!(fault.to_string().contains("file/out.csv.keys cannot be written: "), "{fault}");
}
