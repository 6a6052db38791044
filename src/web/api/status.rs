//! What the station does right now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::domain::name::Name;
use crate::station::board::{Tile, WhyNot};
use crate::station::clients::Querying;
use crate::station::clock;
use crate::store::error::StoreError;
use crate::store::{outbox, runs, work_orders};
use crate::web::api::access::{self, Asked};
use crate::web::api::problem::Problem;

/// `GET /api/v1/status`
pub async fn now(asked: Asked<Querying>) -> Result<HttpResponse, Problem> {
    let seen = asked
        .act(|floor, _| {
            floor.store.read(|r| {
                let order = work_orders::active(r)?;
                Ok::<_, StoreError>((order, outbox::depth(r)?, runs::count_unfinished(r)?))
            })
        })
        .await?;
    let (order, depth, unfinished) = seen.map_err(|error| Problem::of(&error))?;
    let floor = &asked.floor;
    let told = json!({
        "station": floor.settings.name,
        "time": clock::now(),
        "locked": floor.keys.current().is_none(),
        "work_order": order.map(|progress| json!({
            "name": progress.order.name, "product": progress.order.product,
            "quantity": progress.order.quantity, "passed": progress.passed,
        })),
        "outbox": {
            "waiting": depth.waiting, "conflict": depth.conflict, "parked": depth.parked,
            "oldest": depth.oldest,
        },
        "unfinished_runs": unfinished,
        "slots": floor.board.all().iter().map(|(slot, tile)| told_tile(slot, tile)).collect::<Vec<_>>(),
        "warnings": floor.board.warnings(),
    });
    Ok(access::json(StatusCode::OK, &told))
}

fn told_tile(slot: &Name, tile: &Tile) -> Value {
    let mut told = json!({
        "slot": slot, "state": state(tile), "stage": null, "serial": null, "verdict": null, "run": null,
        "code": null, "message": null, "since": null,
    });
    match tile {
        Tile::NotReady { why } => {
            told["message"] = json!(match why {
                WhyNot::Locked => "The station is locked.",
                WhyNot::NoWorkOrder => "No work order is active.",
                WhyNot::NobodyOnTheLine => "Nobody is on the line.",
                WhyNot::FirstArticle { .. } => "The first article waits to be confirmed.",
                WhyNot::Faulty { sentence, code } => {
                    told["code"] = json!(code);
                    sentence
                }
            });
        }
        Tile::Ready | Tile::Waiting { .. } => {}
        Tile::Running { stage, serial, .. } => {
            told["stage"] = json!(stage.as_str());
            told["serial"] = json!(serial);
        }
        Tile::Verdict(ending) => {
            told["serial"] = json!(ending.serial);
            told["verdict"] = json!(ending.verdict);
            told["run"] = json!(ending.run);
            told["code"] = json!(ending.code);
            told["message"] = json!(ending.message);
            told["since"] = json!(ending.at);
        }
    }
    told
}

/// What a slot does, in one word.
pub fn state(tile: &Tile) -> &'static str {
    match tile {
        Tile::NotReady { .. } => "not-ready",
        Tile::Ready => "ready",
        Tile::Waiting { .. } => "waiting",
        Tile::Running { .. } => "running",
        Tile::Verdict(_) => "verdict",
    }
}
