//! What is to be done soon about the station's CAs, in plain sentences.

use crate::ca::profile::{End, NO_END, Profile};
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::ca_material::{self, CannotShow};
use crate::station::folder::Folder;
use crate::station::profiles;
use crate::store::{Store, crl as lists};

/// All warnings there are now.
pub fn all(folder: &Folder, store: &Store, now: UtcTime) -> Result<Vec<String>, CannotShow> {
    let mut warnings = Vec::new();
    for name in ["root", "issuing"] {
        let ca = ca_material::ca(folder, name, now)?;
        if ca.until < now {
            warnings.push(format!("the {name} CA ended on {}", ca.until));
        } else if ca.soon_over {
            warnings.push(format!("the {name} CA has only {} days left: renew it in time", ca.days_left));
        }
        if ca.until < ca.facts.not_after {
            warnings.push(format!("the root CA ends on {}, and the {name} CA with it", ca.until));
        }
        if ca.signature.contains("SHA-1") {
            warnings.push(format!("the certificate of the {name} CA is signed with SHA-1"));
        }
        if name == "issuing" {
            warnings.extend(longer_profiles(folder, ca.until, now));
        }
    }
    let (list, unlisted) =
        store.read(|r| Ok::<_, CannotShow>((ca_material::list(r)?, lists::unlisted(r)?)))?;
    match list {
        None => warnings.push("there is no revocation list yet: `lineside ca crl` makes one".to_owned()),
        Some(list) if list.next_update <= now => warnings.push(format!(
            "the revocation list has been overdue since {}: `lineside ca crl` makes the next one",
            list.next_update
        )),
        Some(_) if unlisted > 0 => warnings.push(format!(
            "{unlisted} certificates were withdrawn since the revocation list was made: `lineside ca crl` makes the next one"
        )),
        Some(_) => {}
    }
    if ca_material::root_key_is_here(folder) {
        warnings.push("the root's key lies in the station's folder: carry root-key.age off".to_owned());
    }
    Ok(warnings)
}

/// The station's own profiles under which a device would outlive its issuing CA.
fn longer_profiles(folder: &Folder, until: UtcTime, now: UtcTime) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.profiles()) else { return Vec::new() };
    let mut names: Vec<Name> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.parse().ok())
        .collect();
    names.sort();
    let outlives = |name: &Name| {
        // a profile that cannot be read is refused where it is used
        let profile = Profile::parse(&profiles::text(folder, name).ok()?).ok()?;
        let outlived = match profile.end() {
            End::After(validity) => now.plus(validity) > until,
            End::Never => until.seconds() < NO_END,
        };
        outlived.then(|| {
            format!("the issuing CA ends before a certificate of profile {name} would: such a certificate is cut short or refused")
        })
    };
    names.iter().filter_map(outlives).collect()
}
