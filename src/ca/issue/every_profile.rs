//! Every profile that can be loaded is one that certificates can be made under: whatever its file says is what they say,
//! as another library reads them, and nothing else. Files are put together from all keys a profile has.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Tagged};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
    SubjectAltName, SubjectKeyIdentifier,
};

use super::tests::endless_issuer;
use super::*;
use crate::ca::csr::proven_key;
use crate::ca::key::KeyPair;
use crate::ca::throwaway::{ThrowawayCa, identity, now, serial};

const DAY: u64 = 86_400;
/// Keys of a kind the station makes none of, as a device proves them.
const RSA: &[u8] = include_bytes!("../../../fixtures/csr/rsa-2048.der");

static ENDING: LazyLock<ThrowawayCa> = LazyLock::new(ThrowawayCa::made_now);
static ENDLESS: LazyLock<Arc<Issuer>> = LazyLock::new(endless_issuer);

/// What a profile's file says. Only what goes together: what does not is refused, as other tests show.
#[derive(Debug, Clone)]
struct Said {
    days: Option<i64>,
    backdate: Option<i64>,
    rsa: bool,
    kinds: Vec<&'static str>,
    usages: Vec<&'static str>,
    purposes: Vec<&'static str>,
    list: Option<&'static str>,
    country: Option<String>,
    organization: Option<String>,
    unit: Option<&'static str>,
    number: Option<&'static str>,
    dns: Vec<&'static str>,
    uri: Vec<&'static str>,
    subject_key_id: Option<bool>,
}

fn said() -> impl Strategy<Value = Said> {
    let ec_kinds = subsequence(vec!["ec-p256", "ec-p384", "ec-p521"], 1..=3);
    let texts = (
        proptest::option::of(select(vec![
            "http://crl.example/1.crl",
            "http://a/b?c=d",
            "http://crl.example/{ca}.crl",
            "http://a/{ca}/b?c=d",
        ])),
        proptest::option::of("[A-Z]{2}"),
        // what a directory text may hold but braces, which stand for names, and what TOML would not take as it is
        proptest::option::of("[ -!#-\\[\\]-z~äöüß中é]{1,64}"),
        proptest::option::of(select(vec!["Line {device_id}", "{serial}", "Halle 3"])),
        proptest::option::of(select(vec!["{serial}", "{mac}", "no. 7"])),
        subsequence(vec!["{registration_id}.plant.example", "a", "x-1.example"], 0..=3),
        subsequence(vec!["urn:dev:{serial}", "https://devices.example/{mac}", "x:y"], 0..=3),
    );
    let rules = (
        proptest::option::weighted(0.8, 1i64..=14_610),
        proptest::option::of(0i64..=72),
        any::<bool>(),
        ec_kinds,
        any::<bool>(),
        subsequence(vec!["client-auth", "server-auth"], 0..=2),
        proptest::option::of(any::<bool>()),
    );
    (rules, texts).prop_map(|(rules, texts)| {
        let (days, backdate, rsa, kinds, more_usage, mut purposes, subject_key_id) = rules;
        let (list, country, organization, unit, number, dns, uri) = texts;
        let other_usage = if rsa { "key-encipherment" } else { "key-agreement" };
        let usages =
            [vec!["digital-signature"], if more_usage { vec![other_usage] } else { vec![] }].concat();
        if days.is_some() && purposes.is_empty() {
            purposes.push("client-auth");
        }
        let kinds = if rsa { vec!["rsa-2048", "rsa-4096"] } else { kinds };
        Said {
            days,
            backdate,
            rsa,
            kinds,
            usages,
            purposes,
            list,
            country,
            organization,
            unit,
            number,
            dns,
            uri,
            subject_key_id,
        }
    })
}

impl Said {
    fn text(&self) -> String {
        let mut text = format!(
            "name = \"drawn\"\nkeys = {:?}\nkey_usage = {:?}\nextended_key_usage = {:?}\n",
            self.kinds, self.usages, self.purposes
        );
        let mut line = |words: String| {
            text.push_str(&words);
            text.push('\n');
        };
        match self.days {
            Some(days) => line(format!("validity_days = {days}")),
            None => line("not_after = \"none\"".to_owned()),
        }
        if let Some(hours) = self.backdate {
            line(format!("backdate_hours = {hours}"));
        }
        if let Some(list) = self.list {
            line(format!("crl_distribution_point = \"{list}\""));
        }
        line(format!("[san]\ndns = {:?}\nuri = {:?}\n[subject]", self.dns, self.uri));
        for (key, value) in [
            ("country", self.country.as_deref()),
            ("organization", self.organization.as_deref()),
            ("organizational_unit", self.unit),
            ("serial_number", self.number),
        ] {
            if let Some(value) = value {
                line(format!("{key} = \"{value}\""));
            }
        }
        if let Some(wanted) = self.subject_key_id {
            line(format!("[extensions]\nsubject_key_identifier = {wanted}"));
        }
        text
    }

