//! The parts of the Line page, each an element with an ID of its own: the same on the page and in `/events`.

use askama::Template;

use crate::domain::language::Language;
use crate::domain::name::Name;
use crate::station::board::Tile;
use crate::station::figures::Figure;
use crate::station::slots::Floor;
use crate::web::line::figures::{Banners, FiguresPart, UnfinishedPart};
use crate::web::line::tile::TilePart;
use crate::web::words::line::LineWords;

/// How somebody sees the line: in their language, with links to what they may see.
pub struct Sight {
    /// Their language.
    pub language: Language,
    /// Its words.
    pub t: &'static LineWords,
    /// Whether they may look into the records.
    pub reads: bool,
    /// Whether they may scan.
    pub operates: bool,
}

/// The parts as HTML.
pub struct Parts {
    /// What everybody should know.
    pub banners: String,
    /// What was made, what waits.
    pub figures: String,
    /// Runs that wait for a decision.
    pub unfinished: String,
    /// A tile a slot.
    pub tiles: Vec<String>,
}

impl Parts {
    /// All of them in the order of the page.
    pub fn all(self) -> impl Iterator<Item = String> {
        [self.banners, self.figures, self.unfinished].into_iter().chain(self.tiles)
    }
}

/// What the page shows now.
pub fn parts(floor: &Floor, figure: &Figure, sight: &Sight) -> Parts {
    let state = floor.board.state();
    // in the order of the settings, as they stand on the fixture
    let slots = floor.settings.slots.iter().map(|slot| &slot.name).enumerate();
    let tile = |(at, slot): (usize, &Name)| {
        let tile = floor.board.of(slot).unwrap_or(Tile::Ready);
        let called = state.calls.contains(&Some(slot.clone()));
        html(&TilePart::new(at, slot, &tile, called, sight))
    };
    Parts {
        banners: html(&Banners::new(floor, &state, figure, sight)),
        figures: html(&FiguresPart::new(floor, figure, sight)),
        unfinished: html(&UnfinishedPart::new(figure, sight)),
        tiles: slots.map(tile).collect(),
    }
}

/// A part as HTML; one that cannot be made is left as it was.
fn html(part: &impl Template) -> String {
    part.render().unwrap_or_else(|error| {
        tracing::error!("a part of the Line page could not be made: {error}");
        String::new()
    })
}
