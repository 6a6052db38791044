use super::contents::{BundleCertificate, BundleDevice, BundleFile, Contents, Surroundings};
use super::*;
use crate::ca::certificate::Certificate;
use crate::ca::key::KeyPair;
use crate::ca::public_key::KeyKind;
use crate::ca::throwaway::{OpenSsl, ThrowawayCa, identity, now};
use crate::device::render::template_set::TemplateSet;
use crate::domain::pair::Pair;
use crate::domain::product::{DeviceIdentity, Product};
use crate::domain::secret::Secret;
use crate::station::batch::issue::recipients::Recipients;
use age::x25519;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const RECIPE: &str = r#"
name = "gateway-7"
[identify]
driver = "lineside"
[identity]
registration_id = "sn-{serial}"
[credential]
kind = "x509"
key = "station"
[[inject]]
path = "certs/chain.pem"
template = "chain"
[[inject]]
path = "keys/own.pem"
template = "private-key"
[[inject]]
path = "dps.json"
template = "dps.json"
[prove]
method = "read-back"
[enroll]
service = "dps"
"#;

struct Made {
    ca: ThrowawayCa,
    key: KeyPair,
    pem: Secret,
    certificate: Certificate,
    identity: DeviceIdentity,
}

impl Made {
    fn now(id: &str) -> Made {
        let ca = ThrowawayCa::made_now();
        let (key, prepared) = ca.prepare(KeyKind::EcP256, id);
        let certificate = prepared.sign().unwrap();
        Made { pem: key.pkcs8_pem().unwrap(), key, certificate, identity: identity(id), ca }
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            station: "line-3".parse().unwrap(),
            id_scope: Some("0ne0001".to_owned()),
            global_endpoint: "https://example.net".to_owned(),
            issuing_pem: self.ca.issuer.certificate().pem(),
            root_pem: self.ca.root.pem(),
            templates: TemplateSet::default(),
        }
    }

    fn contents(&self, recipe: &str, recipients: Option<&x25519::Identity>) -> Result<Contents, BundleError> {
        let recipients =
            recipients.map(|identity| Recipients::parse(&[identity.to_public().to_string()]).unwrap());
        Contents::new(self.around(), Some(Product::parse(recipe).unwrap()), recipients)
    }

    fn files(&self, contents: &Contents, with_key: bool) -> DeviceFiles {
        let private_key = with_key.then_some(&self.pem);
        self.files_of(contents, Pair::one(BundleCertificate { der: self.certificate.der(), private_key }))
    }

    fn as_ours(&self) -> BundleCertificate<'_> {
        BundleCertificate { der: self.certificate.der(), private_key: Some(&self.pem) }
    }

    fn files_of(&self, contents: &Contents, certificates: Pair<BundleCertificate<'_>>) -> DeviceFiles {
        let (identity, serial) = (&self.identity, &"SN-1".parse().unwrap());
        contents.of(&BundleDevice { identity, serial, mac: None, certificates, not_before: now() }).unwrap()
    }
}

fn names(files: &DeviceFiles) -> Vec<&str> {
    files.files.iter().map(|file| file.name.as_str()).collect()
}

fn opened(identity: &x25519::Identity, sealed: &[u8]) -> Vec<u8> {
    age::decrypt(identity, sealed).unwrap()
}

#[test]
fn a_folder_holds_what_a_device_needs_and_every_key_is_sealed() {
    let made = Made::now("sn-1");
    let reader = x25519::Identity::generate();
    let contents = made.contents(RECIPE, Some(&reader)).unwrap();
    contents.rehearse(&made.identity, &"SN-1".parse().unwrap(), None, Some(&made.pem)).unwrap();
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("folders");
    let mut bundles = Bundles::none().to_folders(&root, Start::New).unwrap();
    bundles.add(&made.files(&contents, true)).unwrap();
    bundles.finish().unwrap();

    let folder = root.join("sn-1");
    let mut found: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, ["certificate.pem", "chain.pem", "dps.json", "key.pem.age", "own.pem.age"]);
    for name in &found {
        let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["key.pem.age", "own.pem.age"] {
        assert_eq!(opened(&reader, &fs::read(folder.join(name)).unwrap()), made.pem.expose(), "{name}");
    }
    let openssl = OpenSsl::in_new_folder();
    openssl.write("root.pem", made.ca.root.pem().as_bytes());
    openssl.write("chain.pem", &fs::read(folder.join("chain.pem")).unwrap());
    openssl.write("key.pem", made.pem.expose());
    let attime = now().seconds().to_string();
    let verify =
        ["verify", "-attime", &attime, "-CAfile", "root.pem", "-untrusted", "chain.pem", "chain.pem"];
    assert_eq!(openssl.run(&verify), "chain.pem: OK\n");
    let certified = openssl.run(&["x509", "-in", "chain.pem", "-noout", "-pubkey"]);
    assert_eq!(openssl.run(&["pkey", "-in", "key.pem", "-pubout"]), certified);
    assert_eq!(made.certificate.public_key().unwrap(), *made.key.public_key());
    let dps: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("dps.json")).unwrap()).unwrap();
    assert_eq!((&dps["registration_id"], &dps["id_scope"]), (&"sn-1".into(), &"0ne0001".into()));
}

