//! The Unlock page: whoever knows the passphrase sets the station going.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::language::Language;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::doorkeeper::Doorkeeper;
use crate::station::keys::UnlockError;
use crate::station::slots::Floor;
use crate::station::{ca_material, clock, keys};
use crate::web::access::{go_to, holder};
use crate::web::gate::{came_through_gate, in_one_line, page, with_gate};
use crate::web::language::{self, Choice};
use crate::web::peer;
use crate::web::served::Served;
use crate::web::session::Sessions;
use crate::web::told::told;
use crate::web::words::common::FrameWords;
use crate::web::words::fill;
use crate::web::words::gate::GateWords;

#[derive(Template)]
#[template(path = "unlock.html")]
struct UnlockPage<'a> {
    language: Language,
    languages: Vec<Choice>,
    t: &'static GateWords,
    place: &'static str,
    station: &'a str,
    heading: String,
    /// Whether there is nothing to unlock: the issuing CA waits for its first certificate.
    waits: bool,
    csrf: &'a str,
    fault: Option<String>,
}

/// `GET /unlock`
pub async fn unlock_page(
    request: HttpRequest,
    floor: web::Data<Floor>,
    served: web::Data<Served>,
) -> HttpResponse {
    if floor.keys.current().is_some() {
        return go_to("/");
    }
    unlock_again(&floor, &served, language::of(&request), None)
}

fn unlock_again(floor: &Floor, served: &Served, language: Language, fault: Option<String>) -> HttpResponse {
    let (t, station) = (GateWords::of(language), floor.settings.name.as_str());
    let waits = floor.keys.current().is_none() && ca_material::only_waits(&floor.folder);
    let heading = fill(if waits { t.is_waiting } else { t.is_locked }, &[("station", station)]);
    with_gate(served, |csrf| {
        page(&UnlockPage {
            language,
            languages: language::choices(language),
            t,
            place: "/unlock",
            station,
            heading,
            waits,
            csrf,
            fault,
        })
    })
}

/// The unlock form.
#[derive(Deserialize)]
pub struct UnlockForm {
    csrf: String,
    passphrase: String,
}

/// Slows down guessing of the passphrase, by address. Each failure is in the log by itself, so none is told from here.
#[derive(Default)]
pub struct VaultDoor(Doorkeeper);

/// There is one passphrase, whoever gives it.
const PASSPHRASE: &str = "passphrase";

/// Why the station stays locked.
enum NotOpened<E> {
    /// Too many wrong passphrases from this address.
    TooMany,
    /// The passphrase is wrong, or the vault cannot be opened with it.
    Refused(E),
}

impl VaultDoor {
    /// Lets somebody at this address try, one at a time.
    fn open<E>(
        &self,
        from: &str,
        now: UtcTime,
        unlock: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), NotOpened<E>> {
        let _turn = self.0.turn();
        if !self.0.admits(PASSPHRASE, from, now) {
            return Err(NotOpened::TooMany);
        }
        unlock().map_err(|error| {
            self.0.failed(PASSPHRASE, from, now);
            NotOpened::Refused(error)
        })
    }
}

/// `POST /unlock`: whoever knows the vault's passphrase may open it.
pub async fn unlock(
    request: HttpRequest,
    form: web::Form<UnlockForm>,
    floor: web::Data<Floor>,
    door: web::Data<VaultDoor>,
    sessions: web::Data<Sessions>,
    served: web::Data<Served>,
) -> HttpResponse {
    let UnlockForm { csrf, passphrase } = form.into_inner();
    let passphrase = Secret::from(passphrase);
    let language = language::of(&request);
    let again = |fault: String| unlock_again(&floor, &served, language, Some(fault));
    if !came_through_gate(&request, &csrf) {
        return again(FrameWords::of(language).too_old.to_owned());
    }
    if floor.keys.current().is_some() {
        return go_to("/");
    }
    let actor = match holder(&request, &floor, &sessions, true) {
        Ok(Some(holder)) if !holder.locked => Actor::Person { name: holder.person.name },
        Ok(_) | Err(_) => Actor::Station,
    };
    let (inside, from) = (floor.clone(), peer::of(&request));
    let opened = web::block(move || {
        let now = clock::now();
        let opened = door.open(&from, now, || {
            if inside.keys.current().is_none() {
                inside.keys.put(keys::unlock(&inside.folder, &inside.store, &passphrase, &actor, now)?);
            }
            Ok::<_, UnlockError>(())
        });
        opened.map_err(|why| match why {
            NotOpened::TooMany => GateWords::of(language).too_many.to_owned(),
            NotOpened::Refused(error) => in_one_line(&told(&error, language)),
        })
    })
    .await;
    match opened {
        Ok(Ok(())) => go_to("/"),
        Ok(Err(why)) => again(why),
        Err(_) => again(FrameWords::of(language).busy.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_passphrases_close_the_door_of_the_address_they_come_from() {
        let (door, now) = (VaultDoor::default(), UtcTime::from_seconds(1_000_000));
        let wrong = || door.open("192.0.2.7", now, || Err("wrong"));
        for n in 0..5 {
            assert!(matches!(wrong(), Err(NotOpened::Refused("wrong"))), "{n}");
        }
        for _ in 0..100 {
            assert!(matches!(wrong(), Err(NotOpened::TooMany)));
        }
        let right = |from: &str| door.open(from, now, || Ok::<_, &str>(()));
        assert!(matches!(right("192.0.2.7"), Err(NotOpened::TooMany)));
        assert!(right("192.0.2.8").is_ok(), "one address shuts nobody else out");
    }
}
