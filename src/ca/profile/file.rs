//! The file of a profile: what it may say, and the check that makes it a [`Profile`].

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::at::At;
use super::list_address::ListAddress;
use super::made_for::{self, MadeFor};
use super::names::{AlsoCalled, BadText, Kind, Names};
use super::template::Template;
use super::{
    BadProfile, End, Fault, LARGEST_SAMPLE, LONGEST_BACKDATE_HOURS, LONGEST_VALIDITY_DAYS, Profile, Purpose,
    Sampling, Usage,
};
use crate::ca::public_key::{KNOWN_KINDS, KeyKind};
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    /// Asked before all else, see [`made_for`].
    #[serde(rename = "use")]
    _made_for: Option<IgnoredAny>,
    name: Spanned<String>,
    validity_days: Option<Spanned<i64>>,
    not_after: Option<Spanned<String>>,
    ends_before: Option<Spanned<String>>,
    #[serde(default = "no_hours")]
    backdate_hours: Spanned<i64>,
    keys: Spanned<Vec<Spanned<String>>>,
    key_usage: Spanned<Vec<Spanned<String>>>,
    extended_key_usage: Spanned<Vec<Spanned<String>>>,
    crl_distribution_point: Option<Spanned<String>>,
    #[serde(default)]
    subject: SubjectFile,
    #[serde(default)]
    san: SanFile,
    #[serde(default)]
    extensions: ExtensionsFile,
    #[serde(default)]
    bulk: BulkFile,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SubjectFile {
    country: Option<Spanned<String>>,
    organization: Option<Spanned<String>>,
    organizational_unit: Option<Spanned<String>>,
    serial_number: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct SanFile {
    dns: Vec<Spanned<String>>,
    uri: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ExtensionsFile {
    subject_key_identifier: Option<bool>,
    authority_key_identifier: Option<Spanned<bool>>,
}

/// The most names of a kind beside the CN.
const MOST_NAMES: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BulkFile {
    check_first: Spanned<i64>,
    check_one_in: Spanned<i64>,
}

impl Default for BulkFile {
    fn default() -> BulkFile {
        BulkFile { check_first: Spanned::new(0..0, 64), check_one_in: Spanned::new(0..0, 64) }
    }
}

fn no_hours() -> Spanned<i64> {
    Spanned::new(0..0, 0)
}

/// Reads and checks a profile for devices.
pub(super) fn parse(text: &str) -> Result<Profile, BadProfile> {
    made_for::must_be(MadeFor::Devices, text)?;
    let at = At { text };
    let file: ProfileFile = at.read()?;
    let name = &file.name;
    let keys = at.words("keys", &file.keys, KNOWN_KINDS, |word| word.parse::<KeyKind>().ok())?;
    let end = at.end(&file)?;
    let purposes = &file.extended_key_usage;
    let extended_key_usage = match (end, purposes.get_ref().is_empty()) {
        (End::Never, true) => Vec::new(),
        _ => at.words("extended_key_usage", purposes, "client-auth, server-auth", |word| match word {
            "client-auth" => Some(Purpose::ClientAuth),
            "server-auth" => Some(Purpose::ServerAuth),
            _ => None,
        })?,
    };
    let sampling = Sampling {
        first: at.number("check_first", &file.bulk.check_first, 0, LARGEST_SAMPLE)?,
        one_in: at.number("check_one_in", &file.bulk.check_one_in, 1, LARGEST_SAMPLE)?,
    };
    let hours = at.number("backdate_hours", &file.backdate_hours, 0, LONGEST_BACKDATE_HOURS)?;
    Ok(Profile {
        sampling,
        digest: Digest::of(text.as_bytes()),
        end,
        ends_before: at.ends_before(file.ends_before.as_ref())?,
        backdate: Duration::from_secs(hours * 3600),
        key_usage: at.key_usage(&file.key_usage, &keys)?,
        extended_key_usage,
        keys,
        subject_key_id: at.subject_key_id(&file.extensions)?,
        names: at.names(&file.subject)?,
        also_called: at.also_called(&file.san)?,
        crl_distribution_point: at.crl_distribution_point(file.crl_distribution_point.as_ref())?,
        name: name.get_ref().parse().map_err(|fault| at.fault("name", name.span(), Fault::Name(fault)))?,
    })
}

impl At<'_> {
    fn end(&self, file: &ProfileFile) -> Result<End, BadProfile> {
        let both = "give either validity_days or not_after = \"none\"";
        match (&file.validity_days, &file.not_after) {
            (Some(days), None) => {
                let days = self.number("validity_days", days, 1, LONGEST_VALIDITY_DAYS)?;
                Ok(End::After(Duration::from_secs(days * 86_400)))
            }
            (None, Some(word)) if word.get_ref() == "none" => match &file.ends_before {
                Some(before) => {
                    let fault = Fault::Together("what never ends cannot end before a date");
                    Err(self.fault("ends_before", before.span(), fault))
                }
                None => Ok(End::Never),
            },
            (None, Some(word)) => {
                let fault = Fault::Word { found: word.get_ref().clone(), known: "none" };
                Err(self.fault("not_after", word.span(), fault))
            }
            (Some(days), Some(_)) => Err(self.fault("validity_days", days.span(), Fault::Together(both))),
            (None, None) => Err(self.fault("validity_days", file.name.span(), Fault::Together(both))),
        }
    }

    fn ends_before(&self, date: Option<&Spanned<String>>) -> Result<Option<UtcTime>, BadProfile> {
        let Some(date) = date else { return Ok(None) };
        let parsed = format!("{}T00:00:00Z", date.get_ref()).parse();
        let fault = || self.fault("ends_before", date.span(), Fault::Date(date.get_ref().clone()));
        parsed.map(Some).map_err(|_| fault())
    }

    fn key_usage(
        &self,
        list: &Spanned<Vec<Spanned<String>>>,
        keys: &[KeyKind],
    ) -> Result<Vec<Usage>, BadProfile> {
        let known = "digital-signature, key-agreement, key-encipherment";
        let usages = self.words("key_usage", list, known, |word| match word {
            "digital-signature" => Some(Usage::DigitalSignature),
            "key-agreement" => Some(Usage::KeyAgreement),
            "key-encipherment" => Some(Usage::KeyEncipherment),
            _ => None,
        })?;
        let refused = |why| Err(self.fault("key_usage", list.span(), Fault::Together(why)));
        if !usages.contains(&Usage::DigitalSignature) {
            return refused("a device proves itself by a signature: digital-signature is needed");
        }
        if usages.contains(&Usage::KeyEncipherment) && !keys.iter().all(|kind| kind.is_rsa()) {
            return refused("key-encipherment is for RSA keys, and others are allowed here");
        }
        if usages.contains(&Usage::KeyAgreement) && keys.iter().any(|kind| kind.is_rsa()) {
            return refused("key-agreement is for elliptic curves, and RSA keys are allowed here");
        }
        Ok(usages)
    }

    /// Whether there is one; the other identifier is nobody's choice.
    fn subject_key_id(&self, file: &ExtensionsFile) -> Result<bool, BadProfile> {
        match &file.authority_key_identifier {
            Some(wanted) if !*wanted.get_ref() => {
                let why = "RFC 5280 4.2.1.1 demands it of every certificate that another one signed";
                Err(self.fault("authority_key_identifier", wanted.span(), Fault::Together(why)))
            }
            Some(_) | None => Ok(file.subject_key_identifier.unwrap_or(true)),
        }
    }

    fn names(&self, file: &SubjectFile) -> Result<Names, BadProfile> {
        let country = file.country.as_ref().map(|text| {
            let letters = text.get_ref();
            match letters.len() == 2 && letters.bytes().all(|letter| letter.is_ascii_uppercase()) {
                true => Ok(letters.clone()),
                false => Err(self.fault("country", text.span(), BadText::Country.into())),
            }
        });
        Ok(Names {
            country: country.transpose()?,
            organization: self.template("organization", file.organization.as_ref(), Kind::Directory)?,
            unit: self.template("organizational_unit", file.organizational_unit.as_ref(), Kind::Directory)?,
            serial_number: self.template("serial_number", file.serial_number.as_ref(), Kind::Printable)?,
        })
    }

    fn template(
        &self,
        key: &'static str,
        text: Option<&Spanned<String>>,
        kind: Kind,
    ) -> Result<Option<Template>, BadProfile> {
        let Some(text) = text else { return Ok(None) };
        let faulty = |fault: Fault| self.fault(key, text.span(), fault);
        let template = Template::parse(text.get_ref()).map_err(|fault| faulty(fault.into()))?;
        if let Some(fixed) = template.fixed() {
            kind.check(fixed).map_err(|fault| faulty(fault.into()))?;
        }
        Ok(Some(template))
    }

    fn also_called(&self, file: &SanFile) -> Result<Vec<AlsoCalled>, BadProfile> {
        let mut all = Vec::new();
        for (key, list, kind) in [("dns", &file.dns, Kind::Dns), ("uri", &file.uri, Kind::Uri)] {
            if let Some(text) = list.get(MOST_NAMES) {
                let why = "at most 8 names of a kind are allowed";
                return Err(self.fault(key, text.span(), Fault::Together(why)));
            }
            for text in list {
                let name = self.template(key, Some(text), kind)?.map(|name| AlsoCalled { kind, name });
                all.extend(name);
            }
        }
        Ok(all)
    }

    fn crl_distribution_point(
        &self,
        text: Option<&Spanned<String>>,
    ) -> Result<Option<ListAddress>, BadProfile> {
        let Some(text) = text else { return Ok(None) };
        let address = ListAddress::parse(text.get_ref());
        address.map(Some).map_err(|fault| self.fault("crl_distribution_point", text.span(), fault.into()))
    }
}
