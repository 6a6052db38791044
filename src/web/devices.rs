//! The devices: searched as one types, listed page by page.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::name::Name;
use crate::station::authority::Reading;
use crate::station::zone::Zone;
use crate::store::catalogue;
use crate::store::devices::search::{self, Listed, Wanted};
use crate::store::devices::{Device, DeviceState};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::runs::newest::{self, Newest};
use crate::store::work_orders;
use crate::web::access::{Visit, go_to};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::standing::Standing;
use crate::web::trouble::{Trouble, asks_for_a_part};
use crate::web::words::common::FrameWords;
use crate::web::words::devices::DevicesWords;
use crate::web::words::runs::RunWords;

/// Devices on one page.
const PAGE: u32 = 50;
/// Work orders to choose from: the newest ones.
const ORDERS: u32 = 50;

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    order: String,
    before: Option<u64>,
    #[serde(default)]
    after: String,
}

impl Asked {
    fn wanted(&self) -> Wanted {
        Wanted { state: self.state.parse().ok(), work_order: self.order.parse().ok() }
    }

    /// The address of the list with these and one thing more.
    fn address(&self, more: Option<(&str, &str)>) -> String {
        let fields = [("q", self.q.trim()), ("state", &self.state), ("order", &self.order)];
        let fields: Vec<_> = fields.into_iter().chain(more).filter(|(_, value)| !value.is_empty()).collect();
        match serde_urlencoded::to_string(&fields) {
            Ok(query) if !query.is_empty() => format!("/devices?{query}"),
            _ => "/devices".to_owned(),
        }
    }
}

struct RowView {
    id: u64,
    serial: String,
    mac: String,
    registration_id: String,
    state: Standing,
    work_order: String,
    run: Option<RunView>,
}

struct RunView {
    id: u64,
    verdict: Standing,
    at: String,
}

struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

/// The part that changes as one types.
#[derive(Template)]
#[template(path = "devices-found.html")]
struct FoundPart {
    t: &'static DevicesWords,
    frame_words: &'static FrameWords,
    exact: Option<RowView>,
    rows: Vec<RowView>,
    searched: bool,
    partly: bool,
    further: Option<String>,
    newest: Option<String>,
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    frame: Frame,
    t: &'static DevicesWords,
    q: String,
    states: Vec<Choice>,
    orders: Vec<Choice>,
    catalogued: bool,
    found: String,
}

/// What the page reads in one go.
struct Seen {
    exact: Option<(Device, Option<Newest>)>,
    devices: Vec<(Device, Option<Newest>)>,
    next: Option<(&'static str, String)>,
    orders: Vec<Name>,
    is_left: bool,
}

/// `GET /devices`
pub async fn page(
    visit: Visit<Reading>,
    request: HttpRequest,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Trouble> {
    let asked = asked.into_inner();
    let part = asks_for_a_part(&request);
    let question = asked.clone();
    let seen = visit.read(move |r| look(r, &question, part)).await?;
    let t = DevicesWords::of(visit.language);
    let runs = RunWords::of(visit.language);
    let view = |(device, run)| row(device, run, visit.zone(), t, runs);
    let found = FoundPart {
        partly: seen.next.is_some() && seen.devices.len() < usize::try_from(PAGE).unwrap_or(usize::MAX),
        t,
        frame_words: FrameWords::of(visit.language),
        exact: seen.exact.map(view),
        rows: seen.devices.into_iter().map(view).collect(),
        searched: !asked.q.trim().is_empty() || asked.wanted() != Wanted::default(),
        further: seen.next.map(|(by, value)| asked.address(Some((by, &value)))),
        newest: (asked.before.is_some() || !asked.after.is_empty()).then(|| asked.address(None)),
    };
    if part {
        return Ok(show(&found));
    }
    let found = found.render().map_err(|_| Trouble::busy(visit.language))?;
    let any = |word: &str, chosen| Choice { value: String::new(), word: word.to_owned(), chosen };
    let wanted = asked.wanted();
    let states = DeviceState::ALL.into_iter().map(|state| Choice {
        value: state.to_string(),
        word: Standing::of_device(state, t).word.to_owned(),
        chosen: wanted.state == Some(state),
    });
    let orders = seen.orders.into_iter().map(|order| Choice {
        value: order.to_string(),
        word: order.to_string(),
        chosen: wanted.work_order.as_ref() == Some(&order),
    });
    Ok(show(&DevicesPage {
        frame: visit.frame(Place::Devices),
        t,
        q: asked.q.trim().chars().take(128).collect(),
        states: std::iter::once(any(t.any_state, wanted.state.is_none())).chain(states).collect(),
        orders: std::iter::once(any(t.any_order, wanted.work_order.is_none())).chain(orders).collect(),
        catalogued: seen.is_left,
        found,
    }))
}

/// `GET /devices/find`: a text that names one device leads straight to it, anything else to the list.
pub async fn find(visit: Visit<Reading>, asked: web::Query<Asked>) -> Result<HttpResponse, Trouble> {
    let asked = asked.into_inner();
    let text = asked.q.clone();
    let device = visit.read(move |r| search::exact(r, &text)).await?;
    Ok(match device {
        Some(device) => go_to(&format!("/devices/{}", device.id)),
        None => go_to(&asked.address(None)),
    })
}

fn look(r: &Reader<'_>, asked: &Asked, part: bool) -> Result<Seen, StoreError> {
    let wanted = asked.wanted();
    let text = asked.q.trim();
    let (mut exact, devices, next) = if text.is_empty() {
        let Listed { devices, next } = search::newest(r, &wanted, PAGE, asked.before)?;
        (None, devices, next.map(|before| ("before", before.to_string())))
    } else {
        let exact = if asked.after.is_empty() { search::exact(r, text)? } else { None };
        let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
        let Listed { devices, next } = search::by_prefix(r, text, &wanted, PAGE, after)?;
        (exact, devices, next.map(|after| ("after", after)))
    };
    // it may begin so as well
    exact = exact.filter(|exact| devices.iter().all(|(device, _)| device.id != exact.id));
    let exact = match exact {
        Some(device) => {
            let run = newest::of_device(r, device.id)?;
            Some((device, run))
        }
        None => None,
    };
    let mut orders = Vec::new();
    if !part {
        orders.extend(work_orders::list(r, ORDERS, None)?.into_iter().map(|progress| progress.order.name));
        orders.extend(wanted.work_order.filter(|order| !orders.contains(order)));
    }
    Ok(Seen { exact, devices, next, orders, is_left: !part && catalogue::is_left(r)? })
}

fn row(
    device: Device,
    run: Option<Newest>,
    zone: &Zone,
    t: &'static DevicesWords,
    runs: &'static RunWords,
) -> RowView {
    let work_order = run.as_ref().and_then(|run| run.work_order.as_ref()).map(Name::to_string);
    RowView {
        id: device.id,
        serial: device.serial.to_string(),
        mac: device.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        registration_id: device.identity.registration_id.to_string(),
        state: Standing::of_device(device.state, t),
        work_order: work_order.unwrap_or_default(),
        run: run.map(|run| RunView {
            id: run.id,
            verdict: Standing::of_ending(run.verdict, run.resume, runs),
            at: zone.date_and_time(run.at),
        }),
    }
}
