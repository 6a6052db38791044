//! What is done to a work order: activated, paused, closed; its first article confirmed or rejected.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::domain::name::Name;
use crate::station::authority::{Engineering, Operating};
use crate::station::work_orders::{self, AskFirstArticle, ReasonedError};
use crate::web::access::Posted;
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::work_orders::WorkOrderWords;

/// The form that activates.
#[derive(Deserialize)]
pub struct ActivateForm {
    #[serde(default)]
    first_article: String,
}

/// `POST /work-orders/{name}/activate`
pub async fn activate(
    name: web::Path<Name>,
    posted: Posted<Engineering, ActivateForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (t, place) = (WorkOrderWords::of(visit.language), place(&name));
    let ask =
        if form.first_article.is_empty() { AskFirstArticle::OnChangeover } else { AskFirstArticle::Always };
    let order = name.clone();
    let done = visit.act(move |floor, right| work_orders::activate(&floor.store, right, &order, ask)).await?;
    Ok(match done {
        Ok(asked) => {
            let said = if asked { t.activated_first } else { t.activated };
            visit.done(&place, fill(said, &[("name", name.as_str())]))
        }
        Err(error) => visit.refused(&place, &error),
    })
}

/// A form that says nothing but yes.
#[derive(Deserialize)]
pub struct PlainForm {}

/// `POST /work-orders/{name}/pause`
pub async fn pause(
    name: web::Path<Name>,
    posted: Posted<Engineering, PlainForm>,
) -> Result<HttpResponse, Trouble> {
    let visit = posted.visit;
    let (t, place) = (WorkOrderWords::of(visit.language), place(&name));
    let order = name.clone();
    let done = visit.act(move |floor, right| work_orders::pause(&floor.store, right, &order)).await?;
    Ok(match done {
        Ok(()) => visit.done(&place, fill(t.paused_now, &[("name", name.as_str())])),
        Err(error) => visit.refused(&place, &error),
    })
}

/// The form that closes.
#[derive(Deserialize)]
pub struct CloseForm {
    #[serde(default)]
    reason: String,
}

/// `POST /work-orders/{name}/close`: without a reason only if nothing stands against it.
pub async fn close(
    name: web::Path<Name>,
    posted: Posted<Engineering, CloseForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (t, place) = (WorkOrderWords::of(visit.language), place(&name));
    let order = name.clone();
    let done = visit
        .act(move |floor, right| match form.reason.trim() {
            "" => work_orders::close(&floor.store, right, &order, false).map_err(ReasonedError::from),
            reason => work_orders::close_despite(&floor.store, right, &order, reason),
        })
        .await?;
    Ok(match done {
        Ok(()) => visit.done(&place, fill(t.closed_now, &[("name", name.as_str())])),
        Err(error) => visit.refused(&place, &error),
    })
}

/// The form that confirms.
#[derive(Deserialize)]
pub struct ConfirmForm {
    run: u64,
}

/// `POST /work-orders/{name}/first-article`
pub async fn confirm(
    name: web::Path<Name>,
    posted: Posted<Operating, ConfirmForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (t, place) = (WorkOrderWords::of(visit.language), place(&name));
    let done = visit
        .act(move |floor, right| work_orders::confirm_first_article_of(&floor.store, right, &name, form.run))
        .await?;
    Ok(match done {
        Ok(()) => visit.done(&place, t.confirmed_now),
        Err(error) => visit.refused(&place, &error),
    })
}

/// The form that rejects.
#[derive(Deserialize)]
pub struct RejectForm {
    run: u64,
    #[serde(default)]
    reason: String,
}

/// `POST /work-orders/{name}/first-article/reject`
pub async fn reject(
    name: web::Path<Name>,
    posted: Posted<Engineering, RejectForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (t, place) = (WorkOrderWords::of(visit.language), place(&name));
    let order = name.clone();
    let RejectForm { run, reason } = form;
    let done = visit
        .act(move |floor, right| work_orders::reject_first_article(&floor.store, right, &order, run, &reason))
        .await?;
    Ok(match done {
        Ok(()) => visit.done(&place, fill(t.rejected_now, &[("name", name.as_str())])),
        Err(error) => visit.refused(&place, &error),
    })
}

fn place(name: &Name) -> String {
    format!("/work-orders/{name}")
}
