//! The Labels page: how the printers stand, what was printed and what was not, another copy; and the preview of one
//! label.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::code::Code;
use crate::domain::language::Language;
use crate::domain::name::Name;
use crate::domain::product::label::Sheet;
use crate::station::authority::{Authority, Operating, Watching};
use crate::station::board::Worry;
use crate::station::labels::of_record::{self, Found};
use crate::station::labels::{self as use_cases, LabelError, plan, zpl};
use crate::station::products;
use crate::station::slots::Floor;
use crate::station::zone::Zone;
use crate::store::error::StoreError;
use crate::store::labels::{self, Label, LabelState};
use crate::store::paging;
use crate::store::reader::Reader;
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::label_preview;
use crate::web::standing::Standing;
use crate::web::told::told_of;
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::labels::LabelWords;
use crate::web::worries::fault_told;

/// Rows on one page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "labels.html")]
struct LabelsPage {
    frame: Frame,
    t: &'static LabelWords,
    printers: Vec<PrinterView>,
    labels: Vec<LabelView>,
    may_print: bool,
    open: bool,
    paged: bool,
    older: Option<String>,
}

struct PrinterView {
    name: String,
    place: String,
    paper: String,
    waiting: u64,
    failed: u64,
    trouble: Option<String>,
}

struct LabelView {
    number: u64,
    serial: String,
    run: u64,
    copy: u32,
    state: &'static str,
    standing: Standing,
    why: Option<String>,
    printer: String,
    when: String,
    person: String,
    reason: Option<String>,
    to_check: bool,
}

/// Which labels to list.
#[derive(Deserialize)]
pub struct Wanted {
    before: Option<u64>,
    open: Option<bool>,
}

/// `GET /labels`
pub async fn page(visit: Visit<Watching>, wanted: web::Query<Wanted>) -> Result<HttpResponse, Trouble> {
    let Wanted { before, open } = wanted.into_inner();
    let open = open.unwrap_or(false);
    let floor = visit.floor.clone();
    let (counts, mut found) =
        visit.read(move |r| Ok((counts(&floor, r)?, labels::list(r, open, ROWS + 1, before)?))).await?;
    let t = LabelWords::of(visit.language);
    let more = paging::cut(&mut found, ROWS);
    let only = if open { "&open=true" } else { "" };
    let older = found.last().filter(|_| more).map(|last| format!("/labels?before={}{only}", last.id));
    let printers = visit.floor.settings.printers.iter().zip(counts).enumerate();
    let printers = printers.map(|(place, (printer, (waiting, failed)))| PrinterView {
        name: printer.name.to_string(),
        place: printer.way.to_string(),
        paper: paper(t, &printer.sheet),
        waiting,
        failed,
        trouble: visit
            .floor
            .board
            .warning(Worry::Printer(place))
            .map(|fault| fault_told(&fault, visit.language)),
    });
    Ok(show(&LabelsPage {
        frame: visit.frame(Place::Labels),
        t,
        printers: printers.collect(),
        labels: found.into_iter().map(|label| view(label, visit.language, visit.zone())).collect(),
        may_print: Operating::of(&visit.person).is_some(),
        open,
        paged: before.is_some(),
        older,
    }))
}

/// For each printer: how many labels wait for it, and how many wait for a person.
fn counts(floor: &Floor, r: &Reader<'_>) -> Result<Vec<(u64, u64)>, StoreError> {
    let count = |name: &Name| {
        Ok((labels::open(r, name, LabelState::Waiting)?, labels::open(r, name, LabelState::Failed)?))
    };
    floor.settings.printers.iter().map(|printer| count(&printer.name)).collect()
}

fn paper(t: &LabelWords, sheet: &Sheet) -> String {
    let (width, height, dpi) =
        (sheet.width_mm.to_string(), sheet.height_mm.to_string(), sheet.dpi.to_string());
    fill(t.size, &[("width", &width), ("height", &height), ("dpi", &dpi)])
}

fn view(label: Label, language: Language, zone: &Zone) -> LabelView {
    let t = LabelWords::of(language);
    let code = match label.state {
        LabelState::Waiting => Code::PrinterOut,
        LabelState::Printed | LabelState::Failed | LabelState::Settled => Code::LabelDoubtful,
    };
    LabelView {
        number: label.id,
        serial: label.serial.to_string(),
        run: label.run,
        copy: label.copy,
        state: label.state.as_str(),
        standing: Standing::of_label(label.state, t),
        why: label.settled.or(label.last_error.map(|said| told_of(code, &said, language).sentence)),
        printer: label.printer.to_string(),
        when: zone.date_and_time(label.printed.unwrap_or(label.created)),
        person: label.person,
        reason: label.reason,
        to_check: label.state == LabelState::Failed,
    }
}

#[derive(Template)]
#[template(path = "label_preview.html")]
struct PreviewPage {
    frame: Frame,
    t: &'static LabelWords,
    heading: String,
    serial: String,
    svg: String,
    not_shown: String,
    zpl: String,
    printer: String,
    paper: String,
    template: String,
    run: String,
    labels: Vec<LabelView>,
    may_print: bool,
}

/// Which label to show.
#[derive(Deserialize)]
pub struct Subject {
    run: Option<u64>,
    product: Option<Name>,
}

