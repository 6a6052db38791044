//! The CA: chain and days left, revocation list, proof of possession; the ceremony's record is in [`ceremony`].

pub mod acts;
pub mod ceremony;
pub mod files;

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::digest::Digest;
use crate::station::authority::{Administering, Authority, Reading};
use crate::station::ca_material::{self, CaShown, CannotShow, ListShown};
use crate::station::ca_warnings::{self, Warning};
use crate::station::folder::Folder;
use crate::station::past_key::{self, Whereabouts};
use crate::station::slots::Floor;
use crate::station::zone::Zone;
use crate::station::{ceremonies, clock};
use crate::store::crl as lists;
use crate::web::access::Visit;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::ca::CaWords;
use crate::web::words::fill;

#[derive(Template)]
#[template(path = "ca.html")]
struct CaPage {
    frame: Frame,
    t: &'static CaWords,
    warnings: Vec<String>,
    /// The key that waits for its certificate.
    awaited: Option<Digest>,
    /// Whether the root was made here, so that its key may be brought.
    own_root: bool,
    /// None while the station waits for its first certificate.
    cas: Vec<CaView>,
    before: Vec<BeforeView>,
    list: Option<ListView>,
    may_act: bool,
    locked: bool,
}

struct CaView {
    /// The file's name: root or issuing.
    file: &'static str,
    name: &'static str,
    subject: String,
    issuer: String,
    serial: String,
    from: String,
    until: String,
    days_left: u64,
    days_in_all: u64,
    days: String,
    key: String,
    sha1: String,
    sha256: String,
}

/// A CA that a renewal took out of use.
struct BeforeView {
    /// The file's name: issuing-1 or root-1.
    file: String,
    name: &'static str,
    subject: String,
    until: String,
    sha256: String,
    /// Its list's file.
    list: Option<String>,
    /// Where its private key is.
    key: String,
}

struct ListView {
    number: u64,
    made: String,
    next: String,
    entries: usize,
    due: Option<String>,
}

struct Seen {
    /// Root and issuing CA.
    present: Option<(CaShown, CaShown)>,
    warnings: Vec<Warning>,
    awaited: Option<Digest>,
    own_root: bool,
    before: Vec<(String, CaShown, Option<Whereabouts>)>,
    list: Option<ListShown>,
    unlisted: u64,
}

fn look(floor: &Floor) -> Result<Seen, CannotShow> {
    let (now, folder) = (clock::now(), &floor.folder);
    let (list, unlisted, ceremonies) = floor.store.read(|r| {
        Ok::<_, CannotShow>((ca_material::list(r)?, lists::unlisted(r)?, ceremonies::all(folder, r)?))
    })?;
    let ca = |name: &str| ca_material::ca(folder, name, now);
    let (present, warnings) = match ca_material::waits(folder) {
        true => (None, Vec::new()),
        false => (Some((ca("root")?, ca("issuing")?)), ca_warnings::all(folder, &floor.store, now)?),
    };
    let mut before = Vec::new();
    for name in ca_material::names_before(folder) {
        let (shown, number) = (ca(&name)?, ca_material::past_number(&name));
        let key = number.map(|number| floor.store.read(|r| past_key::whereabouts(r, number)));
        before.push((name, shown, key.transpose()?));
    }
    let own_root =
        present.as_ref().is_some_and(|(root, _)| ceremonies::founded_with(&ceremonies, root.facts.sha256));
    Ok(Seen {
        present,
        own_root,
        warnings,
        awaited: ceremonies::awaited(&ceremonies),
        before,
        list,
        unlisted,
    })
}

