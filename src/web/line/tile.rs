//! A tile: what one slot shows. Every state has its word, its icon, its colour and its place on the lamp: trouble
//! above, what needs a person in the middle, good below, as on a stack light.

use askama::Template;

use crate::domain::name::Name;
use crate::domain::stage::Stage;
use crate::domain::verdict::Verdict;
use crate::station::board::{Ending, Tile, Wants, WhyNot};
use crate::web::line::parts::Sight;
use crate::web::line::why_not::{told_faulty, told_why};
use crate::web::told::Told;
use crate::web::words::fill;
use crate::web::words::line::LineWords;

/// A serial number of up to this many characters is shown whole; of a longer one, its last ones.
const TAIL: usize = 8;

/// One tile as an element.
#[derive(Template)]
#[template(path = "line_tile.html")]
pub struct TilePart {
    slot: String,
    look: Look,
    /// The class of a long word, which is set smaller.
    size: &'static str,
    key: String,
    choose: Option<String>,
    serial: String,
    tail: String,
    step: &'static str,
    progress: Option<(u64, String)>,
    sentence: String,
    next: String,
    code: String,
    run: Option<(u64, String)>,
    reads: bool,
    called: Option<&'static str>,
}

/// How a state looks.
struct Look {
    state: &'static str,
    word: &'static str,
    lamp: Lamp,
    /// The icon's lines, on a field of 24 by 24.
    icon: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Lamp {
    Above,
    Middle,
    Below,
}

fn look(state: &'static str, word: &'static str, lamp: Lamp, icon: &'static str) -> Look {
    Look { state, word, lamp, icon }
}

fn look_of(ending: &Ending, t: &LineWords) -> Look {
    match ending.verdict {
        _ if ending.is_wrong_unit() && ending.verdict == Verdict::Skipped => {
            look("wrong-unit", t.wrong_unit, Lamp::Middle, "M4 9h16M4 15h16M16 4 8 20")
        }
        Verdict::Pass => look("pass", t.pass, Lamp::Below, "m4 13 5.5 5.5L20 7"),
        Verdict::Fail => look("fail", t.fail, Lamp::Above, "m5 5 14 14M19 5 5 19"),
        Verdict::Error => look("error", t.error, Lamp::Above, "M12 3 22 21H2zM12 10v5M12 18v.3"),
        Verdict::Aborted => look("aborted", t.aborted, Lamp::Middle, "m12 4 8 9H4zM4 19h16"),
        Verdict::Skipped => look("skipped", t.skipped, Lamp::Middle, "M3 12h13m-5-6 6 6-6 6M21 5v14"),
        Verdict::Quarantine => {
            look("quarantine", t.quarantine, Lamp::Middle, "m12 2 10 10-10 10L2 12zM12 7v6M12 16v.3")
        }
        Verdict::Scrap => look("scrap", t.scrap, Lamp::Above, "M4 7h16M9 7V3h6v4M6 7l1 14h10l1-14"),
    }
}

/// The step's word, and how far the run has come in percent. The steps take unequal times; files take longest.
fn step(stage: Stage, sent: Option<(u64, u64)>, t: &LineWords) -> (&'static str, u64) {
    let sent =
        sent.filter(|(_, all)| *all > 0).map_or(0, |(sent, all)| sent.saturating_mul(30) / all).min(30);
    match stage {
        Stage::Identify => (t.identify, 5),
        Stage::Prepare => (t.prepare, 15),
        Stage::Intended => (t.intended, 25),
        Stage::Issued => (t.issued, 35),
        Stage::Inject => (t.inject, 40 + sent),
        Stage::ReadBack => (t.read_back, 75),
        Stage::Prove => (t.prove, 85),
        Stage::Finished => (t.finished, 100),
    }
}

/// The key that chooses the slot at this place: F1 to F8, then with Shift.
fn key(at: usize) -> String {
    match at {
        0..8 => format!("F{}", at + 1),
        8..16 => format!("⇧F{}", at - 7),
        _ => String::new(),
    }
}

fn tail(serial: &str) -> String {
    let count = serial.chars().count();
    if count <= TAIL {
        return serial.to_owned();
    }
    // two fewer than would fit, for the mark that something is left out
    let last: String = serial.chars().skip(count - (TAIL - 2)).collect();
    format!("…{last}")
}

impl TilePart {
    /// The tile of the slot at this place of the page.
    pub fn new(at: usize, slot: &Name, tile: &Tile, called: bool, sight: &Sight) -> TilePart {
        let t = sight.t;
        let name = slot.to_string();
        let mut part = TilePart {
            look: look("ready", t.ready, Lamp::Below, "M12 4a8 8 0 1 0 .01 0z"),
            size: "",
            key: key(at),
            choose: sight.operates.then(|| fill(t.choose_slot, &[("slot", &name)])),
            slot: name,
            serial: String::new(),
            tail: String::new(),
            step: "",
            progress: None,
            sentence: String::new(),
            next: String::new(),
            code: String::new(),
            run: None,
            reads: sight.reads,
            called: called.then_some(t.engineer_called),
        };
        match tile {
            Tile::Ready => part.next = t.plug_a_unit.to_owned(),
            Tile::NotReady { why } => part.not_ready(why, sight),
            Tile::Waiting { wants, or_start: _ } => part.waiting(wants, t),
            Tile::Running { stage, serial, sent } => {
                part.look = look("running", t.running, Lamp::Middle, "m7 4 13 8-13 8z");
                part.name(serial.as_deref());
                let (word, percent) = step(*stage, *sent, t);
                part.step = word;
                part.progress = Some((percent, fill(t.progress, &[("slot", &part.slot)])));
            }
            Tile::Verdict(ending) => part.verdict(ending, sight),
        }
        // a Chinese character is as wide as two letters
        let width: usize = part.look.word.chars().map(|ch| if u32::from(ch) < 0x2e80 { 1 } else { 2 }).sum();
        part.size = match width {
            0..=8 => "",
            9..=10 => " long",
            _ => " longest",
        };
        part
    }

