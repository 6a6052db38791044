//! Whether a row agrees with what was announced before, or seen on the line. A later file may add to what an earlier
//! one said of a device; it never changes it.

use crate::station::batch::import::fault::BadRow;
use crate::store::announced::keys::KeyKind;
use crate::store::announced::known::Kept;
use crate::store::announced::writing::NewRow;
use crate::store::devices::Device;

/// What a row is beside the earlier ones of its device.
#[derive(Debug, PartialEq, Eq)]
pub enum Agreement {
    /// It says something new.
    Adds,
    /// All it says was said.
    AddsNothing,
    /// It says otherwise.
    Contradicts(BadRow),
}

/// Whether two rows are about one device: by serial number, else by registration ID.
pub fn is_same_device(new: &NewRow, old: &NewRow) -> bool {
    match (&new.serial, &old.serial) {
        (Some(new), Some(old)) => new.eq_ignore_ascii_case(old),
        (Some(_) | None, Some(_) | None) => {
            new.registration_id.is_some() && new.registration_id == old.registration_id
        }
    }
}

/// The complaint about a value that was announced for another device; none if the values differ after all.
pub fn owned_by_another(new: &NewRow, kept: &Kept, kind: KeyKind) -> Option<BadRow> {
    let old = &kept.row;
    if is_same_device(new, old) {
        return None;
    }
    let same = |new: &Option<String>, old: &Option<String>| new.clone().filter(|_| new == old);
    let value = match kind {
        // of one serial number there is one device
        KeyKind::Serial => None,
        KeyKind::Mac => same(&new.mac, &old.mac),
        KeyKind::RegistrationId => same(&new.registration_id, &old.registration_id),
        KeyKind::PublicKey => same(&new.public_key, &old.public_key),
        KeyKind::EndorsementKey => {
            let is_same = new.endorsement_key.is_some() && new.endorsement_key == old.endorsement_key;
            is_same.then(|| "of its TPM".to_owned())
        }
    }?;
    let owner = old.serial.clone().or(old.registration_id.clone()).unwrap_or_default();
    Some(BadRow::Others { kind, value, owner, batch: kept.batch, line: old.line })
}

/// Whether a device that was seen on the line with a value of this row is not the row's device.
pub fn differs_from_seen(new: &NewRow, device: &Device, kind: KeyKind) -> bool {
    let serial = new.serial.as_ref().map(|serial| serial.eq_ignore_ascii_case(device.serial.as_str()));
    let mac = match (&new.mac, &device.mac) {
        (Some(new), Some(seen)) => Some(*new == seen.to_string()),
        (Some(_) | None, Some(_) | None) => None,
    };
    let id = new.registration_id.as_deref().map(|id| id == device.identity.registration_id.as_str());
    let respects = match kind {
        // the key is the device's own, whatever else the row leaves out
        KeyKind::PublicKey => vec![serial, id],
        KeyKind::Serial | KeyKind::Mac | KeyKind::RegistrationId | KeyKind::EndorsementKey => {
            vec![serial, mac, id]
        }
    };
    respects.contains(&Some(false))
}

/// Holds a row, whose kept columns have these names, against earlier ones of its device with theirs.
pub fn agreement(new: &NewRow, names: &[String], earlier: &[(&Kept, &[String])]) -> Agreement {
    if earlier.iter().any(|(kept, theirs)| says_just_so(new, names, &kept.row, theirs)) {
        return Agreement::AddsNothing;
    }
    let mut cells: Vec<(String, String)> = cells_of(names, &new.extra);
    let mut left: Vec<(&'static str, &Option<String>)> = vec![
        ("serial number", &new.serial),
        ("MAC address", &new.mac),
        ("registration ID", &new.registration_id),
        ("work order", &new.work_order),
        ("public key", &new.public_key),
    ];
    left.retain(|(_, value)| value.is_some());
    let mut key_left = new.endorsement_key.is_some();
    for (kept, theirs) in earlier {
        let old = &kept.row;
        let differs = |what: &str, announced: &str| {
            let (what, announced) = (what.to_owned(), announced.to_owned());
            Agreement::Contradicts(BadRow::Differs { what, announced, batch: kept.batch, line: old.line })
        };
        let pairs = [
            ("serial number", &new.serial, &old.serial),
            ("MAC address", &new.mac, &old.mac),
            ("registration ID", &new.registration_id, &old.registration_id),
            ("work order", &new.work_order, &old.work_order),
            ("public key", &new.public_key, &old.public_key),
        ];
        for (what, new, old) in pairs {
            let (Some(new), Some(old)) = (new, old) else { continue };
            // a serial number in another case is the same one; everything else is folded or told apart by case
            if new != old && !(what == "serial number" && new.eq_ignore_ascii_case(old)) {
                return differs(what, old);
            }
            left.retain(|(name, _)| *name != what);
        }
        if let (Some(new), Some(old)) = (&new.endorsement_key, &old.endorsement_key) {
            if new != old {
                return differs("endorsement key", "another one");
            }
            key_left = false;
        }
        for (name, announced) in cells_of(theirs, &old.extra) {
            let Some(at) = cells.iter().position(|(own, _)| *own == name) else { continue };
            if cells[at].1 != announced {
                return differs(&format!("cell of column {name}"), &format!("“{announced}”"));
            }
            cells.remove(at);
        }
    }
    match left.is_empty() && !key_left && cells.is_empty() && !earlier.is_empty() {
        true => Agreement::AddsNothing,
        false => Agreement::Adds,
    }
}

