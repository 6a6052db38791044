//! What is to be done soon about the station's CAs, in plain sentences.

use std::fmt;

use crate::ca::profile::{End, NO_END};
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::ca_material::{self, CannotShow};
use crate::station::folder::Folder;
use crate::station::past_key::{self, Whereabouts};
use crate::station::profiles;
use crate::store::{Store, crl as lists};

/// What is to be done, or should be known. CAs are named as their files are: root, issuing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// It is over.
    Ended(&'static str, UtcTime),
    /// It has only so many days left.
    EndsSoon(&'static str, u64),
    /// It ends with its root, before its own certificate would.
    EndsWithRoot(&'static str, UtcTime),
    /// Its certificate is signed with SHA-1.
    Sha1(&'static str),
    /// A device of this profile would outlive its issuing CA.
    Outlived(Name),
    /// Certificates of this profile point to one revocation list, whichever issuing CA signed them.
    OneList(Name),
    /// There is no revocation list.
    NoList,
    /// The newest one is overdue since then.
    ListOverdue(UtcTime),
    /// So many were withdrawn since the newest one was made.
    Unlisted(u64),
    /// The root's key lies in the station's folder.
    RootKeyHere,
    /// The key of this issuing CA before the present one is of no use any more, for that CA has ended.
    KeyMayGo(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Ended(name, at) => write!(f, "the {name} CA ended on {at}"),
            Warning::EndsSoon(name, days) => {
                write!(f, "the {name} CA has only {days} days left: renew it in time")
            }
            Warning::EndsWithRoot(name, at) => {
                write!(f, "the root CA ends on {at}, and the {name} CA with it")
            }
            Warning::Sha1(name) => write!(f, "the certificate of the {name} CA is signed with SHA-1"),
            Warning::Outlived(profile) => write!(
                f,
                "the issuing CA ends before a certificate of profile {profile} would: such a certificate is cut short or refused"
            ),
            Warning::OneList(profile) => write!(
                f,
                "certificates of profile {profile} would point to one revocation list whichever issuing CA signed them: put {{ca}} into its crl_distribution_point before the next renewal"
            ),
            Warning::NoList => f.write_str("there is no revocation list yet: `lineside ca crl` makes one"),
            Warning::ListOverdue(since) => write!(
                f,
                "the revocation list has been overdue since {since}: `lineside ca crl` makes the next one"
            ),
            Warning::Unlisted(count) => write!(
                f,
                "{count} certificates were withdrawn since the revocation list was made: `lineside ca crl` makes the next one"
            ),
            Warning::RootKeyHere => {
                f.write_str("the root's key lies in the station's folder: carry root-key.age off")
            }
            Warning::KeyMayGo(name) => write!(
                f,
                "{name} has ended, and its private key is kept still: `lineside ca forget {name}` erases it"
            ),
        }
    }
}

/// All warnings there are now.
pub fn all(folder: &Folder, store: &Store, now: UtcTime) -> Result<Vec<Warning>, CannotShow> {
    let mut warnings = Vec::new();
    for name in ["root", "issuing"] {
        let ca = ca_material::ca(folder, name, now)?;
        if ca.until < now {
            warnings.push(Warning::Ended(name, ca.until));
        } else if ca.soon_over {
            warnings.push(Warning::EndsSoon(name, ca.days_left));
        }
        if ca.until < ca.facts.not_after {
            warnings.push(Warning::EndsWithRoot(name, ca.until));
        }
        if ca.signature.contains("SHA-1") {
            warnings.push(Warning::Sha1(name));
        }
        if name == "issuing" {
            warnings.extend(longer_profiles(folder, ca.until, now));
        }
    }
    warnings.extend(profiles::with_one_list(folder).map(Warning::OneList));
    let (list, unlisted) =
        store.read(|r| Ok::<_, CannotShow>((ca_material::list(r)?, lists::unlisted(r)?)))?;
    match list {
        None => warnings.push(Warning::NoList),
        Some(list) if list.next_update <= now => warnings.push(Warning::ListOverdue(list.next_update)),
        Some(_) if unlisted > 0 => warnings.push(Warning::Unlisted(unlisted)),
        Some(_) => {}
    }
    if ca_material::root_key_is_here(folder) {
        warnings.push(Warning::RootKeyHere);
    }
    for name in ca_material::names_before(folder) {
        let Some(number) = ca_material::past_number(&name) else { continue };
        let kept = store.read(|reader| past_key::whereabouts(reader, number))? == Whereabouts::Kept;
        if kept && ca_material::ca(folder, &name, now)?.until < now {
            warnings.push(Warning::KeyMayGo(name));
        }
    }
    Ok(warnings)
}

/// The station's own profiles under which a device would outlive its issuing CA.
fn longer_profiles(folder: &Folder, until: UtcTime, now: UtcTime) -> impl Iterator<Item = Warning> {
    profiles::own_for_devices(folder).into_iter().filter_map(move |(name, profile)| {
        let outlived = match profile.end() {
            End::After(validity) => now.plus(validity) > until,
            End::Never => until.seconds() < NO_END,
        };
        outlived.then_some(Warning::Outlived(name))
    })
}
