//! The scan box: every scan gets an answer in words, at once.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::domain::code::Coded;
use crate::domain::label::BadLabel;
use crate::domain::language::Language;
use crate::domain::name::Name;
use crate::station::authority::Operating;
use crate::station::desk::{self, Heard, NotNow};
use crate::station::scan::NotUnderstood;
use crate::store::work_orders::WorkOrderError;
use crate::web::access::{Posted, go_to};
use crate::web::gate::{self, page as show};
use crate::web::line::why_not::told_why;
use crate::web::told::{Told, told};
use crate::web::trouble::{Trouble, asks_for_a_part};
use crate::web::words::fill;
use crate::web::words::line::LineWords;

/// A scanned text, and the slot that was chosen before.
#[derive(Deserialize)]
pub struct ScanForm {
    text: String,
    #[serde(default)]
    slot: String,
}

/// What the page says to a scan. `chosen` is the slot for what is scanned next.
#[derive(Template)]
#[template(path = "line_answer.html")]
struct Answer {
    kind: &'static str,
    sentence: String,
    code: String,
    chosen: String,
    go: &'static str,
}

/// `POST /scan`
pub async fn scan(
    request: HttpRequest,
    posted: Posted<Operating, ScanForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let t = LineWords::of(visit.language);
    // a badge changes the shift, whatever else is going on; it is never shown
    match gate::change_over(&request, &visit.person.name, &form.text).await {
        Ok(None) => {}
        Ok(Some(begun)) => return Ok(taken_over(&request, begun, t)),
        Err(why) if asks_for_a_part(&request) => {
            let Told { sentence, next, code } = why;
            let sentence = format!("{sentence} {next}");
            return Ok(show(&Answer { kind: "refused", sentence, code, chosen: form.slot, go: "" }));
        }
        Err(why) => return Ok(visit.refused_with("/", why)),
    }
    visit.take_the_shift();
    let chosen = form.slot.parse::<Name>().ok();
    let before = chosen.clone();
    let heard = visit.act(move |floor, who| desk::hear(floor, who, chosen.as_ref(), &form.text)).await?;
    let answer = match &heard {
        Ok(heard) => said(heard, t),
        Err(error) => Answer {
            kind: if matches!(error, NotNow::ChooseSlot) { "ask" } else { "refused" },
            sentence: refused(error, t, visit.language)
                .unwrap_or_else(|| told(error, visit.language).sentence),
            code: error.code().to_string(),
            // a slip does not take the choice back
            chosen: before.map(String::from).unwrap_or_default(),
            go: "",
        },
    };
    if matches!(heard, Ok(Heard::LogOut)) {
        visit.log_out();
    }
    if asks_for_a_part(&request) {
        return Ok(show(&answer));
    }
    // without a script, the next page says it
    match heard {
        Ok(Heard::LogOut) => Ok(go_to("/login")),
        Ok(_) => Ok(visit.done(&back(&answer.chosen), answer.sentence)),
        Err(error) => Ok(visit.refused(&back(&answer.chosen), &error)),
    }
}

/// The answer to somebody else's badge: the page begins anew in their name.
fn taken_over(request: &HttpRequest, begun: HttpResponse, t: &LineWords) -> HttpResponse {
    if !asks_for_a_part(request) {
        return begun;
    }
    let sentence = t.heard_badge.to_owned();
    let answer = Answer { kind: "done", sentence, code: String::new(), chosen: String::new(), go: "/" };
    let mut response = show(&answer);
    for cookie in begun.cookies() {
        if response.add_cookie(&cookie).is_err() {
            return begun;
        }
    }
    response
}

/// The Line page with this slot chosen. A slot's name needs no escaping in an address.
fn back(chosen: &str) -> String {
    if chosen.is_empty() { "/".to_owned() } else { format!("/?slot={chosen}") }
}