#[test]
fn keys_lie_in_clear_if_asked_and_a_device_that_made_its_key_gets_none() {
    let made = Made::now("sn-1");
    let contents = made.contents(RECIPE, None).unwrap();
    let files = made.files(&contents, true);
    assert_eq!(names(&files), ["certificate.pem", "chain.pem", "key.pem", "own.pem", "dps.json"]);
    assert_eq!(files.files[2].content.expose(), made.pem.expose());
    assert_eq!(names(&made.files(&contents, false)), ["certificate.pem", "chain.pem", "dps.json"]);
}

#[test]
fn an_archive_goes_on_where_it_was_committed_and_is_the_same_in_the_end() {
    let (one, two) = (Made::now("sn-1"), Made::now("sn-2"));
    let contents = one.contents(RECIPE, None).unwrap();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("all.tar");
    let mut bundles = Bundles::none().to_tar(&path, Start::New).unwrap();
    bundles.add(&one.files(&contents, true)).unwrap();
    let committed = bundles.offset();
    bundles.settle().unwrap();
    bundles.add(&one.files(&contents, true)).unwrap();
    bundles.cut(committed).unwrap();
    bundles.add(&two.files(&contents, true)).unwrap();
    bundles.finish().unwrap();
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len() % 512, 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let mut again = Bundles::none().to_tar(&path, Start::Resume { offset: committed }).unwrap();
    assert_eq!((again.offset(), fs::metadata(&path).unwrap().len()), (committed, committed));
    again.add(&two.files(&contents, true)).unwrap();
    again.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);

    let tar = |words: &[&str]| {
        let output = Command::new("tar").args(words).arg(&path).env("TZ", "UTC").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = tar(&["--numeric-owner", "-tvf"]);
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let expected = ["", "certificate.pem", "chain.pem", "key.pem", "own.pem", "dps.json"];
    for (at, line) in lines.iter().enumerate() {
        let rights = if at % 6 == 0 { "drwx------" } else { "-rw-------" };
        assert_eq!((line[0], line[1], line[3], line[4]), (rights, "0/0", "2026-11-22", "08:00"), "{listed}");
        assert_eq!(line[5], format!("sn-{}/{}", at / 6 + 1, expected[at % 6]));
    }
    assert_eq!(lines.len(), 12, "{listed}");
    let extracted =
        Command::new("tar").args(["-xOf"]).arg(&path).arg("sn-2/certificate.pem").output().unwrap();
    assert_eq!(extracted.stdout, two.certificate.pem().into_bytes());

    let longer = Start::Resume { offset: whole.len() as u64 + 1 };
    let fault = Bundles::none().to_tar(&path, longer).unwrap_err();
    assert_eq!(fault.code(), Code::OutputShorter);
    assert_eq!(Bundles::none().to_tar(&path, Start::New).unwrap_err().code(), Code::OutputExists);
}

#[test]
fn a_folder_is_replaced_whole_and_what_broke_off_is_no_hindrance() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("folders");
    let file =
        |name: &str, text: &str| BundleFile { name: name.to_owned(), content: Secret::from(text.to_owned()) };
    let files = |files: Vec<BundleFile>| DeviceFiles {
        registration_id: "sn-1".parse().unwrap(),
        not_before: now(),
        files,
    };
    let mut bundles = Bundles::none().to_folders(&root, Start::New).unwrap();
    bundles.add(&files(vec![file("a", "1"), file("b", "1")])).unwrap();
    fs::create_dir(root.join(".sn-1.new")).unwrap();
    fs::write(root.join(".sn-1.new/a"), "half").unwrap();
    let taken = Bundles::none().to_folders(&root, Start::New).unwrap_err();
    assert_eq!(taken.code(), Code::OutputExists);
    let mut bundles = Bundles::none().to_folders(&root, Start::Resume { offset: 0 }).unwrap();
    bundles.add(&files(vec![file("a", "2")])).unwrap();
    bundles.finish().unwrap();
    let found: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(found, ["sn-1"]);
    assert_eq!(fs::read(root.join("sn-1/a")).unwrap(), b"2");
    assert_eq!(fs::read_dir(root.join("sn-1")).unwrap().count(), 1);
}

