//! What came out, page by page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::station::clients::Querying;
use crate::station::results::{self, Verdict};
use crate::web::api::access::{self, Asked};
use crate::web::api::devices;
use crate::web::api::problem::Problem;

/// What to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    #[serde(default)]
    after: u64,
    #[serde(default = "usual_limit")]
    limit: u32,
}

fn usual_limit() -> u32 {
    100
}

/// `GET /api/v1/results`: verdicts in the order in which they were put on record.
pub async fn list(asked: Asked<Querying>, page: web::Query<Page>) -> Result<HttpResponse, Problem> {
    let Page { after, limit } = page.into_inner();
    if !(1..=results::MOST).contains(&limit) {
        return Err(Problem::invalid(&format!("limit is 1 to {}", results::MOST)));
    }
    let found = asked.act(move |floor, right| results::after(&floor.store, right, after, limit)).await?;
    let found = found.map_err(|error| Problem::of(&error))?;
    let next = found.last().map_or(after, |last| last.seq);
    let told = json!({ "results": found.iter().map(told).collect::<Vec<_>>(), "next": next });
    Ok(access::json(StatusCode::OK, &told))
}

fn told(verdict: &Verdict) -> Value {
    let Verdict { seq, run, device, said } = verdict;
    let mut told = devices::run(run);
    let serial = device.as_ref().map(|device| device.serial.to_string());
    told["seq"] = json!(seq);
    told["serial"] = json!(serial.or_else(|| said.clone()));
    told["registration_id"] = json!(device.as_ref().map(|device| device.identity.registration_id.as_str()));
    told["device_id"] = json!(device.as_ref().map(|device| device.identity.device_id.as_str()));
    told
}
