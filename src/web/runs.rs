//! One run: what it was to do, how far it came and when, what proves it, and the recipe it followed.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::station::authority::Reading;
use crate::station::evidence;
use crate::station::labels::of_record;
use crate::store::devices;
use crate::store::error::StoreError;
use crate::store::recipes;
use crate::store::runs;
use crate::web::access::Visit;
use crate::web::entries::{self, EntryView};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::run_view::{self, LabelView, RunView};
use crate::web::trouble::Trouble;
use crate::web::words::devices::{DeviceWords, DevicesWords};
use crate::web::words::fill;
use crate::web::words::runs::{EntryWords, RunWords};

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    r: &'static RunWords,
    t: &'static DeviceWords,
    d: &'static DevicesWords,
    e: &'static EntryWords,
    heading: String,
    run: RunView,
    device: Option<(u64, String)>,
    label: Option<LabelView>,
    digest: String,
    recipe: Option<String>,
    entries: Vec<EntryView>,
}

/// `GET /runs/{id}`
pub async fn page(visit: Visit<Reading>, id: web::Path<u64>) -> Result<HttpResponse, Trouble> {
    let (id, language) = (id.into_inner(), visit.language);
    let vkey = evidence::vkey(&visit.floor.folder).map_err(|error| Trouble::of(&error, language))?;
    let seen = visit
        .read(move |r| {
            let Some(run) = runs::get(r, id)? else { return Ok(None) };
            let device = run.device.map(|device| devices::get(r, device)).transpose()?.flatten();
            let recipe = run.product_digest.map(|digest| recipes::product_text(r, &digest)).transpose()?;
            let entries = evidence::of_run(r, &run, vkey.as_deref())?;
            let label = of_record::count_of(r, &run)?;
            Ok::<_, StoreError>(Some((run, device, recipe.flatten(), label, entries)))
        })
        .await?;
    let (run, device, recipe, label, entries) = seen.ok_or_else(|| Trouble::not_found(language))?;
    let (r, e) = (RunWords::of(language), EntryWords::of(language));
    Ok(show(&RunPage {
        frame: visit.frame(Place::Devices),
        r,
        t: DeviceWords::of(language),
        d: DevicesWords::of(language),
        e,
        heading: fill(r.run_number, &[("run", &run.id.to_string())]),
        run: run_view::view(&run, visit.zone(), language),
        device: device.map(|device| (device.id, device.serial.to_string())),
        label: label.map(|count| run_view::label_view(run.id, count, language)),
        digest: run.product_digest.map(|digest| digest.to_string()).unwrap_or_default(),
        recipe: recipe.map(|(_, text)| text),
        entries: entries.into_iter().map(|entry| entries::view(entry, visit.zone(), language)).collect(),
    }))
}
