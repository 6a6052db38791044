//! What stands around every page of somebody who is logged in: where one can go, who one is, what the station is
//! worried about, what was just done.

use crate::domain::language::Language;
use crate::domain::person::Role;
use crate::station::ca_material;
use crate::station::people::Person;
use crate::station::slots::Floor;
use crate::web::language::{self, Choice};
use crate::web::session::Note;
use crate::web::told::Told;
use crate::web::words::common::FrameWords;
use crate::web::worries::worries;

/// Which page it is, for the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the page of that name")]
pub enum Place {
    Line,
    WorkOrders,
    Devices,
    Batches,
    Labels,
    Outbox,
    Reports,
    Audit,
    Ca,
    People,
}

impl Place {
    const ALL: [Place; 10] = [
        Place::Line,
        Place::WorkOrders,
        Place::Devices,
        Place::Batches,
        Place::Labels,
        Place::Outbox,
        Place::Reports,
        Place::Audit,
        Place::Ca,
        Place::People,
    ];

    fn address(self) -> &'static str {
        match self {
            Place::Line => "/",
            Place::WorkOrders => "/work-orders",
            Place::Devices => "/devices",
            Place::Batches => "/batches",
            Place::Labels => "/labels",
            Place::Outbox => "/outbox",
            Place::Reports => "/reports",
            Place::Audit => "/audit",
            Place::Ca => "/ca",
            Place::People => "/people",
        }
    }

    fn word(self, t: &FrameWords) -> &'static str {
        match self {
            Place::Line => t.line,
            Place::WorkOrders => t.work_orders,
            Place::Devices => t.devices,
            Place::Batches => t.batches,
            Place::Labels => t.labels,
            Place::Outbox => t.outbox,
            Place::Reports => t.reports,
            Place::Audit => t.audit,
            Place::Ca => t.ca,
            Place::People => t.people,
        }
    }

    /// Who is shown the way there; the page itself asks for the right.
    fn is_for(self, role: Role) -> bool {
        match self {
            Place::Line | Place::WorkOrders | Place::Labels => true,
            Place::Devices | Place::Batches | Place::Outbox | Place::Reports | Place::Audit | Place::Ca => {
                role != Role::Operator
            }
            Place::People => matches!(role, Role::Administrator | Role::Auditor),
        }
    }
}

/// One entry of the navigation.
pub struct Way {
    /// Its word.
    pub word: &'static str,
    /// Its address.
    pub address: &'static str,
    /// Whether it leads to the page it stands on.
    pub here: bool,
}

/// What stands around a page.
pub struct Frame {
    /// The station's name.
    pub station: String,
    /// The page's language.
    pub language: Language,
    /// The frame's words.
    pub t: &'static FrameWords,
    /// Who is logged in.
    pub person: String,
    /// Their role as a word.
    pub role: &'static str,
    /// For the frame's class: engineers' and administrators' pages are framed in another colour.
    pub role_class: &'static str,
    /// The token of their forms.
    pub csrf: String,
    /// Where one can go.
    pub ways: Vec<Way>,
    /// The address of this page, for coming back.
    pub path: String,
    /// What the station is worried about, each one sentence.
    pub worries: Vec<String>,
    /// Whether the vault is closed, and somebody may open it.
    pub locked: bool,
    /// Whether the station waits for the first certificate of its issuing CA, and the page does not say so itself.
    pub waits: bool,
    /// Whether the person did nothing for too long and has to log in again.
    pub idle: bool,
    /// What was just done.
    pub done: Option<String>,
    /// What was just refused.
    pub refused: Option<Told>,
    /// The languages to choose from.
    pub languages: Vec<Choice>,
}

impl Frame {
    /// The frame of a page.
    pub fn new(
        floor: &Floor,
        person: &Person,
        csrf: &str,
        language: Language,
        place: Place,
        path: &str,
        note: Option<Note>,
    ) -> Frame {
        let t = FrameWords::of(language);
        let (done, refused) = match note {
            Some(Note::Done(said)) => (Some(said), None),
            Some(Note::Refused(told)) => (None, Some(told)),
            None => (None, None),
        };
        let waits = floor.keys.current().is_none() && ca_material::only_waits(&floor.folder);
        let ways = Place::ALL.into_iter().filter(|way| way.is_for(person.role));
        Frame {
            station: floor.settings.name.to_string(),
            language,
            t,
            person: person.name.to_string(),
            role: role_word(t, person.role),
            role_class: person.role.as_str(),
            csrf: csrf.to_owned(),
            ways: ways
                .map(|way| Way { word: way.word(t), address: way.address(), here: way == place })
                .collect(),
            path: path.to_owned(),
            worries: worries(floor, language),
            locked: floor.keys.current().is_none() && !waits,
            waits: waits && place != Place::Ca,
            idle: false,
            done,
            refused,
            languages: language::choices(language),
        }
    }
}

/// A role as a word.
pub fn role_word(t: &FrameWords, role: Role) -> &'static str {
    match role {
        Role::Operator => t.operator,
        Role::Engineer => t.engineer,
        Role::Administrator => t.administrator,
        Role::Auditor => t.auditor,
    }
}
