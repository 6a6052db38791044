//! What a certificate says, read by another library than the one that wrote it, for `ca show` and the pages.

use std::fmt;

use serde::Serialize;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName,
    SubjectKeyIdentifier,
};

use super::certificate::{BadCertificate, Certificate};
use super::public_key::{BadPublicKey, PublicKey};
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// Basic constraints (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BasicFacts {
    /// Whether it may issue certificates.
    pub ca: bool,
    /// How many CAs may follow below it; unlimited if none.
    pub path_length: Option<u8>,
    /// Whether the extension is marked critical.
    pub critical: bool,
}

/// The facts of one certificate. Names are in the form of RFC 4514, byte strings in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateFacts {
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Serial number.
    pub serial: String,
    /// First second of its validity.
    pub not_before: UtcTime,
    /// Last second of its validity.
    pub not_after: UtcTime,
    /// Kind of its key: `ec-p256`, `ec-p384`, or what else it is.
    pub key: String,
    /// Subject key identifier.
    pub subject_key_id: Option<String>,
    /// Authority key identifier.
    pub authority_key_id: Option<String>,
    /// Basic constraints.
    pub basic_constraints: Option<BasicFacts>,
    /// Key usages by their names in RFC 5280 §4.2.1.3; none if the extension is missing.
    pub key_usage: Vec<&'static str>,
    /// Extended key usages: `clientAuth`, `serverAuth`, or the object identifier.
    pub extended_key_usage: Vec<String>,
    /// Subject alternative names, each with its kind: `DNS:gate.example`.
    pub alternative_names: Vec<String>,
    /// SHA-256 of the whole certificate.
    pub sha256: Digest,
}

impl CertificateFacts {
    /// Reads them. Fails if an extension is there twice or cannot be decoded.
    pub fn read(certificate: &Certificate) -> Result<CertificateFacts, BadCertificate> {
        let parsed = x509_cert::Certificate::from_der(certificate.der())?;
        let body = parsed.tbs_certificate();
        let subject_key = body.get_extension::<SubjectKeyIdentifier>()?;
        let authority_key = body.get_extension::<AuthorityKeyIdentifier>()?;
        let basic = body.get_extension::<BasicConstraints>()?;
        let usage = body.get_extension::<KeyUsage>()?;
        let extended = body.get_extension::<ExtendedKeyUsage>()?;
        let names = body.get_extension::<SubjectAltName>()?;
        let key = match PublicKey::from_spki_der(&body.subject_public_key_info().to_der()?) {
            Ok(key) => key.kind().to_string(),
            Err(BadPublicKey::Unsupported(name)) => name,
            Err(fault @ (BadPublicKey::Garbage(_) | BadPublicKey::NotOnCurve(_) | BadPublicKey::Rsa(_))) => {
                fault.to_string()
            }
        };
        Ok(CertificateFacts {
            subject: body.subject().to_string(),
            issuer: body.issuer().to_string(),
            serial: hex::encode(certificate.serial_bytes()),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            key,
            subject_key_id: subject_key.map(|(_, id)| hex::encode(id.0.as_bytes())),
            authority_key_id: authority_key
                .and_then(|(_, id)| id.key_identifier)
                .map(|id| hex::encode(id.as_bytes())),
            basic_constraints: basic.map(|(critical, constraints)| BasicFacts {
                ca: constraints.ca,
                path_length: constraints.path_len_constraint,
                critical,
            }),
            key_usage: usage.map(|(_, usage)| usages(usage)).unwrap_or_default(),
            extended_key_usage: extended
                .map(|(_, usage)| usage.0.iter().map(|oid| extended_name(&oid.to_string())).collect())
                .unwrap_or_default(),
            alternative_names: names
                .map(|(_, names)| names.0.iter().map(alternative_name).collect())
                .unwrap_or_default(),
            sha256: certificate.sha256(),
        })
    }
}

fn usages(usage: KeyUsage) -> Vec<&'static str> {
    [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect()
}

fn alternative_name(name: &GeneralName) -> String {
    match name {
        GeneralName::DnsName(name) => format!("DNS:{name}"),
        GeneralName::Rfc822Name(name) => format!("email:{name}"),
        GeneralName::UniformResourceIdentifier(name) => format!("URI:{name}"),
        GeneralName::DirectoryName(name) => format!("DirName:{name}"),
        GeneralName::RegisteredId(id) => format!("ID:{id}"),
        GeneralName::IpAddress(bytes) => match <[u8; 4]>::try_from(bytes.as_bytes()) {
            Ok(four) => format!("IP:{}", std::net::Ipv4Addr::from(four)),
            Err(_) => match <[u8; 16]>::try_from(bytes.as_bytes()) {
                Ok(sixteen) => format!("IP:{}", std::net::Ipv6Addr::from(sixteen)),
                Err(_) => format!("IP:{}", hex::encode(bytes.as_bytes())),
            },
        },
        GeneralName::OtherName(_) => "otherName".to_owned(),
        GeneralName::EdiPartyName(_) => "ediPartyName".to_owned(),
    }
}