#[test]
fn files_that_would_share_a_name_are_refused_before_anything_is_issued() {
    let made = Made::now("sn-1");
    let refused = |path: &str, template: &str| {
        let recipe = RECIPE.replace(
            "[prove]",
            &format!("[[inject]]\npath = \"{path}\"\ntemplate = \"{template}\"\n[prove]"),
        );
        made.contents(&recipe, None).map(|_| ()).map_err(|fault| {
            assert_eq!(fault.code(), Code::BundleNames);
            fault.to_string()
        })
    };
    for path in ["other/dps.json", "DPS.JSON", "own.pem.age", "a/KEY.pem", "chain.pem.age"] {
        let why = "cannot lie in a device's folder: another file has this name";
        assert_eq!(refused(path, "dps.json"), Err(format!("“{path}” of the recipe {why}")));
    }
    assert!(refused("folder/", "dps.json").is_err() && refused("a/.", "dps.json").is_err());
    assert!(refused(&"a".repeat(97), "dps.json").is_err());
    assert_eq!(refused(&"a".repeat(96), "dps.json"), Ok(()));
    assert_eq!(refused("etc/certificate.pem", "certificate"), Ok(()), "it is the same file");
}

#[test]
fn the_second_certificate_has_files_of_its_own() {
    let (made, other) = (Made::now("sn-1"), Made::now("sn-1"));
    let recipe = RECIPE.replace("key = \"station\"", "key = \"station\"\ncopies = 2").replace(
        "[prove]",
        "[[inject]]\npath = \"secondary-chain.pem\"\ntemplate = \"secondary-chain\"\n\
         [[inject]]\npath = \"keys/second.pem\"\ntemplate = \"secondary-private-key\"\n[prove]",
    );
    let reader = x25519::Identity::generate();
    let contents = made.contents(&recipe, Some(&reader)).unwrap();
    contents.rehearse(&made.identity, &"SN-1".parse().unwrap(), None, Some(&made.pem)).unwrap();
    let files = made.files_of(&contents, Pair { primary: made.as_ours(), secondary: Some(other.as_ours()) });
    let of_primary = ["certificate.pem", "chain.pem", "key.pem.age"];
    let of_secondary = ["secondary-certificate.pem", "secondary-chain.pem", "secondary-key.pem.age"];
    let of_recipe = ["own.pem.age", "dps.json", "second.pem.age"];
    assert_eq!(names(&files), [of_primary, of_secondary, of_recipe].concat());
    let content = |name: &str| {
        let file = files.files.iter().find(|file| file.name == name).unwrap();
        file.content.expose().to_vec()
    };
    assert_eq!(content("certificate.pem"), made.certificate.pem().into_bytes());
    assert_eq!(content("secondary-certificate.pem"), other.certificate.pem().into_bytes());
    let chain = format!("{}{}", other.certificate.pem(), made.ca.issuer.certificate().pem());
    assert_eq!(String::from_utf8(content("secondary-chain.pem")).unwrap(), chain);
    for name in ["key.pem.age", "own.pem.age"] {
        assert_eq!(opened(&reader, &content(name)), made.pem.expose(), "{name}");
    }
    for name in ["secondary-key.pem.age", "second.pem.age"] {
        assert_eq!(opened(&reader, &content(name)), other.pem.expose(), "{name}");
    }
    // its names are ours only where there is one
    let with_name = |recipe: &str| {
        let file = "[[inject]]\npath = \"secondary-key.pem\"\ntemplate = \"root-ca\"\n[prove]";
        made.contents(&recipe.replace("[prove]", file), None).map(|_| ()).map_err(|fault| fault.code())
    };
    assert_eq!((with_name(RECIPE), with_name(&recipe)), (Ok(()), Err(Code::BundleNames)));
}

#[test]
fn a_recipe_that_cannot_be_filled_costs_no_certificate() {
    let made = Made::now("sn-1");
    let rehearse = |recipe: &str, with_key: bool, id_scope: Option<&str>| {
        let around = Surroundings { id_scope: id_scope.map(str::to_owned), ..made.around() };
        let contents = Contents::new(around, Some(Product::parse(recipe).unwrap()), None).unwrap();
        let key = with_key.then_some(&made.pem);
        contents.rehearse(&made.identity, &"SN-1".parse().unwrap(), None, key)
    };
    assert_eq!(rehearse(RECIPE, false, Some("0ne0001")).map_err(|fault| fault.code()), Ok(()));
    let unknown = RECIPE.replace("template = \"dps.json\"", "template = \"nothing.json\"");
    assert_eq!(rehearse(&unknown, true, None).map_err(|fault| fault.code()), Err(Code::TemplateFailed));
    assert_eq!(rehearse(RECIPE, true, None).map_err(|fault| fault.code()), Err(Code::SettingsInvalid));
}
