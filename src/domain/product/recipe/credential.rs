//! Which credential a recipe gives: its kind, where the key is made and lies, one certificate or two.

use super::file::CredentialPart;
use super::{Faults, is_device_path};
use crate::domain::pair::{Pair, Which};
use crate::domain::product::{Credential, KeyOrigin, Product};

pub(super) fn check(part: &CredentialPart, faults: &mut Faults) -> Option<Credential> {
    #[derive(Clone, Copy)]
    enum Kind {
        X509,
        GroupKey,
    }
    match faults.one_of(
        "[credential] kind",
        &part.kind,
        &[("x509", Kind::X509), ("group-key", Kind::GroupKey)],
    )? {
        Kind::X509 => {
            let key = faults.one_of(
                "[credential] key",
                part.key.as_deref().unwrap_or("on-device"),
                &[("on-device", KeyOrigin::OnDevice), ("station", KeyOrigin::Station)],
            );
            let profile =
                faults.take("[credential] profile", part.profile.as_deref().unwrap_or("device-p256").parse());
            let key_paths = check_key_paths(part, faults);
            if part.group.is_some() {
                faults.say("[credential] group: belongs to kind = \"group-key\"");
            }
            Some(Credential::X509 { key: key?, profile: profile?, key_paths: key_paths? })
        }
        Kind::GroupKey => {
            for (place, is_given) in [
                ("key", part.key.is_some()),
                ("profile", part.profile.is_some()),
                ("key_path", part.key_path.is_some()),
                ("secondary_key_path", part.secondary_key_path.is_some()),
                ("copies", part.copies != 1),
            ] {
                if is_given {
                    faults.say(format!("[credential] {place}: belongs to kind = \"x509\""));
                }
            }
            match &part.group {
                None => {
                    faults.say("[credential] group: name the group key in the vault");
                    None
                }
                Some(group) => faults
                    .take("[credential] group", group.parse())
                    .map(|group| Credential::GroupKey { group }),
            }
        }
    }
}

/// One certificate or two, each with the place of its own key.
fn check_key_paths(part: &CredentialPart, faults: &mut Faults) -> Option<Pair<String>> {
    let path = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
    let primary = path(&part.key_path, "/etc/aziot/keys/device-id.key.pem");
    let secondary = match part.copies {
        1 => None,
        2 => Some(path(&part.secondary_key_path, "/etc/aziot/keys/device-id-secondary.key.pem")),
        _ => {
            faults.say("[credential] copies: 1, or 2 for a secondary certificate with a key of its own");
            return None;
        }
    };
    if part.secondary_key_path.is_some() && secondary.is_none() {
        faults.say("[credential] secondary_key_path: needs copies = 2");
    }
    if secondary.as_ref() == Some(&primary) {
        faults.say("[credential] secondary_key_path: each of the two keys needs a place of its own");
    }
    let paths = Pair { primary, secondary };
    for (which, path) in paths.each() {
        if !is_device_path(path) {
            let place = match which {
                Which::Primary => "key_path",
                Which::Secondary => "secondary_key_path",
            };
            faults.say(format!("[credential] {place}: an absolute path of letters, digits and . _ - /"));
        }
    }
    Some(paths)
}

/// What the secondary certificate needs is written to the device, and nothing of it where there is none.
pub(super) fn check_secondary(product: &Product, faults: &mut Faults) {
    let injected = |template: &str| product.inject.iter().any(|file| file.template == template);
    if let Credential::X509 { key, key_paths: Pair { secondary: Some(_), .. }, .. } = &product.credential {
        if !injected("secondary-certificate") && !injected("secondary-chain") {
            faults.say(
                "[credential] copies: with two certificates, an [[inject]] writes secondary-certificate or secondary-chain",
            );
        }
        if *key == KeyOrigin::Station && !injected("secondary-private-key") {
            faults.say("[credential] copies: the station makes two keys, so an [[inject]] writes secondary-private-key");
        }
    } else {
        for file in product.inject.iter().filter(|file| file.template.starts_with("secondary-")) {
            faults.say(format!("[[inject]] template: “{}” needs [credential] copies = 2", file.template));
        }
    }
}