    /// A key that the profile allows.
    fn key(&self) -> ProvenKey {
        match self.kinds[0] {
            "ec-p256" => ProvenKey::made_here(&KeyPair::generate(KeyKind::EcP256).unwrap()),
            "ec-p384" => ProvenKey::made_here(&KeyPair::generate(KeyKind::EcP384).unwrap()),
            "ec-p521" => proven_key(include_bytes!("../../../fixtures/csr/p521-sha512.der")).unwrap(),
            _ => proven_key(RSA).unwrap(),
        }
    }
}

/// The name with what stands for the device in its place.
fn filled(template: &str) -> String {
    template
        .replace("{serial}", "SN-1")
        .replace("{mac}", "02:00:00:00:00:07")
        .replace("{registration_id}", "sn-1")
        .replace("{device_id}", "sn-1")
}

/// The parts of a subject, as object identifier and text.
fn parts(name: &x509_cert::name::Name) -> Vec<(String, String)> {
    let text = |value: &x509_cert::der::Any| {
        PrintableStringRef::try_from(value)
            .map(|text| text.as_str().to_owned())
            .or_else(|_| Utf8StringRef::try_from(value).map(|text| text.as_str().to_owned()))
            .unwrap_or_else(|_| panic!("{:?}", value.tag()))
    };
    let all = name.iter_rdn().flat_map(|level| level.iter());
    all.map(|part| (part.oid.to_string(), text(&part.value))).collect()
}

