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

/// What stands above and below the tiles: what everybody should know, what was made and what waits, the runs that
/// wait for a decision.
pub fn around(floor: &Floor, figure: &Figure, sight: &Sight) -> [String; 3] {
    [
        html(&Banners::new(floor, &floor.board.state(), figure, sight)),
        html(&FiguresPart::new(floor, figure, sight)),
        html(&UnfinishedPart::new(figure, sight)),
    ]
}

/// A tile a slot, in the order of the settings, as they stand on the fixture.
pub fn tiles(floor: &Floor, sight: &Sight) -> Vec<String> {
    let state = floor.board.state();
    let slots = floor.settings.slots.iter().map(|slot| &slot.name).enumerate();
    let tile = |(at, slot): (usize, &Name)| {
        let tile = floor.board.of(slot).unwrap_or(Tile::Ready);
        let called = state.calls.contains(&Some(slot.clone()));
        html(&TilePart::new(at, slot, &tile, called, sight))
    };
    slots.map(tile).collect()
}

/// A part as HTML; one that cannot be made is left as it was.
fn html(part: &impl Template) -> String {
    part.render().unwrap_or_else(|error| {
        tracing::error!("a part of the Line page could not be made: {error}");
        String::new()
    })
}
