//! Issued certificates, judged by others: x509-cert with p384, rustls-webpki, and the openssl command.

use super::*;
use crate::ca::certificate::chain_pem;
use crate::ca::key::KeyPair;
use crate::ca::public_key::Hash;
use crate::ca::throwaway::{OpenSsl, ThrowawayCa, identity, now};
use crate::domain::product::DeviceIdentity;
use rustls::pki_types::{CertificateDer, UnixTime};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn the_certificate_holds_what_was_prepared_and_nothing_else() {
    let ca = ThrowawayCa::made_now();
    for kind in KeyKind::MADE_HERE {
        let (key, prepared) = ca.prepare(kind, "sn-1-mac-0011");
        assert_eq!((prepared.holder(), prepared.work_order().as_str()), (PermitHolder::Run(17), "lot-1"));
        let (serial, digest) = (prepared.cert_serial(), prepared.to_be_signed());
        let (from, until) = (prepared.not_before(), prepared.not_after());
        let certificate = prepared.sign().unwrap();
        assert_eq!(certificate.serial(), Ok(serial));
        assert_eq!(certificate.subject_cn(), Some("sn-1-mac-0011"));
        assert_eq!(certificate.public_key().unwrap(), *key.public_key());
        assert_eq!((certificate.not_before(), certificate.not_after()), (from, until));
        assert_eq!(from, now().minus(Duration::from_secs(3600)));

        let parsed = x509_cert::Certificate::from_der(certificate.der()).unwrap();
        let body = parsed.tbs_certificate();
        assert_eq!(Digest::of(&body.to_der().unwrap()), digest);
        let signature = parsed.signature().as_bytes().unwrap();
        assert!(ca.issuer.public_key().verifies(Hash::Sha384, &body.to_der().unwrap(), signature));
        assert_eq!(parsed.signature_algorithm(), body.signature());
        assert_eq!(body.extensions().unwrap().len(), 5);
        let (critical, basic) = body.get_extension::<BasicConstraints>().unwrap().unwrap();
        assert!(critical && !basic.ca && basic.path_len_constraint.is_none());
        let (critical, usage) = body.get_extension::<KeyUsage>().unwrap().unwrap();
        assert!(critical && usage.digital_signature() && usage.0.bits() == 1);
        let (_, extended) = body.get_extension::<ExtendedKeyUsage>().unwrap().unwrap();
        assert_eq!(extended.0.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.3.6.1.5.5.7.3.2"]);
        let (_, authority) = body.get_extension::<AuthorityKeyIdentifier>().unwrap().unwrap();
        assert_eq!(authority.key_identifier.unwrap().as_bytes(), ca.issuer.key_id());
    }
}

#[test]
fn webpki_accepts_the_chain_for_client_authentication_at_its_time_only() {
    let ca = ThrowawayCa::made_now();
    let root = CertificateDer::from(ca.root.der());
    let anchor = webpki::anchor_from_trusted_cert(&root).unwrap();
    let intermediate = CertificateDer::from(ca.issuer.certificate().der());
    for kind in KeyKind::MADE_HERE {
        let certificate = ca.prepare(kind, "sn-1").1.sign().unwrap();
        let der = CertificateDer::from(certificate.der());
        let judge = |at: UtcTime| {
            let end = webpki::EndEntityCert::try_from(&der).unwrap();
            let time = UnixTime::since_unix_epoch(at.since(UtcTime::from_seconds(0)));
            end.verify_for_usage(
                &[webpki::aws_lc_rs::ECDSA_P384_SHA384],
                std::slice::from_ref(&anchor),
                std::slice::from_ref(&intermediate),
                time,
                webpki::KeyUsage::client_auth(),
                None,
                None,
            )
            .map(|_| ())
        };
        assert_eq!(judge(now()), Ok(()));
        let second = Duration::from_secs(1);
        assert_eq!(judge(certificate.not_before()), Ok(()));
        assert!(judge(certificate.not_before().minus(second)).is_err());
        assert!(judge(certificate.not_after().plus(second)).is_err());
    }
}

#[test]
fn the_openssl_command_accepts_the_chain_in_its_strict_mode() {
    let ca = ThrowawayCa::made_now();
    let openssl = OpenSsl::in_new_folder();
    openssl.write("root.pem", ca.root.pem().as_bytes());
    let at = now().seconds().to_string();
    for kind in KeyKind::MADE_HERE {
        let certificate = ca.prepare(kind, "sn-1").1.sign().unwrap();
        openssl.write("chain.pem", chain_pem(&[&certificate, ca.issuer.certificate()]).as_bytes());
        let verify =
            ["verify", "-x509_strict", "-purpose", "sslclient", "-attime", &at, "-CAfile", "root.pem"];
        let said = openssl.run(&[&verify[..], &["-untrusted", "chain.pem", "chain.pem"]].concat());
        assert_eq!(said, "chain.pem: OK\n");
    }
}

fn attempt(issuer: &Arc<Issuer>, profile: &Profile, id: &str, at: UtcTime) -> Result<Prepared, Refused> {
    let key = KeyPair::generate(KeyKind::EcP256).unwrap();
    let permit = IssuePermit::mint("lot-1".parse().unwrap(), PermitHolder::Run(1));
    let serial = CertSerial::new(at, [0; 10]);
    let whom = Whom { serial: &crate::ca::throwaway::serial("SN-1"), mac: None, identity: &identity(id) };
    prepare(permit, issuer, profile, ProvenKey::made_here(&key), &whom, serial, at)
}

fn profile(name: &str) -> Profile {
    Profile::shipped(&name.parse().unwrap()).unwrap().unwrap()
}

#[test]
fn a_key_that_the_profile_does_not_allow_is_refused() {
    let refused =
        attempt(&ThrowawayCa::made_now().issuer, &profile("device-p384"), "sn-1", now()).err().unwrap();
    assert_eq!(refused.to_string(), "profile “device-p384” allows keys of kind ec-p384, not ec-p256");
    assert_eq!(refused.code(), Code::KeyTypeRefused);
}

#[test]
fn a_registration_id_of_65_characters_does_not_fit_a_certificate() {
    let ca = ThrowawayCa::made_now();
    let profile = profile("device-p256");
    let long = attempt(&ca.issuer, &profile, &"a".repeat(64), now()).unwrap();
    assert_eq!(long.sign().unwrap().subject_cn().unwrap().len(), 64);
    let refused = attempt(&ca.issuer, &profile, &"a".repeat(65), now()).err().unwrap();
    assert_eq!(refused.code(), Code::RegistrationIdInvalid);
}

#[test]
fn the_cn_is_the_registration_id_even_when_the_device_id_is_another() {
    let ca = ThrowawayCa::made_now();
    let key = KeyPair::generate(KeyKind::EcP256).unwrap();
    let identity =
        DeviceIdentity { registration_id: "sn-1".parse().unwrap(), device_id: "Gateway-1".parse().unwrap() };
    let permit = IssuePermit::mint("lot-1".parse().unwrap(), PermitHolder::Run(1));
    let serial = CertSerial::new(now(), [0; 10]);
    let key = ProvenKey::made_here(&key);
    let whom = Whom { serial: &crate::ca::throwaway::serial("SN-1"), mac: None, identity: &identity };
    let prepared = prepare(permit, &ca.issuer, &profile("device-p256"), key, &whom, serial, now());
    assert_eq!(prepared.unwrap().sign().unwrap().subject_cn(), Some("sn-1"));
}

#[test]
fn the_validity_stays_within_that_of_the_issuing_ca() {
    let ca = ThrowawayCa::made_now();
    let (from, until) = (ca.issuer.not_before(), ca.issuer.not_after());
    let profile = profile("device-p256");
    let early = attempt(&ca.issuer, &profile, "sn-1", from).unwrap();
    assert_eq!(early.not_before(), from);
    let late = attempt(&ca.issuer, &profile, "sn-1", until.minus(DAY)).unwrap();
    assert_eq!(late.not_after(), until);
    assert_eq!(late.not_before(), until.minus(DAY + profile.backdate()));
    // the last second counts, the next does not
    let last = attempt(&ca.issuer, &profile, "sn-1", UtcTime::from_millis(until.millis() + 999)).unwrap();
    assert_eq!(last.sign().unwrap().not_after(), until);
    let refused = attempt(&ca.issuer, &profile, "sn-1", until.plus(Duration::from_secs(1))).err().unwrap();
    assert_eq!(refused.code(), Code::IssuerExpired);
    let refused = attempt(&ca.issuer, &profile, "sn-1", from.minus(Duration::from_secs(1))).err().unwrap();
    assert_eq!(refused.code(), Code::ClockBehind);
}

#[test]
fn a_body_that_changed_after_it_was_prepared_is_not_signed() {
    let (_, mut prepared) = ThrowawayCa::made_now().prepare(KeyKind::EcP256, "sn-1");
    prepared.body.damage();
    assert!(matches!(prepared.sign(), Err(SignFailed::BodyChanged { .. })));
}

#[test]
fn an_end_after_2049_is_written_so_that_others_read_it() {
    let company = "Contoso".parse().unwrap();
    let later = UtcTime::from_seconds(2_600_000_000);
    let root = crate::ca::ceremony::make_root(&company, later, [1; 10]).unwrap();
    let issuer = Arc::new(root.into_issuer().unwrap());
    let certificate = attempt(&issuer, &profile("device-p256"), "sn-1", later).unwrap().sign().unwrap();
    let openssl = OpenSsl::in_new_folder();
    openssl.write("c.pem", certificate.pem().as_bytes());
    let said = openssl.run(&["x509", "-in", "c.pem", "-noout", "-enddate"]);
    assert!(said.contains(" 2062 GMT"), "{said}");
    assert_eq!(certificate.not_after(), later.plus(DAY * 3650).minus(Duration::from_secs(1)));
}

/// An issuing CA that never ends.
pub(super) fn endless_issuer() -> Arc<Issuer> {
    let key = KeyPair::generate(KeyKind::EcP384).unwrap().pkcs8().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Contoso IDevID CA");
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now().minus(DAY).to_offset();
    params.not_after = UtcTime::from_seconds(NO_END).to_offset();
    let pair = rcgen::KeyPair::try_from(key.expose()).unwrap();
    Arc::new(Issuer::load(&params.self_signed(&pair).unwrap().pem(), &key).unwrap())
}

#[test]
fn an_identity_for_life_never_ends_and_holds_the_serial_number() {
    let idevid = profile("idevid");
    let refused = attempt(&ThrowawayCa::made_now().issuer, &idevid, "sn-1", now()).err().unwrap();
    assert_eq!(refused.code(), Code::CertificateEnd);
    let issuer = endless_issuer();
    let certificate = attempt(&issuer, &idevid, "sn-1", now()).unwrap().sign().unwrap();
    assert_eq!(certificate.not_after().seconds(), NO_END);
    let openssl = OpenSsl::in_new_folder();
    openssl.write("ca.pem", issuer.certificate().pem().as_bytes());
    openssl.write("c.pem", certificate.pem().as_bytes());
    let at = now().seconds().to_string();
    let said = openssl.run(&["verify", "-x509_strict", "-attime", &at, "-CAfile", "ca.pem", "c.pem"]);
    assert_eq!(said, "c.pem: OK\n");
    let text = openssl.run(&["x509", "-in", "c.pem", "-noout", "-text"]);
    assert!(text.contains("Dec 31 23:59:59 9999 GMT"), "{text}");
    assert!(text.contains("Subject: CN = sn-1, serialNumber = SN-1"), "{text}");
    assert!(!text.contains("Extended Key Usage"), "{text}");
}

#[test]
fn what_would_end_too_late_is_refused_and_not_cut() {
    let profile = profile("iot-edge-1-1");
    let issuer = endless_issuer();
    let five_years = DAY * 1825;
    let limit = UtcTime::from_seconds(2_145_916_800);
    let last = attempt(&issuer, &profile, "sn-1", limit.minus(five_years)).unwrap();
    assert_eq!(last.not_after(), limit.minus(Duration::from_secs(1)));
    let late = limit.minus(five_years).plus(Duration::from_secs(1));
    let refused = attempt(&issuer, &profile, "sn-1", late).err().unwrap();
    assert_eq!(refused.code(), Code::CertificateEnd);
    assert!(refused.to_string().contains("2038-01-01T00:00:00.000Z"), "{refused}");
}

#[test]
fn names_and_addresses_of_a_profile_stand_in_the_certificate() {
    let text = format!(
        "{}{}",
        Profile::shipped(&"device-p256".parse().unwrap()).map(|_| crate::ca::profile::SHIPPED[0].1).unwrap(),
        r#"crl_distribution_point = "http://crl.plant.example/issuing.crl"
[subject]
country = "DE"
organization = "Contoso Gerätebau"
organizational_unit = "Line {device_id}"
serial_number = "{serial}"
[san]
dns = ["{registration_id}.plant.example"]
uri = ["urn:serial:{serial}"]
"#
    );
    let profile = Profile::parse(&text).unwrap();
    let ca = ThrowawayCa::made_now();
    let certificate = attempt(&ca.issuer, &profile, "sn-1", now()).unwrap().sign().unwrap();
    assert_eq!(certificate.subject_cn(), Some("sn-1"));
    let openssl = OpenSsl::in_new_folder();
    openssl.write("root.pem", ca.root.pem().as_bytes());
    openssl.write("chain.pem", chain_pem(&[&certificate, ca.issuer.certificate()]).as_bytes());
    let at = now().seconds().to_string();
    let verify = ["verify", "-x509_strict", "-attime", &at, "-CAfile", "root.pem", "-untrusted", "chain.pem"];
    assert_eq!(openssl.run(&[&verify[..], &["chain.pem"]].concat()), "chain.pem: OK\n");
    let shown =
        openssl.run(&["x509", "-in", "chain.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]);
    for wanted in [
        "C=DE,O=Contoso Gerätebau,OU=Line sn-1,CN=sn-1,serialNumber=SN-1",
        "DNS:sn-1.plant.example, URI:urn:serial:SN-1",
        "URI:http://crl.plant.example/issuing.crl",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    // a device whose serial number fits no PrintableString, or that has no MAC address
    let refuse = |to: &str, serial: &str| {
        let profile = Profile::parse(&text.replace("serial_number = \"{serial}\"", to)).unwrap();
        let key = ProvenKey::made_here(&KeyPair::generate(KeyKind::EcP256).unwrap());
        let permit = IssuePermit::mint("lot-1".parse().unwrap(), PermitHolder::Run(1));
        let whom = Whom { serial: &serial.parse().unwrap(), mac: None, identity: &identity("sn-1") };
        let number = CertSerial::new(now(), [0; 10]);
        prepare(permit, &ca.issuer, &profile, key, &whom, number, now()).err().unwrap()
    };
    let refused = refuse("serial_number = \"{serial}\"", "SN_1");
    assert_eq!(refused.code(), Code::CertificateName);
    let refused = refuse("serial_number = \"{mac}\"", "SN-1");
    assert!(refused.to_string().contains("no MAC address"), "{refused}");
}
