//! One device: who it is, what was done with it, what proves it, and what can be decided about it.

pub mod actions;
pub mod downloads;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::language::Language;
use crate::domain::pair::Which;
use crate::station::authority::{Authority, Engineering, Reading};
use crate::station::device_file::{self, DeviceFile, Sheet};
use crate::station::evidence;
use crate::station::zone::Zone;
use crate::store::certificates::CertificateState;
use crate::store::devices::DeviceState;
use crate::store::outbox::OutboxRow;
use crate::web::access::Visit;
use crate::web::device::actions::{ActionView, Revocable};
use crate::web::entries::{self, EntryView};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::outbox::{error_of, operation_word};
use crate::web::run_view::{self, LabelView, RunView};
use crate::web::standing::Standing;
use crate::web::told::Told;
use crate::web::trouble::Trouble;
use crate::web::words::devices::{DeviceWords, DevicesWords};
use crate::web::words::fill;
use crate::web::words::outbox::OutboxWords;
use crate::web::words::runs::{EntryWords, RunWords};

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    frame: Frame,
    t: &'static DeviceWords,
    d: &'static DevicesWords,
    r: &'static RunWords,
    e: &'static EntryWords,
    id: u64,
    serial: String,
    mac: String,
    registration_id: String,
    device_id: String,
    created: String,
    state: Standing,
    runs: Vec<RunView>,
    older_runs: Option<u64>,
    certificates: Vec<SheetView>,
    public_keys: Vec<String>,
    enrollments: Vec<EnrollmentView>,
    label: Option<LabelView>,
    alarms: Vec<AlarmView>,
    entries: Vec<EntryView>,
    older_entries: Option<u64>,
    engineer: bool,
    under_way: bool,
    actions: Vec<ActionView>,
    revocable: Vec<Revocable>,
    reasons: Vec<(&'static str, &'static str)>,
}

struct SheetView {
    serial: String,
    state: Standing,
    run: u64,
    registration_id: String,
    valid: String,
    withdrawn: String,
    predecessors: Vec<String>,
    successor: String,
    /// Whether it stands in for the primary one.
    secondary: bool,
    sha1: String,
    sha256: String,
    there: bool,
    facts: Option<FactsView>,
}

struct FactsView {
    subject: String,
    issuer: String,
    key: String,
    usage: String,
    alternative_names: String,
}

struct EnrollmentView {
    id: u64,
    operation: &'static str,
    state: Standing,
    queued: String,
    sent: String,
    error: Option<Told>,
}

struct AlarmView {
    at: String,
    sentence: String,
}

/// From where on the older runs and entries are shown.
#[derive(Deserialize)]
pub struct From {
    runs: Option<u64>,
    entries: Option<u64>,
}

/// `GET /devices/{id}`
pub async fn page(
    visit: Visit<Reading>,
    id: web::Path<u64>,
    from: web::Query<From>,
) -> Result<HttpResponse, Trouble> {
    let language = visit.language;
    let vkey = evidence::vkey(&visit.floor.folder).map_err(|error| Trouble::of(&error, language))?;
    let (id, From { runs, entries }) = (id.into_inner(), from.into_inner());
    let file = visit.read(move |r| device_file::read(r, id, vkey.as_deref(), runs, entries)).await?;
    let file = file.ok_or_else(|| Trouble::not_found(language))?;
    // what can be decided depends on the newest run, so an older page of runs offers nothing
    let newest = if runs.is_none() { file.runs.first() } else { None };
    let under_way = newest.is_some_and(|run| visit.floor.live.is_under_way(run.id));
    let engineer = Engineering::of(&visit.person).is_some();
    let offered = newest.filter(|_| engineer && !under_way);
    let actions = offered.map(|run| actions::possible(run, file.device.state, language)).unwrap_or_default();
    let revocable = offered.map(|run| actions::revocable(run, &file.certificates)).unwrap_or_default();
    Ok(show(&page_of(file, &visit, engineer, under_way, actions, revocable)))
}