fn judge(said: &Said, profile: &Profile, issuer: &Issuer, certificate: &Certificate, key: &PublicKey) {
    let parsed = x509_cert::Certificate::from_der(certificate.der()).unwrap();
    let body = parsed.tbs_certificate();
    assert_eq!(certificate.public_key().unwrap(), *key);
    assert_eq!(
        body.issuer(),
        x509_cert::Certificate::from_der(issuer.certificate().der()).unwrap().tbs_certificate().subject()
    );

    let backdate = Duration::from_secs(u64::try_from(said.backdate.unwrap_or(0)).unwrap() * 3600);
    assert_eq!(certificate.not_before(), now().minus(backdate).max(issuer.not_before()));
    let wanted = match said.days {
        Some(days) => {
            let days = Duration::from_secs(u64::try_from(days).unwrap() * DAY - 1);
            now().plus(days).min(issuer.not_after())
        }
        None => UtcTime::from_seconds(NO_END),
    };
    assert_eq!(certificate.not_after(), wanted);
    assert!(certificate.not_after() <= issuer.not_after());

    let subject = [
        ("2.5.4.6", said.country.clone()),
        ("2.5.4.10", said.organization.as_deref().map(filled)),
        ("2.5.4.11", said.unit.map(filled)),
        ("2.5.4.3", Some("sn-1".to_owned())),
        ("2.5.4.5", said.number.map(filled)),
    ];
    let subject: Vec<_> =
        subject.into_iter().filter_map(|(oid, text)| Some((oid.to_owned(), text?))).collect();
    assert_eq!(parts(body.subject()), subject);

    let (critical, basic) = body.get_extension::<BasicConstraints>().unwrap().unwrap();
    assert!(critical && !basic.ca && basic.path_len_constraint.is_none());
    let (critical, usage) = body.get_extension::<KeyUsage>().unwrap().unwrap();
    let found = [
        ("digital-signature", usage.digital_signature()),
        ("key-agreement", usage.key_agreement()),
        ("key-encipherment", usage.key_encipherment()),
    ];
    let found: Vec<_> = found.into_iter().filter_map(|(word, there)| there.then_some(word)).collect();
    assert!(critical && found == said.usages, "{found:?}");
    assert_eq!(usage.0.bits().count_ones(), u32::try_from(said.usages.len()).unwrap());
    let purposes =
        body.get_extension::<ExtendedKeyUsage>().unwrap().map(|(_, all)| all.0).unwrap_or_default();
    let word = |oid: String| match oid.as_str() {
        "1.3.6.1.5.5.7.3.2" => "client-auth",
        "1.3.6.1.5.5.7.3.1" => "server-auth",
        other => panic!("{other}"),
    };
    assert_eq!(purposes.iter().map(|oid| word(oid.to_string())).collect::<Vec<_>>(), said.purposes);
    let (_, authority) = body.get_extension::<AuthorityKeyIdentifier>().unwrap().unwrap();
    assert_eq!(authority.key_identifier.unwrap().as_bytes(), issuer.key_id());
    let own = body.get_extension::<SubjectKeyIdentifier>().unwrap().map(|(_, id)| id.0.as_bytes().to_vec());
    assert_eq!(own, said.subject_key_id.unwrap_or(true).then(|| key_id(key)));
    assert_eq!(profile.subject_key_id(), own.is_some());

    let names = body.get_extension::<SubjectAltName>().unwrap().map(|(_, names)| names.0).unwrap_or_default();
    let names: Vec<_> = names
        .iter()
        .map(|name| match name {
            GeneralName::DnsName(text) => ("dns", text.to_string()),
            GeneralName::UniformResourceIdentifier(text) => ("uri", text.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    let dns = said.dns.iter().map(|name| ("dns", filled(name)));
    let uri = said.uri.iter().map(|name| ("uri", filled(name)));
    assert_eq!(names, dns.chain(uri).collect::<Vec<_>>());
    let lists = body.get_extension::<CrlDistributionPoints>().unwrap().map(|(_, points)| points.0);
    let lists: Vec<_> = lists
        .unwrap_or_default()
        .into_iter()
        .map(|point| match point.distribution_point {
            Some(DistributionPointName::FullName(names)) => match names.as_slice() {
                [GeneralName::UniformResourceIdentifier(text)] => text.to_string(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    let filled = |address: &str| address.replace("{ca}", &hex::encode(issuer.key_id()));
    assert_eq!(lists, said.list.into_iter().map(filled).collect::<Vec<_>>());
    let apart = profile.crl_distribution_point().is_some_and(|address| address.tells_apart());
    assert_eq!(apart, said.list.is_some_and(|address| address.contains("{ca}")));
    let optional = [purposes.is_empty(), own.is_none(), names.is_empty(), lists.is_empty()];
    let absent = optional.into_iter().filter(|absent| *absent).count();
    assert_eq!(body.extensions().unwrap().len(), 7 - absent, "and no others");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_certificate_holds_what_the_file_of_its_profile_says(said in said(), endless in any::<bool>()) {
        let text = said.text();
        let profile = Profile::parse(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"));
        let issuer = if endless { &ENDLESS } else { &ENDING.issuer };
        let permit = IssuePermit::mint("lot-1".parse().unwrap(), PermitHolder::Run(1));
        let (serial, mac) = (serial("SN-1"), "02:00:00:00:00:07".parse().unwrap());
        let whom = Whom { serial: &serial, mac: Some(&mac), identity: &identity("sn-1") };
        let key = said.key();
        let public_key = key.public_key().clone();
        let prepared = prepare(permit, issuer, &profile, key, &whom, CertSerial::new(now(), [5; 10]), now());
        match prepared {
            Err(refused) => {
                prop_assert!(said.days.is_none() && !endless, "{}", refused);
                prop_assert_eq!(refused.code(), Code::CertificateEnd);
            }
            Ok(prepared) => {
                prop_assert!(said.days.is_some() || endless);
                let until = prepared.not_after();
                let certificate = prepared.sign().unwrap();
                prop_assert_eq!(until, certificate.not_after());
                judge(&said, &profile, issuer, &certificate, &public_key);
            }
        }
        prop_assert_eq!(profile.keys().iter().all(|kind| kind.is_rsa()), said.rsa);
    }

    #[test]
    fn a_damaged_file_is_refused_or_a_profile_without_a_panic(
        said in said(),
        at in any::<prop::sample::Index>(),
        cut in 0usize..40,
        put in "[ -~\n\u{1}é中]{0,12}",
    ) {
        let text: Vec<char> = said.text().chars().collect();
        let at = at.index(text.len());
        let rest = text.iter().skip(at + cut);
        let damaged: String = text[..at].iter().copied().chain(put.chars()).chain(rest.copied()).collect();
        if let Err(fault) = Profile::parse(&damaged) {
            prop_assert!(!fault.to_string().contains('\n'), "{}", fault);
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(text in any::<String>()) {
        prop_assert!(Profile::parse(&text).is_err());
        prop_assert!(crate::ca::profile::proof::ProofProfile::parse(&text).is_err());
    }
}
