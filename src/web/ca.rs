//! The CA: chain and days left, revocation list, proof of possession; the ceremony's record is in [`ceremony`].

pub mod acts;
pub mod ceremony;
pub mod files;

use actix_web::HttpResponse;
use askama::Template;

use crate::station::authority::{Administering, Authority, Reading};
use crate::station::ca_material::{self, CaShown, CannotShow, ListShown};
use crate::station::clock;
use crate::station::slots::Floor;
use crate::station::zone::Zone;
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
    cas: Vec<CaView>,
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

struct ListView {
    number: u64,
    made: String,
    next: String,
    entries: usize,
    due: Option<String>,
}

struct Seen {
    root: CaShown,
    issuing: CaShown,
    list: Option<ListShown>,
    unlisted: u64,
    root_key_here: bool,
}

fn look(floor: &Floor) -> Result<Seen, CannotShow> {
    let now = clock::now();
    let (list, unlisted) =
        floor.store.read(|r| Ok::<_, CannotShow>((ca_material::list(r)?, lists::unlisted(r)?)))?;
    Ok(Seen {
        root: ca_material::ca(&floor.folder, "root", now)?,
        issuing: ca_material::ca(&floor.folder, "issuing", now)?,
        list,
        unlisted,
        root_key_here: ca_material::root_key_is_here(&floor.folder),
    })
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
    let Seen { root, issuing, list, unlisted, root_key_here } =
        seen.map_err(|error| Trouble::of(&error, visit.language))?;
    let zone = visit.zone();
    let mut warnings = Vec::new();
    for (name, ca) in [(t.issuing, &issuing), (t.root, &root)] {
        if ca.soon_over {
            let days = ca.days_left.to_string();
            warnings.push(fill(t.soon_over, &[("name", name), ("days", &days)]));
        }
    }
    if root_key_here {
        warnings.push(t.root_key_here.to_owned());
    }
    Ok(show(&CaPage {
        warnings,
        cas: vec![view("issuing", t.issuing, &issuing, zone, t), view("root", t.root, &root, zone, t)],
        list: list.map(|list| list_view(&list, unlisted, zone, t)),
        may_act: Administering::of(&visit.person).is_some(),
        locked: visit.floor.keys.current().is_none(),
        frame: visit.frame(Place::Ca),
        t,
    }))
}