fn page_of(
    file: DeviceFile,
    visit: &Visit<Reading>,
    engineer: bool,
    under_way: bool,
    actions: Vec<ActionView>,
    revocable: Vec<Revocable>,
) -> DevicePage {
    let DeviceFile {
        device,
        runs,
        older_runs,
        certificates,
        enrollments,
        label,
        alarms,
        entries,
        older_entries,
    } = file;
    let (zone, language) = (visit.zone(), visit.language);
    let (t, d, e) = (DeviceWords::of(language), DevicesWords::of(language), EntryWords::of(language));
    let alarms = alarms.into_iter().map(|alarm| AlarmView {
        at: zone.date_and_time(alarm.at),
        sentence: fill(t.alarm, &[("kind", &alarm.kind), ("value", &alarm.value)]),
    });
    let alarms = alarms.collect();
    let mut public_keys: Vec<String> = Vec::new();
    for sheet in &certificates {
        let key = sheet.row.public_key.to_string();
        if !public_keys.contains(&key) {
            public_keys.push(key);
        }
    }
    let sheets = certificates.iter().map(|sheet| sheet_view(sheet, &certificates, zone, language)).collect();
    DevicePage {
        frame: visit.frame(Place::Devices),
        t,
        d,
        r: RunWords::of(language),
        e,
        id: device.id,
        serial: device.serial.to_string(),
        mac: device.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        registration_id: device.identity.registration_id.to_string(),
        device_id: device.identity.device_id.to_string(),
        created: zone.date_and_time(device.created),
        state: state(device.state, &certificates, language),
        older_runs: runs.last().filter(|_| older_runs).map(|run| run.id),
        runs: runs.iter().map(|run| run_view::view(run, zone, language)).collect(),
        certificates: sheets,
        public_keys,
        enrollments: enrollments.iter().map(|row| enrollment_view(row, zone, language)).collect(),
        label: label.map(|(run, count)| run_view::label_view(run, count, language)),
        alarms,
        older_entries: entries.last().filter(|_| older_entries).map(|entry| entry.seq),
        entries: entries.into_iter().map(|entry| entries::view(entry, zone, language)).collect(),
        engineer,
        under_way,
        actions,
        revocable,
        reasons: actions::reasons(language),
    }
}

/// Where the device stands: one whose only identities were revoked is no longer as it left the line.
fn state(state: DeviceState, certificates: &[Sheet], language: Language) -> Standing {
    let has = |state: CertificateState| certificates.iter().any(|sheet| sheet.row.state == state);
    let revoked = has(CertificateState::Revoked) && !has(CertificateState::Issued);
    match state {
        DeviceState::Provisioned if revoked => {
            Standing::of_certificate(CertificateState::Revoked, DeviceWords::of(language))
        }
        state => Standing::of_device(state, DevicesWords::of(language)),
    }
}

fn sheet_view(sheet: &Sheet, all: &[Sheet], zone: &Zone, language: Language) -> SheetView {
    let t = DeviceWords::of(language);
    let Sheet { row, facts, sha1 } = sheet;
    let from = zone.date_and_time(row.not_before);
    let valid = match zone.end(row.not_after) {
        Some(to) => fill(t.from_to, &[("from", &from), ("to", &to)]),
        None => fill(t.for_ever, &[("from", &from)]),
    };
    let withdrawn = row.revoked_at.map(|at| {
        let why = row.reason.map(|reason| actions::reason_word(reason, t)).unwrap_or_default();
        format!("{} · {why}", zone.date_and_time(at))
    });
    let followed_by_this = |other: &&Sheet| other.row.successor == Some(row.serial);
    SheetView {
        serial: row.serial.to_string(),
        secondary: row.which == Which::Secondary,
        state: Standing::of_certificate(row.state, t),
        run: row.run,
        registration_id: row.registration_id.to_string(),
        valid,
        withdrawn: withdrawn.unwrap_or_default(),
        predecessors: all.iter().filter(followed_by_this).map(|other| other.row.serial.to_string()).collect(),
        successor: row.successor.map(|serial| serial.to_string()).unwrap_or_default(),
        sha1: sha1.map(|thumbprint| thumbprint.to_string()).unwrap_or_default(),
        sha256: row.sha256.map(|digest| digest.to_string()).unwrap_or_default(),
        there: row.der.is_some(),
        facts: facts.as_ref().map(|facts| FactsView {
            subject: facts.subject.clone(),
            issuer: facts.issuer.clone(),
            key: facts.key.clone(),
            usage: [&facts.key_usage.join(", "), &facts.extended_key_usage.join(", ")]
                .into_iter()
                .filter(|words| !words.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(" · "),
            alternative_names: facts.alternative_names.join(", "),
        }),
    }
}

fn enrollment_view(row: &OutboxRow, zone: &Zone, language: Language) -> EnrollmentView {
    let t = OutboxWords::of(language);
    EnrollmentView {
        id: row.id,
        operation: operation_word(row.operation, t),
        state: Standing::of_operation(row.state, t),
        queued: zone.date_and_time(row.created),
        sent: row.sent.map(|at| zone.date_and_time(at)).unwrap_or_default(),
        error: error_of(row, language),
    }
}
