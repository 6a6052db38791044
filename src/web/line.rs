//! The status page: a tile a slot, the outbox, the runs that wait for a decision.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::json;

use crate::domain::name::Name;
use crate::domain::verdict::Verdict;
use crate::station::authority::Watching;
use crate::station::board::{Tile, WhyNot};
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::outbox::Depth;
use crate::store::reader::Reader;
use crate::store::runs::{self, Run, decide};
use crate::store::work_orders::{self, Progress};
use crate::web::access::{Glance, go_to};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;

#[derive(Template)]
#[template(path = "line.html")]
struct LinePage {
    frame: Frame,
    order: String,
    outbox: String,
    outbox_waiting: bool,
    tiles: Vec<TileView>,
    unfinished: Vec<UnfinishedView>,
}

struct TileView {
    slot: String,
    class: &'static str,
    icon: &'static str,
    word: String,
    serial: String,
    sentence: String,
    code: String,
}

struct UnfinishedView {
    number: u64,
    serial: String,
    stage: &'static str,
    advice: String,
}

/// What the page reads in one go.
struct Seen {
    order: Option<Progress>,
    depth: Depth,
    unfinished: Vec<UnfinishedView>,
}

/// `GET /`
pub async fn page(Glance(visit): Glance<Watching>) -> Result<HttpResponse, Trouble> {
    let floor = visit.floor.clone();
    if floor.keys.current().is_none() {
        return Ok(go_to("/unlock"));
    }
    let seen = visit.read(move |r| look(&floor, r)).await?;
    let Depth { waiting, conflict, parked, oldest: _ } = seen.depth;
    let floor = &visit.floor;
    let mut frame = visit.frame(Place::Line);
    if conflict + parked > 0 {
        frame
            .worries
            .push(format!("{} enrollments need an engineer: lineside enroll status", conflict + parked));
    }
    Ok(show(&LinePage {
        frame,
        order: match seen.order {
            Some(progress) => {
                let order = progress.order;
                format!("{} · {} · {} of {}", order.name, order.product, progress.passed, order.quantity)
            }
            None => "no work order is active".to_owned(),
        },
        outbox: if waiting == 0 { "cloud: all sent".to_owned() } else { format!("cloud: {waiting} waiting") },
        outbox_waiting: waiting > 0,
        tiles: floor.board.all().iter().map(|(slot, tile)| view(slot, tile)).collect(),
        unfinished: seen.unfinished,
    }))
}

fn look(floor: &Floor, r: &Reader<'_>) -> Result<Seen, StoreError> {
    let unfinished = runs::unfinished(r, 50)?
        .into_iter()
        // a run on a slot right now is unfinished, too, but nobody has to decide about it
        .filter(|(run, _)| !is_running(floor, run.slot.as_ref()))
        .map(|(run, device)| UnfinishedView {
            number: run.id,
            serial: device.map(|device| device.serial.to_string()).unwrap_or_default(),
            stage: run.stage.as_str(),
            advice: advice(&run),
        })
        .collect();
    Ok(Seen { order: work_orders::active(r)?, depth: crate::store::outbox::depth(r)?, unfinished })
}

/// What an engineer can do about a run without a verdict.
fn advice(run: &Run) -> String {
    let number = run.id;
    if run.resume {
        format!("Put the unit into a slot: its run goes on there. Or lineside run supersede {number}")
    } else if decide::resumable(run) {
        format!("lineside run resume {number} to go on, or lineside run supersede {number} to begin anew")
    } else {
        format!("lineside run supersede {number}, then run the unit again")
    }
}

fn is_running(floor: &Floor, slot: Option<&Name>) -> bool {
    floor.board.all().iter().any(|(name, tile)| Some(name) == slot && matches!(tile, Tile::Running { .. }))
}

fn view(slot: &Name, tile: &Tile) -> TileView {
    let plain = |class, icon, word: &str, serial: &str, sentence: &str| TileView {
        slot: slot.to_string(),
        class,
        icon,
        word: word.to_owned(),
        serial: serial.to_owned(),
        sentence: sentence.to_owned(),
        code: String::new(),
    };
    match tile {
        Tile::NotReady { why } => {
            let sentence = match why {
                WhyNot::Locked => "The station is locked.",
                WhyNot::NoWorkOrder => "No work order is active.",
                WhyNot::FirstArticle { order, serial } => {
                    &format!("First article {serial} of {order} waits to be confirmed.")
                }
                WhyNot::Faulty { sentence, code: _ } => sentence,
            };
            plain("not-ready", "■", "NOT READY", "", sentence)
        }
        Tile::Ready => plain("ready", "○", "READY", "", "Plug a unit in."),
        Tile::Running { stage, serial, sent } => {
            let percent = sent.filter(|(_, total)| *total > 0).map(|(sent, total)| sent * 100 / total);
            let sentence = match percent {
                Some(percent) => format!("{stage} {percent} %"),
                None => stage.to_string(),
            };
            plain("running", "▶", "RUNNING", serial.as_deref().unwrap_or(""), &sentence)
        }
        Tile::Verdict(ending) => {
            let (class, icon) = look_of(ending.verdict);
            TileView {
                slot: slot.to_string(),
                class,
                icon,
                word: ending.verdict.to_string(),
                serial: ending.serial.clone().unwrap_or_default(),
                sentence: format!("{} {}", ending.message, ending.next),
                code: ending.code.clone().unwrap_or_default(),
            }
        }
    }
}

/// Word, shape and colour differ for each verdict: colour alone would not do.
fn look_of(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("pass", "✔"),
        Verdict::Fail => ("fail", "✖"),
        Verdict::Error => ("error", "⚠"),
        Verdict::Aborted => ("aborted", "⏏"),
        Verdict::Skipped => ("skipped", "↷"),
        Verdict::Quarantine => ("quarantine", "◆"),
        Verdict::Scrap => ("scrap", "⌫"),
    }
}

/// `GET /healthz`: for a supervisor; says nothing about the records.
pub async fn health(floor: web::Data<Floor>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "ok": true, "locked": floor.keys.current().is_none() }))
}