fn said(heard: &Heard, t: &LineWords) -> Answer {
    let with = |text: &str, slot: &Name, value: &str| {
        fill(text, &[("slot", slot.as_str()), ("label", value), ("serial", value)])
    };
    // what was done leaves no slot chosen; what asks for more does
    let (kind, sentence, chosen) = match heard {
        Heard::Chosen { slot } => ("done", with(t.heard_slot, slot, ""), Some(slot)),
        Heard::Label { slot, label } => ("done", with(t.heard_label, slot, label), None),
        Heard::Found { slot, label } => ("done", with(t.heard_found, slot, label), Some(slot)),
        Heard::Starting { slot } => ("done", with(t.heard_start, slot, ""), None),
        Heard::Retrying { slot } => ("done", with(t.heard_retry, slot, ""), None),
        Heard::ConfirmScrap { slot, serial } => ("ask", with(t.heard_confirm, slot, serial), Some(slot)),
        Heard::Scrapped { slot, serial } => ("done", with(t.heard_scrapped, slot, serial), None),
        Heard::Reprinting { serial, copy } => {
            let values = [("serial", serial.as_str()), ("copy", &copy.to_string())];
            ("done", fill(t.heard_reprint, &values), None)
        }
        Heard::Confirmed { serial } => ("done", fill(t.heard_confirmed, &[("serial", serial)]), None),
        Heard::Called { slot } => ("done", t.heard_called.to_owned(), slot.as_ref()),
        Heard::CallEnded { slot: _ } => ("done", t.heard_call_ended.to_owned(), None),
        Heard::LogOut => ("done", t.heard_log_out.to_owned(), None),
    };
    let go = if matches!(heard, Heard::LogOut) { "/login" } else { "" };
    Answer {
        kind,
        sentence,
        code: String::new(),
        chosen: chosen.map(Name::to_string).unwrap_or_default(),
        go,
    }
}

/// Why nothing was done, in the page's language; `None` for what the records or a label's parts complain about.
fn refused(error: &NotNow, t: &LineWords, language: Language) -> Option<String> {
    let text = |sentence: &str, text: &str| Some(fill(sentence, &[("text", text)]));
    let slot = |sentence: &str, slot: &Name| Some(fill(sentence, &[("slot", slot.as_str())]));
    match error {
        NotNow::NotUnderstood(NotUnderstood::Empty) => Some(t.refused_empty.to_owned()),
        NotNow::NotUnderstood(NotUnderstood::Length) => Some(t.refused_long.to_owned()),
        NotNow::NotUnderstood(NotUnderstood::Command(said)) => text(t.refused_command, said),
        NotNow::NoSlot { name } => text(t.refused_no_slot, name),
        NotNow::Badge => Some(t.refused_badge.to_owned()),
        NotNow::ChooseSlot => Some(t.refused_choose.to_owned()),
        NotNow::NoneFree => Some(t.refused_none_free.to_owned()),
        NotNow::MayNotRun(why) => {
            let Told { sentence, next, code: _ } = told_why(why, language);
            Some(format!("{sentence} {next}").trim_end().to_owned())
        }
        NotNow::OtherOrder { slot, order } => {
            let values = [("slot", slot.as_str()), ("order", order.as_str())];
            Some(fill(t.refused_other_order, &values))
        }
        NotNow::NotReady { slot: name } => slot(t.refused_not_ready, name),
        NotNow::Running { slot: name } => slot(t.refused_running, name),
        NotNow::Held { slot: name } => slot(t.refused_held, name),
        NotNow::NothingToStart { slot: name } => slot(t.refused_start, name),
        NotNow::NothingToRetry { slot: name } => slot(t.refused_retry, name),
        NotNow::NothingToScrap { slot: name } => slot(t.refused_scrap, name),
        NotNow::NothingToReprint { slot: name } => slot(t.refused_reprint, name),
        NotNow::Full { slot: name } => slot(t.refused_full, name),
        NotNow::Label(BadLabel::Form(said)) => text(t.refused_label, said),
        NotNow::Label(BadLabel::Serial(_) | BadLabel::Mac(_)) => None,
        NotNow::WorkOrder(WorkOrderError::NoFirstArticle) => Some(t.refused_confirm.to_owned()),
        NotNow::PrintLabel(_) | NotNow::WorkOrder(_) | NotNow::Decision(_) | NotNow::Store(_) => None,
    }
}