/// The list's own card tells what is wrong with the list.
fn told(warning: &Warning, zone: &Zone, t: &CaWords) -> Option<String> {
    let named = |name: &str| if name == "root" { t.root } else { t.issuing };
    match warning {
        Warning::Ended(name, at) => {
            Some(fill(t.ended, &[("name", named(name)), ("at", &zone.date_and_time(*at))]))
        }
        Warning::EndsSoon(name, days) => {
            Some(fill(t.soon_over, &[("name", named(name)), ("days", &days.to_string())]))
        }
        Warning::EndsWithRoot(name, at) => {
            Some(fill(t.ends_with_root, &[("name", named(name)), ("at", &zone.date_and_time(*at))]))
        }
        Warning::Sha1(name) => Some(fill(t.sha1_signed, &[("name", named(name))])),
        Warning::OneList(profile) => Some(fill(t.one_list, &[("profile", profile.as_str())])),
        Warning::Outlived(profile) => Some(fill(t.outlived, &[("profile", profile.as_str())])),
        Warning::KeyMayGo(name) => {
            Some(fill(t.key_may_go, &[("name", name), ("command", &t.forget_command(name))]))
        }
        Warning::RootKeyHere => Some(t.root_key_here.to_owned()),
        Warning::NoList | Warning::ListOverdue(_) | Warning::Unlisted(_) => None,
    }
}

fn before_view(
    folder: &Folder,
    (file, ca, key): (String, CaShown, Option<Whereabouts>),
    zone: &Zone,
    t: &CaWords,
) -> BeforeView {
    let number = ca_material::past_number(&file);
    let list = number.filter(|number| ca_material::list_before(folder, *number).is_some());
    BeforeView {
        name: if number.is_some() { t.issuing } else { t.root },
        list: list.map(|number| format!("crl-{number}.pem")),
        subject: ca.facts.subject,
        until: zone.end(ca.facts.not_after).unwrap_or_else(|| t.no_end.to_owned()),
        sha256: ca.facts.sha256.to_string(),
        key: match key {
            Some(Whereabouts::Kept) => t.key_kept.to_owned(),
            Some(Whereabouts::Nowhere) => t.key_erased.to_owned(),
            Some(Whereabouts::Elsewhere) => t.key_elsewhere.to_owned(),
            None => String::new(),
        },
        file,
    }
}

fn view(file: &'static str, name: &'static str, ca: &CaShown, zone: &Zone, t: &CaWords) -> CaView {
    CaView {
        file,
        name,
        subject: ca.facts.subject.clone(),
        issuer: ca.facts.issuer.clone(),
        serial: ca.facts.serial.clone(),
        from: zone.date_and_time(ca.facts.not_before),
        until: zone.end(ca.facts.not_after).unwrap_or_else(|| t.no_end.to_owned()),
        days_left: ca.days_left,
        days_in_all: ca.days_in_all.max(1),
        days: fill(t.days_left, &[("days", &ca.days_left.to_string())]),
        key: ca.facts.key.clone(),
        sha1: ca.sha1.clone(),
        sha256: ca.facts.sha256.to_string(),
    }
}

fn list_view(list: &ListShown, unlisted: u64, zone: &Zone, t: &CaWords) -> ListView {
    let due = if list.next_update <= clock::now() {
        Some(t.list_over.to_owned())
    } else {
        (unlisted > 0).then(|| fill(t.list_due, &[("count", &unlisted.to_string())]))
    };
    ListView {
        number: list.number,
        made: zone.date_and_time(list.this_update),
        next: zone.date_and_time(list.next_update),
        entries: list.entries,
        due,
    }
}

/// `GET /ca`
pub async fn page(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let t = CaWords::of(visit.language);
    let seen = visit.act(|floor, _| look(floor)).await?;
    let Seen { present, warnings, awaited, own_root, before, list, unlisted } =
        seen.map_err(|error| Trouble::of(&error, visit.language))?;
    let zone = visit.zone();
    let cas = present.map_or_else(Vec::new, |(root, issuing)| {
        vec![view("issuing", t.issuing, &issuing, zone, t), view("root", t.root, &root, zone, t)]
    });
    let before = before.into_iter().map(|one| before_view(&visit.floor.folder, one, zone, t)).collect();
    Ok(show(&CaPage {
        warnings: warnings.iter().filter_map(|warning| told(warning, zone, t)).collect(),
        awaited,
        own_root,
        cas,
        before,
        list: list.map(|list| list_view(&list, unlisted, zone, t)),
        may_act: Administering::of(&visit.person).is_some(),
        locked: visit.floor.keys.current().is_none(),
        frame: visit.frame(Place::Ca),
        t,
    }))
}
