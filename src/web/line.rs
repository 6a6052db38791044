//! The Line page: a tile a slot, the figures above them, the scan box below. What it shows is made of parts, which
//! `/events` sends again when they change.

pub mod events;
pub mod figures;
pub mod parts;
pub mod scan;
pub mod tile;
mod why_not;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use crate::station::authority::{Authority, Operating, Reading, Watching};
use crate::station::clock;
use crate::station::slots::Floor;
use crate::web::access::{Glance, Visit, go_to};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::line::parts::{Sight, around, tiles};
use crate::web::trouble::Trouble;
use crate::web::words::line::LineWords;

#[derive(Template)]
#[template(path = "line.html")]
struct LinePage {
    frame: Frame,
    t: &'static LineWords,
    sight: Sight,
    banners: String,
    figures: String,
    unfinished: String,
    tiles: Vec<String>,
    /// For the grid's class: how many tiles there are, 17 standing for more than fit.
    count: usize,
    chosen: String,
}

/// What the page's address may say.
#[derive(Deserialize)]
pub struct Asked {
    /// The slot that what is scanned next is for.
    #[serde(default)]
    slot: String,
}

/// `GET /`
pub async fn page(
    Glance(visit): Glance<Watching>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Trouble> {
    if visit.floor.keys.current().is_none() {
        return Ok(go_to("/unlock"));
    }
    let sight = sight(&visit);
    let figures = &visit.floor.figures;
    let figure = match figures.newest().filter(|_| !figures.are_due()) {
        Some(figure) => figure,
        None => {
            let floor = visit.floor.clone();
            let read = visit.act(move |_, _| floor.figures.read(&floor, clock::now())).await?;
            // the tiles are worth more than the figures above them
            let last = |error| figures.newest().ok_or_else(|| Trouble::of(&error, visit.language));
            read.or_else(last)?
        }
    };
    let [banners, figures, unfinished] = around(&visit.floor, &figure, &sight);
    let tiles = tiles(&visit.floor, &sight);
    let slots = visit.floor.board.all();
    let chosen = slots.iter().find(|(slot, _)| slot.as_str() == asked.slot);
    Ok(show(&LinePage {
        frame: visit.frame(Place::Line),
        t: sight.t,
        sight,
        banners,
        figures,
        unfinished,
        count: tiles.len().clamp(1, 17),
        tiles,
        chosen: chosen.map(|(slot, _)| slot.to_string()).unwrap_or_default(),
    }))
}

/// How somebody sees the line.
pub fn sight<A: Authority + Send + Sync>(visit: &Visit<A>) -> Sight {
    Sight {
        language: visit.language,
        t: LineWords::of(visit.language),
        reads: Reading::of(&visit.person).is_some(),
        operates: Operating::of(&visit.person).is_some(),
    }
}

/// `GET /healthz`: for a supervisor; says nothing about the records.
pub async fn health(floor: web::Data<Floor>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "ok": true, "locked": floor.keys.current().is_none() }))
}
