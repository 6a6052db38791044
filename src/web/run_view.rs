//! A run in words, for the page of its device and its own.

use crate::domain::language::Language;
use crate::domain::product::KeyOrigin;
use crate::domain::stage::Stage;
use crate::domain::step::Steps;
use crate::station::zone::Zone;
use crate::store::bulk::commit::HANDED_OVER;
use crate::store::runs::{CredentialKind, Run};
use crate::web::standing::Standing;
use crate::web::told::told_of;
use crate::web::words::devices::DeviceWords;
use crate::web::words::fill;
use crate::web::words::runs::RunWords;

/// One run.
pub struct RunView {
    /// Its number.
    pub id: u64,
    /// When it began.
    pub started: String,
    /// When it ended; empty while it has no verdict.
    pub ended: String,
    /// The slot, or that it ran at the terminal.
    pub slot: String,
    /// Who is responsible.
    pub person: String,
    /// The verdict.
    pub verdict: Standing,
    /// What happened and what to do.
    pub sentence: String,
    /// The stable code.
    pub code: String,
    /// The step it reached.
    pub stage: &'static str,
    /// How long it took.
    pub duration: String,
    /// Which proof was had.
    pub proof: String,
    /// What it gave.
    pub credential: String,
    /// The work order.
    pub work_order: String,
    /// The recipe.
    pub product: String,
    /// Its steps.
    pub steps: Vec<StepView>,
}

/// One step.
pub struct StepView {
    /// Its name.
    pub name: &'static str,
    /// When it began, after the first question to the device.
    pub after: String,
    /// How long it took.
    pub took: String,
    /// Where its bar begins and how long it is, in thousandths of the whole.
    pub bar: (u64, u64),
}

/// The label of a run that has one, and how many of it are on record.
pub struct LabelView {
    /// The run.
    pub run: u64,
    /// That it is the label of this run.
    pub word: String,
    /// How many there are.
    pub count: String,
}

/// A run's label in the words of a page.
pub fn label_view(run: u64, count: u64, language: Language) -> LabelView {
    let t = RunWords::of(language);
    LabelView {
        run,
        word: fill(t.label_of_run, &[("run", &run.to_string())]),
        count: fill(t.labels_on_record, &[("count", &count.to_string())]),
    }
}

/// A run in the words of a page.
pub fn view(run: &Run, zone: &Zone, language: Language) -> RunView {
    let t = RunWords::of(language);
    let ending = run.ending.as_ref();
    let (sentence, code) = match ending {
        Some(ending) => match ending.code {
            Some(code) => {
                let told = told_of(code, &ending.message, language);
                (format!("{} {}", told.sentence, told.next), told.code)
            }
            None => (ending.message.clone(), String::new()),
        },
        None => (String::new(), String::new()),
    };
    let steps = run.steps.clone().unwrap_or_default();
    let millis = steps.total().or_else(|| {
        let whole = ending?.at.since(run.started).as_millis();
        u64::try_from(whole).ok()
    });
    RunView {
        id: run.id,
        started: zone.date_and_time(run.started),
        ended: ending.map(|ending| zone.date_and_time(ending.at)).unwrap_or_default(),
        slot: run.slot.as_ref().map_or_else(|| t.no_slot.to_owned(), ToString::to_string),
        person: run.person.clone(),
        verdict: Standing::of_run(run, t),
        sentence,
        code,
        stage: t.of_stage(run.stage),
        duration: millis.map(|millis| seconds(millis, t)).unwrap_or_default(),
        proof: proof_word(ending.and_then(|ending| ending.proof.as_deref()), t),
        credential: credential(run, language),
        work_order: run.work_order.as_ref().map(ToString::to_string).unwrap_or_default(),
        product: run.product.as_ref().map(ToString::to_string).unwrap_or_default(),
        steps: step_views(&steps, t),
    }
}

fn step_views(steps: &Steps, t: &'static RunWords) -> Vec<StepView> {
    let total = steps.total().unwrap_or(0).max(1);
    let view = |(stage, from, took): (Stage, u64, u64)| StepView {
        name: t.of_stage(stage),
        after: seconds(from, t),
        took: seconds(took, t),
        // a step too short to be seen is shown as a line all the same
        bar: (from.saturating_mul(1000) / total, (took.saturating_mul(1000) / total).max(4)),
    };
    steps.durations().into_iter().map(view).collect()
}

/// The credential a run was to give.
fn credential(run: &Run, language: Language) -> String {
    let t = DeviceWords::of(language);
    match &run.credential {
        Some(CredentialKind::X509 { key: KeyOrigin::OnDevice }) => t.key_on_device.to_owned(),
        Some(CredentialKind::X509 { key: KeyOrigin::Station }) => t.key_by_station.to_owned(),
        Some(CredentialKind::GroupKey { group }) => fill(t.group_key, &[("name", group.as_str())]),
        None => t.nothing.to_owned(),
    }
}

fn proof_word(proof: Option<&str>, t: &RunWords) -> String {
    match proof {
        None => t.no_proof.to_owned(),
        Some("sign-nonce") => t.sign_nonce.to_owned(),
        Some("hmac-nonce") => t.hmac_nonce.to_owned(),
        Some("read-back") => t.read_back.to_owned(),
        Some(HANDED_OVER) => t.handed_over.to_owned(),
        // a newer program's
        Some(other) => other.to_owned(),
    }
}

fn seconds(millis: u64, t: &RunWords) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    fill(t.seconds, &[("seconds", &text)])
}