/// The usual case of a file that comes again: nothing need be taken apart.
fn says_just_so(new: &NewRow, names: &[String], old: &NewRow, theirs: &[String]) -> bool {
    names == theirs
        && new.extra == old.extra
        && new.serial == old.serial
        && new.mac == old.mac
        && new.registration_id == old.registration_id
        && new.work_order == old.work_order
        && new.public_key == old.public_key
        && new.endorsement_key == old.endorsement_key
}

/// The kept cells that say something, under their names without case.
fn cells_of(names: &[String], extra: &str) -> Vec<(String, String)> {
    // what we wrote is a JSON array of strings; whatever else stands there says nothing
    let cells: Vec<String> = serde_json::from_str(extra).unwrap_or_default();
    let named = names.iter().map(|name| name.to_lowercase()).zip(cells);
    named.filter(|(_, cell)| !cell.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(serial: &str, mac: Option<&str>, extra: &str) -> NewRow {
        NewRow {
            line: 2,
            serial: Some(serial.to_owned()),
            mac: mac.map(str::to_owned),
            extra: extra.to_owned(),
            ..NewRow::default()
        }
    }

    fn judged(new: &NewRow, names: &[&str], old: NewRow, theirs: &[&str]) -> Agreement {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let kept = Kept { id: 1, batch: 7, row: old };
        agreement(new, &owned(names), &[(&kept, &owned(theirs))])
    }

    #[test]
    fn a_later_file_adds_and_never_contradicts() {
        let old = row("SN-1", None, r#"["north",""]"#);
        let theirs = ["Site", "note"];
        assert_eq!(judged(&old, &theirs, old.clone(), &theirs), Agreement::AddsNothing);
        let less = row("sn-1", None, r#"["north"]"#);
        assert_eq!(judged(&less, &["site"], old.clone(), &theirs), Agreement::AddsNothing);
        let more = row("SN-1", Some("02:00:00:00:00:01"), "[]");
        assert_eq!(judged(&more, &[], old.clone(), &theirs), Agreement::Adds);
        let note = row("SN-1", None, r#"["x"]"#);
        assert_eq!(
            judged(&note, &["note"], old.clone(), &theirs),
            Agreement::Adds,
            "an empty cell says nothing"
        );
        let other = row("SN-1", None, r#"["south"]"#);
        let Agreement::Contradicts(bad) = judged(&other, &["SITE"], old, &theirs) else { panic!() };
        assert_eq!(
            bad.to_string(),
            "the cell of column site of this device is announced as “north” (import 7, line 2)"
        );
        assert_eq!(agreement(&other, &[], &[]), Agreement::Adds, "the first word on it");
    }

    #[test]
    fn a_value_belongs_to_one_device() {
        let mac = Some("02:00:00:00:00:01");
        let kept = Kept { id: 1, batch: 7, row: row("SN-1", mac, "[]") };
        assert_eq!(owned_by_another(&row("sn-1", mac, "[]"), &kept, KeyKind::Mac), None);
        let bad = owned_by_another(&row("SN-2", mac, "[]"), &kept, KeyKind::Mac).unwrap();
        assert_eq!(
            bad.to_string(),
            "MAC address 02:00:00:00:00:01 is announced for device SN-1 (import 7, line 2)"
        );
        let no_collision = row("SN-2", Some("02:00:00:00:00:02"), "[]");
        assert_eq!(owned_by_another(&no_collision, &kept, KeyKind::Mac), None);
    }
}
