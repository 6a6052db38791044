//! What the station does right now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::domain::code::Code;
use crate::domain::language::Language;
use crate::domain::name::Name;
use crate::station::board::{Tile, Wants, WhyNot};
use crate::station::clients::Querying;
use crate::station::clock;
use crate::store::error::StoreError;
use crate::store::{outbox, runs, work_orders};
use crate::web::api::access::{self, Asked};
use crate::web::api::problem::Problem;
use crate::web::worries::worries;

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
        "warnings": worries(floor, Language::English),
    });
    Ok(access::json(StatusCode::OK, &told))
}

fn told_tile(slot: &Name, tile: &Tile) -> Value {
    let mut told = json!({
        "slot": slot, "state": state(tile), "why": null, "wants": null, "stage": null, "serial": null,
        "verdict": null, "run": null, "code": null, "message": null, "since": null,
    });
    match tile {
        Tile::NotReady { why: reason } => {
            let (code, message) = missing(reason);
            told["why"] = json!(why(reason));
            told["code"] = json!(code);
            told["message"] = json!(message);
        }
        Tile::Ready => {}
        Tile::Waiting { wants: wanted, or_start: _ } => {
            told["wants"] = json!(wants(wanted));
            told["message"] = json!(match wanted {
                Wants::Both => "A unit and its label are awaited, in either order.".to_owned(),
                Wants::Label => "The label of the unit is awaited.".to_owned(),
                Wants::Unit { label } => format!("The unit with the label {label} is awaited."),
            });
        }
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

/// What is missing: its code and one sentence.
fn missing(reason: &WhyNot) -> (&'static str, String) {
    match reason {
        WhyNot::Locked => (Code::VaultLocked.as_str(), "The station is locked.".to_owned()),
        WhyNot::NoWorkOrder => (Code::NoActiveWorkOrder.as_str(), "No work order is active.".to_owned()),
        WhyNot::NobodyOnTheLine => (Code::NobodyOnTheLine.as_str(), "Nobody is on the line.".to_owned()),
        WhyNot::FirstArticle { order, serial } => {
            let message = format!("The first article of work order {order}, {serial}, is to be confirmed.");
            (Code::FirstArticle.as_str(), message)
        }
        WhyNot::Faulty { sentence, code } => (code, sentence.clone()),
    }
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

/// Why a slot is not ready, in one word.
fn why(reason: &WhyNot) -> &'static str {
    match reason {
        WhyNot::Locked => "locked",
        WhyNot::NoWorkOrder => "no-work-order",
        WhyNot::NobodyOnTheLine => "nobody-on-the-line",
        WhyNot::FirstArticle { .. } => "first-article",
        WhyNot::Faulty { .. } => "faulty",
    }
}

/// What a slot waits for, in one word.
fn wants(wanted: &Wants) -> &'static str {
    match wanted {
        Wants::Both => "both",
        Wants::Label => "label",
        Wants::Unit { .. } => "unit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The words a function of this file can give.
    fn words(function: &str) -> BTreeSet<&'static str> {
        let (_, source) = include_str!("status.rs").split_once(&format!("fn {function}(")).unwrap();
        let (body, _) = source.split_once("\n}\n").unwrap();
        body.split('"').skip(1).step_by(2).collect()
    }

    #[test]
    fn every_word_about_a_slot_is_in_the_document() {
        let document: Value = serde_json::from_str(include_str!("../../../static/openapi.json")).unwrap();
        let slot = &document["components"]["schemas"]["Slot"];
        for (function, least) in [("state", 5), ("why", 4), ("wants", 3)] {
            let documented = slot["properties"][function]["enum"].as_array().unwrap();
            let documented: BTreeSet<&str> = documented.iter().filter_map(Value::as_str).collect();
            assert_eq!(words(function), documented, "{function}");
            assert!(documented.len() >= least, "{function}: {documented:?}");
        }
        let told = told_tile(&"slot-1".parse().unwrap(), &Tile::Ready);
        let told: BTreeSet<&String> = told.as_object().unwrap().keys().collect();
        let documented: BTreeSet<&String> = slot["properties"].as_object().unwrap().keys().collect();
        assert_eq!(told, documented);
    }

    #[test]
    fn what_a_slot_lacks_is_named() {
        let slot: Name = "slot-1".parse().unwrap();
        let reason = WhyNot::FirstArticle { order: "lot-1".parse().unwrap(), serial: "GW00001".to_owned() };
        let told = told_tile(&slot, &Tile::NotReady { why: reason });
        assert_eq!((&told["why"], &told["code"]), (&json!("first-article"), &json!("LS-WO-08")));
        let message = "The first article of work order lot-1, GW00001, is to be confirmed.";
        assert_eq!((&told["message"], &told["wants"]), (&json!(message), &Value::Null));
        let label = "GW00002".to_owned();
        let told = told_tile(&slot, &Tile::Waiting { wants: Wants::Unit { label }, or_start: false });
        assert_eq!((&told["wants"], &told["why"]), (&json!("unit"), &Value::Null));
        assert_eq!(told["message"], "The unit with the label GW00002 is awaited.");
    }
}
