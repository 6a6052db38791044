//! Entries of the audit log as pages about one device or run show them, each with what was proven of it.

use crate::domain::language::Language;
use crate::domain::person::Actor;
use crate::station::evidence::{Entry, Proven};
use crate::station::zone::Zone;
use crate::web::standing::Badge;
use crate::web::words::runs::EntryWords;
use crate::web::words::{audit_events, fill};

/// One entry.
pub struct EntryView {
    /// Its number.
    pub seq: u64,
    /// When, in the station's zone.
    pub at: String,
    /// Who.
    pub who: String,
    /// What, as a word; the event's own name if there is none.
    pub what: String,
    /// Whether it was proven: colour, sign and nothing more.
    pub class: &'static str,
    /// The sign.
    pub icon: &'static str,
    /// What was proven.
    pub proven: String,
    /// Its canonical text.
    pub text: String,
}

/// One entry in the words of a page.
pub fn view(entry: Entry, zone: &Zone, language: Language) -> EntryView {
    let t = EntryWords::of(language);
    let Entry { seq, text, said, proven } = entry;
    let (badge, proven) = match proven {
        Proven::Under { size } => {
            (Badge { class: "good", icon: "✔", word: "" }, fill(t.under, &[("size", &size.to_string())]))
        }
        Proven::NotYet => (Badge { class: "busy", icon: "…", word: "" }, t.not_yet.to_owned()),
        Proven::NoKey => (Badge { class: "look", icon: "◆", word: "" }, t.no_key.to_owned()),
        Proven::Broken(sentence) => (Badge { class: "bad", icon: "✖", word: "" }, sentence),
    };
    let event = serde_json::from_str::<serde_json::Value>(&text).ok();
    let event = event.as_ref().and_then(|entry| entry["event"].as_str()).unwrap_or_default();
    EntryView {
        seq,
        at: said.as_ref().map(|said| zone.date_and_time(said.at)).unwrap_or_default(),
        who: said.as_ref().map(|said| who(&said.actor, t)).unwrap_or_default(),
        what: audit_events::name(event, language).unwrap_or(event).to_owned(),
        class: badge.class,
        icon: badge.icon,
        proven,
        text,
    }
}

fn who(actor: &Actor, t: &EntryWords) -> String {
    match actor {
        Actor::Person { name } => name.to_string(),
        Actor::CommandLine { os_user: _, name: _ } => fill(t.terminal, &[("person", &actor.to_string())]),
        Actor::Slot { slot, released_by, operator } => {
            let person = operator.as_ref().map_or(released_by.as_str(), |operator| operator.as_str());
            fill(t.slot_of, &[("slot", slot.as_str()), ("person", person)])
        }
        Actor::Client { name } => fill(t.client, &[("client", name.as_str())]),
        Actor::Station => t.station.to_owned(),
    }
}