/// What the preview shows.
struct Shown {
    serial: String,
    zpl: String,
    sheet: Sheet,
    printer: String,
    template: String,
    labels: Vec<Label>,
}

/// `GET /labels/preview?run=…` as it would be printed now, or `?product=…` with sample values
pub async fn preview(visit: Visit<Watching>, subject: web::Query<Subject>) -> Result<HttpResponse, Trouble> {
    let language = visit.language;
    let t = LabelWords::of(language);
    let (heading, run, shown) = match subject.into_inner() {
        Subject { run: Some(run), .. } => {
            let shown = visit.act(move |floor, _| of_run(floor, run)).await?;
            let run = run.to_string();
            (fill(t.of_run, &[("run", &run)]), run, shown.map_err(|error| Trouble::of(&error, language))?)
        }
        Subject { product: Some(product), .. } => {
            let heading = fill(t.of_product, &[("product", product.as_str())]);
            let recipe_of = visit.floor.folder.clone();
            let named = product.clone();
            let recipe = visit.act(move |_, _| products::find(&recipe_of, &named)).await?;
            let recipe = recipe.map_err(|error| Trouble::of(&error, language))?;
            let shown = visit.act(move |floor, _| of_product(floor, &recipe)).await?;
            (heading, String::new(), shown.map_err(|error| Trouble::of(&error, language))?)
        }
        Subject { run: None, product: None } => return Err(Trouble::not_found(language)),
    };
    let drawn = label_preview::draw(&zpl::read(&shown.zpl), &shown.sheet, &heading);
    Ok(show(&PreviewPage {
        frame: visit.frame(Place::Labels),
        t,
        svg: drawn.svg,
        not_shown: drawn.not_shown.into_iter().collect::<Vec<_>>().join(" "),
        serial: shown.serial,
        zpl: shown.zpl,
        printer: shown.printer,
        paper: paper(t, &shown.sheet),
        template: shown.template,
        run,
        heading,
        labels: shown.labels.into_iter().map(|label| view(label, visit.language, visit.zone())).collect(),
        may_print: Operating::of(&visit.person).is_some(),
    }))
}

fn of_run(floor: &Floor, run: u64) -> Result<Shown, LabelError> {
    floor.store.read(|r| {
        let Found { plan, values, .. } = of_record::find(r, floor, run)?;
        Ok(Shown {
            zpl: plan.fill(&values)?,
            serial: values.serial.to_string(),
            sheet: plan.printer.sheet,
            printer: plan.printer.name.to_string(),
            template: plan.label.template,
            labels: labels::of_run(r, run, ROWS)?,
        })
    })
}

fn of_product(floor: &Floor, recipe: &products::Recipe) -> Result<Shown, LabelError> {
    let label = recipe.product.label.as_ref().ok_or(LabelError::NoLabel)?;
    let templates = use_cases::templates(&floor.folder);
    let (serial, zpl, sheet) = plan::sample(&floor.settings, &templates, &recipe.product)?;
    let (printer, template) = (label.printer.to_string(), label.template.clone());
    Ok(Shown { serial, zpl, sheet, printer, template, labels: Vec::new() })
}

/// Another copy: of a run, or of a device's newest run.
#[derive(Deserialize)]
pub struct Again {
    #[serde(default)]
    run: String,
    #[serde(default)]
    device: String,
    reason: String,
}

/// `POST /labels/reprint`
pub async fn reprint(posted: Posted<Operating, Again>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let Again { run, device, reason } = form;
    let done = visit
        .act(move |floor, who| {
            let run = match run.parse() {
                Ok(run) => run,
                Err(_) => floor.store.read(|r| of_record::passed_run_of(r, &device))?,
            };
            use_cases::reprint(floor, who, run, &reason).map(|copy| (run, copy))
        })
        .await?;
    let t = LabelWords::of(visit.language);
    Ok(match done {
        Ok((run, copy)) => {
            let (run, copy) = (run.to_string(), copy.to_string());
            visit.done("/labels", fill(t.reprinted, &[("run", &run), ("copy", &copy)]))
        }
        Err(error) => visit.refused("/labels", &error),
    })
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
pub struct Bare {}

/// `POST /labels/{label}/retry`
pub async fn retry(label: web::Path<u64>, posted: Posted<Operating, Bare>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form: Bare {} } = posted;
    let label = label.into_inner();
    let done = visit.act(move |floor, who| use_cases::retry(floor, who, label)).await?;
    let t = LabelWords::of(visit.language);
    Ok(match done {
        Ok(()) => visit.done("/labels", fill(t.retried, &[("label", &label.to_string())])),
        Err(error) => visit.refused("/labels", &error),
    })
}

/// Why a label is not to be printed any more.
#[derive(Deserialize)]
pub struct Settled {
    reason: String,
}

/// `POST /labels/{label}/settle`
pub async fn settle(
    label: web::Path<u64>,
    posted: Posted<Operating, Settled>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form: Settled { reason } } = posted;
    let label = label.into_inner();
    let done = visit.act(move |floor, who| use_cases::settle(floor, who, label, &reason)).await?;
    let t = LabelWords::of(visit.language);
    Ok(match done {
        Ok(()) => visit.done("/labels", fill(t.settled_now, &[("label", &label.to_string())])),
        Err(error) => visit.refused("/labels", &error),
    })
}