    fn not_ready(&mut self, why: &WhyNot, sight: &Sight) {
        self.look = look("not-ready", sight.t.not_ready, Lamp::Middle, "M6 6h12v12H6z");
        self.say(told_why(why, sight.language));
    }

    fn waiting(&mut self, wants: &Wants, t: &LineWords) {
        let bars = "M3 5v14M7 5v14M10 5v14M15 5v14M18 5v14M21 5v14";
        match wants {
            Wants::Both => self.next = t.plug_and_scan.to_owned(),
            Wants::Label => {
                self.look = look("waiting", t.scan_label, Lamp::Middle, bars);
                self.next = t.scan_its_label.to_owned();
            }
            Wants::Unit { label } => {
                self.look = look(
                    "waiting",
                    t.plug_in,
                    Lamp::Middle,
                    "M9 3v6M15 3v6M6 9h12v4a6 6 0 0 1-12 0zM12 19v3",
                );
                self.name(Some(label));
                self.next = fill(t.plug_this, &[("label", label)]);
            }
        }
    }

    fn verdict(&mut self, ending: &Ending, sight: &Sight) {
        let t = sight.t;
        self.look = look_of(ending, t);
        self.name(ending.serial.as_deref());
        self.run = ending.run.map(|run| (run, fill(t.run, &[("run", &run.to_string())])));
        match (ending.verdict, &ending.code) {
            (Verdict::Pass, _) => self.next = t.take_out.to_owned(),
            (Verdict::Scrap, _) => self.next = t.scrap_bin.to_owned(),
            (_, Some(code)) => self.say(told_faulty(&ending.message, code, sight.language)),
            (_, None) => {
                self.sentence.clone_from(&ending.message);
                self.next.clone_from(&ending.next);
            }
        }
    }

    fn say(&mut self, told: Told) {
        let Told { sentence, next, code } = told;
        (self.sentence, self.next, self.code) = (sentence, next, code);
    }

    fn name(&mut self, serial: Option<&str>) {
        self.serial = serial.unwrap_or_default().to_owned();
        self.tail = tail(&self.serial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_serial_number_shows_its_end() {
        assert_eq!(tail("GW00001"), "GW00001");
        assert_eq!(tail("SN-2026-000123"), "…000123");
        assert_eq!(tail(""), "");
    }

    #[test]
    fn sixteen_slots_have_a_key() {
        assert_eq!((key(0).as_str(), key(7).as_str(), key(8).as_str()), ("F1", "F8", "⇧F1"));
        assert_eq!((key(15).as_str(), key(16).as_str()), ("⇧F8", ""));
    }

    #[test]
    fn a_run_never_goes_back() {
        let t = LineWords::of(crate::domain::language::Language::English);
        let mut last = 0;
        for stage in Stage::ALL {
            let (_, begun) = step(stage, None, t);
            let (_, full) = step(stage, Some((7, 7)), t);
            assert!(begun > last && full >= begun, "{stage}");
            last = full;
        }
        assert_eq!(step(Stage::Inject, Some((1, 0)), t).1, 40);
    }
}