fn extended_name(oid: &str) -> String {
    match oid {
        "1.3.6.1.5.5.7.3.1" => "serverAuth".to_owned(),
        "1.3.6.1.5.5.7.3.2" => "clientAuth".to_owned(),
        other => other.to_owned(),
    }
}

impl fmt::Display for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateFacts {
            subject,
            issuer,
            serial,
            not_before,
            not_after,
            key,
            subject_key_id,
            authority_key_id,
            basic_constraints,
            key_usage,
            extended_key_usage,
            alternative_names,
            sha256,
        } = self;
        let none = || "none".to_owned();
        let basic = basic_constraints.map_or_else(none, |basic| {
            let kind = if basic.ca { "CA" } else { "not a CA" };
            let path = basic.path_length.map(|length| format!(", path length {length}")).unwrap_or_default();
            format!("{kind}{path}{}", if basic.critical { ", critical" } else { "" })
        });
        let listed = |words: Vec<&str>| if words.is_empty() { none() } else { words.join(", ") };
        let lines = [
            ("subject", subject.clone()),
            ("issuer", issuer.clone()),
            ("serial number", serial.clone()),
            ("not before", not_before.to_string()),
            ("not after", not_after.to_string()),
            ("key", key.clone()),
            ("basic constraints", basic),
            ("key usage", listed(key_usage.clone())),
            ("extended key usage", listed(extended_key_usage.iter().map(String::as_str).collect())),
            ("alternative names", listed(alternative_names.iter().map(String::as_str).collect())),
            ("subject key ID", subject_key_id.clone().unwrap_or_else(none)),
            ("authority key ID", authority_key_id.clone().unwrap_or_else(none)),
            ("SHA-256", sha256.to_string()),
        ];
        for (name, value) in lines {
            // a foreign certificate may hold anything, and this goes to terminals
            let value: String =
                value.chars().map(|ch| if ch.is_control() { '\u{fffd}' } else { ch }).collect();
            writeln!(f, "{name:<20}{value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::public_key::KeyKind;
    use crate::ca::throwaway::{OpenSsl, ThrowawayCa};

    #[test]
    fn the_facts_of_a_device_certificate_are_those_openssl_reads() {
        let ca = ThrowawayCa::made_now();
        let certificate = ca.prepare(KeyKind::EcP384, "sn-1").1.sign().unwrap();
        let facts = CertificateFacts::read(&certificate).unwrap();
        let openssl = OpenSsl::in_new_folder();
        openssl.write("c.pem", certificate.pem().as_bytes());
        let says = |option: &str| openssl.run(&["x509", "-in", "c.pem", "-noout", option]).trim().to_owned();
        assert_eq!(says("-serial").to_lowercase(), format!("serial={}", facts.serial));
        assert_eq!(says("-subject"), "subject=CN = sn-1");
        assert_eq!(facts.subject, "CN=sn-1");
        assert_eq!(facts.key, "ec-p384");
        let issuer = CertificateFacts::read(ca.issuer.certificate()).unwrap();
        assert_eq!(facts.issuer, issuer.subject);
        assert_eq!(facts.authority_key_id, issuer.subject_key_id);
        let basic = BasicFacts { ca: false, path_length: None, critical: true };
        assert_eq!(facts.basic_constraints, Some(basic));
        assert_eq!(
            (facts.key_usage, facts.extended_key_usage),
            (vec!["digitalSignature"], vec!["clientAuth".into()])
        );
    }

    #[test]
    fn alternative_names_are_those_openssl_reads() {
        let openssl = OpenSsl::in_new_folder();
        let names = "subjectAltName=DNS:gate.example,IP:192.0.2.7,URI:urn:x:7,email:a@b.example";
        let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
        let rest = ["-keyout", "k.pem", "-subj", "/CN=gate", "-addext", names];
        let pem = openssl.run(&[&request[..], &rest[..]].concat());
        let facts = CertificateFacts::read(&Certificate::from_pem(&pem).unwrap()).unwrap();
        assert_eq!(format!("subjectAltName={}", facts.alternative_names.join(",")), names);
    }

    #[test]
    fn they_are_shown_line_by_line_and_as_json() {
        let facts = CertificateFacts::read(ThrowawayCa::made_now().issuer.certificate()).unwrap();
        let text = facts.to_string();
        assert!(text.contains("\nbasic constraints   CA, path length 0, critical\n"), "{text}");
        assert!(text.contains("\nkey usage           keyCertSign, cRLSign\n"), "{text}");
        let json = serde_json::to_value(&facts).unwrap();
        assert_eq!(json["not_before"], facts.not_before.to_string());
        assert_eq!(json["basic_constraints"]["path_length"], 0);
    }

    #[test]
    fn a_hostile_name_cannot_steer_a_terminal() {
        let mut facts = CertificateFacts::read(ThrowawayCa::made_now().issuer.certificate()).unwrap();
        facts.subject = "CN=\u{1b}[2J\nissuer me".to_owned();
        assert!(facts.to_string().starts_with("subject             CN=\u{fffd}[2J\u{fffd}issuer me\n"));
    }
}
