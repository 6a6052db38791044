//! One batch on record: what was asked for, how it ended, what it wrote.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::digest::Digest;
use crate::station::authority::{Authority, Engineering, Reading};
use crate::station::batch::desk::ask::Ask;
use crate::station::batch::shelf::{self, Size};
use crate::store::batches::{self, Batch};
use crate::web::access::{Posted, Visit, go_to};
use crate::web::batches::{files, standing};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::outbox::Bare;
use crate::web::standing::Standing;
use crate::web::told::{Told, told_of};
use crate::web::trouble::Trouble;
use crate::web::words::batches::BatchesWords;
use crate::web::words::fill;

#[derive(Template)]
#[template(path = "batch.html")]
struct BatchPage {
    frame: Frame,
    t: &'static BatchesWords,
    id: u64,
    title: String,
    kind: &'static str,
    state: Standing,
    /// It has not ended, and nobody does it here.
    goes_on: bool,
    /// It can be taken up here.
    may_go_on: bool,
    facts: Vec<(&'static str, String)>,
    digests: Vec<(&'static str, String)>,
    asked: Vec<(String, String)>,
    work_order: Option<String>,
    fault: Option<Told>,
    entries: String,
    files: Vec<FileView>,
    holds_keys: bool,
    /// Whether files may be taken along and taken away.
    may: bool,
}

struct FileView {
    name: String,
    size: String,
}

/// `GET /batches/{batch}`
pub async fn page(visit: Visit<Reading>, id: web::Path<u64>) -> Result<HttpResponse, Trouble> {
    let (id, t) = (id.into_inner(), BatchesWords::of(visit.language));
    let batch = visit.read(move |r| batches::get(r, id)).await?;
    let batch = batch.ok_or_else(|| Trouble::not_found(visit.language))?;
    let input = batch.input.clone();
    let written = visit.act(move |floor, _| shelf::written(&floor.folder, id, &input)).await?;
    let written = written.map_err(|error| files::unreadable(&error, visit.language))?;
    let holds_keys = batch.kind == BatchKind::Derive && !written.is_empty();
    let files = written.iter().map(|written| FileView {
        name: written.name.clone(),
        size: match written.size {
            Size::Bytes(count) => fill(t.bytes, &[("count", &count.to_string())]),
            Size::Files(count) => fill(t.folder_of, &[("count", &count.to_string())]),
        },
    });
    let here = visit.floor.batches.all().iter().any(|job| job.is_running() && job.ask.kind() == batch.kind);
    let goes_on = batch.state == BatchState::Running && !here;
    let may = Engineering::of(&visit.person).is_some();
    let may_go_on = may && goes_on && !written.is_empty() && Ask::of_record(&batch).is_some();
    Ok(show(&BatchPage {
        id,
        title: fill(t.record, &[("number", &id.to_string())]),
        kind: t.kind_of(batch.kind),
        state: standing(batch.state, t),
        goes_on,
        may_go_on,
        facts: facts(&batch, &visit, t),
        digests: digests(&batch, t),
        asked: asked(&batch.asked),
        work_order: batch.work_order.as_ref().map(ToString::to_string),
        fault: batch.code.map(|code| told_of(code, "", visit.language)),
        entries: format!("/audit?text=%22batch%22%3A{id}%2C"),
        files: files.collect(),
        holds_keys,
        may,
        frame: visit.frame(Place::Batches),
        t,
    }))
}

/// `POST /batches/{batch}/go-on`
pub async fn go_on(id: web::Path<u64>, posted: Posted<Engineering, Bare>) -> Result<HttpResponse, Trouble> {
    let (visit, id) = (posted.visit, id.into_inner());
    let batch = visit.read(move |r| batches::get(r, id)).await?;
    let batch = batch.ok_or_else(|| Trouble::not_found(visit.language))?;
    let right = visit.authority.clone();
    Ok(match visit.act(move |floor, _| floor.batches.take_up(floor, &right, &batch)).await? {
        Ok(job) => go_to(&format!("/batches/jobs/{job}")),
        Err(error) => visit.refused(&format!("/batches/{id}"), &error),
    })
}

fn facts(batch: &Batch, visit: &Visit<Reading>, t: &'static BatchesWords) -> Vec<(&'static str, String)> {
    let zone = visit.zone();
    let finished = batch.finished.map(|at| zone.date_and_time(at));
    let mut facts = vec![
        (t.who, batch.person.clone()),
        (t.started, zone.date_and_time(batch.started)),
        (t.finished, finished.unwrap_or_default()),
        (t.input, batch.input.clone()),
        (t.output, batch.output.clone()),
    ];
    if batch.state != BatchState::Running {
        facts.push((t.good, batch.good.to_string()));
        facts.push((t.refused, batch.refused.to_string()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn digests(batch: &Batch, t: &'static BatchesWords) -> Vec<(&'static str, String)> {
    let known = |word, digest: &Option<Digest>| digest.as_ref().map(|digest| (word, digest.to_string()));
    let both = [known(t.input_digest, &batch.input_digest), known(t.output_digest, &batch.output_digest)];
    both.into_iter().flatten().collect()
}

/// What was asked for, as the record has it; what was left open is left out.
fn asked(text: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(asked)) = serde_json::from_str(text) else {
        return vec![(String::new(), text.to_owned())];
    };
    let said = asked.into_iter().filter(|(_, value)| !value.is_null());
    said.map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}
