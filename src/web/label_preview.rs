//! A label on the screen: the drawing that was read from its ZPL as SVG, one unit a dot. Close to what the printer
//! makes of it; its own font has other shapes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use datamatrix::{DataMatrix, SymbolList};
use qrcode::{EcLevel, QrCode};

use crate::domain::product::label::Sheet;
use crate::station::labels::zpl::{Block, Drawing, Item, Shape};
use crate::web::barcode;

/// The most bytes of SVG a preview has.
const LARGEST: usize = 512 * 1024;
/// Where the base line of a letter is, from its top, and how wide it is on average, as shares of its height and
/// width.
const BASE_LINE: f64 = 0.78;
const LETTER: f64 = 0.55;

/// A label as a page shows it.
pub struct Preview {
    /// The `<svg>` element.
    pub svg: String,
    /// The commands it does not show.
    pub not_shown: BTreeSet<String>,
}

/// Draws a label on this paper; `name` is what a screen reader says.
pub fn draw(drawing: &Drawing, sheet: &Sheet, name: &str) -> Preview {
    let dots = |mm: f64| (mm * f64::from(sheet.dpi) / 25.4).round();
    let width = drawing.width.map_or_else(|| dots(sheet.width_mm), f64::from).max(1.0);
    let height = drawing.height.map_or_else(|| dots(sheet.height_mm), f64::from).max(1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"label\" role=\"img\" aria-label=\"{}\" \
         viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>",
        escaped(name)
    );
    let mut not_shown = drawing.not_shown.clone();
    for item in &drawing.items {
        match shape(item) {
            Some(element) if svg.len() + element.len() < LARGEST => svg.push_str(&element),
            Some(_) | None => {
                not_shown.insert(command(&item.shape).to_owned());
            }
        }
    }
    svg.push_str("</svg>");
    Preview { svg, not_shown }
}

fn command(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text { .. } => "^A0",
        Shape::Box { .. } => "^GB",
        Shape::Qr { .. } => "^BQ",
        Shape::DataMatrix { .. } => "^BX",
        Shape::Code128 { .. } => "^BC",
    }
}

fn shape(item: &Item) -> Option<String> {
    match &item.shape {
        Shape::Text { text, height, width, block } => Some(words(item, text, *height, *width, *block)),
        Shape::Box { width, height, line, white } => {
            let (x, y) = (f64::from(item.x), top(item, f64::from(*height)));
            Some(rectangle(x, y, f64::from(*width), f64::from(*height), f64::from(*line), *white))
        }
        Shape::Qr { data, module, level } => {
            let level = match level {
                'L' => EcLevel::L,
                'M' => EcLevel::M,
                'H' => EcLevel::H,
                _ => EcLevel::Q,
            };
            let code = QrCode::with_error_correction_level(data, level).ok()?;
            let dark: Vec<bool> = code.to_colors().iter().map(|c| *c == qrcode::Color::Dark).collect();
            Some(modules(item, &dark, code.width(), *module))
        }
        Shape::DataMatrix { data, module } => {
            let code = DataMatrix::encode(data.as_bytes(), SymbolList::default().enforce_square()).ok()?;
            let bitmap = code.bitmap();
            Some(modules(item, bitmap.bits(), bitmap.width(), *module))
        }
        Shape::Code128 { data, module, height, text } => {
            let bars = barcode::modules(data)?;
            let dark: Vec<bool> = bars.iter().map(|bar| *bar == 1).collect();
            let (wide, high) = (f64::from(*module), f64::from(*height));
            let mut drawn = rows(item, &dark, dark.len(), wide, high);
            if *text {
                let size = (9.0 * wide).max(12.0);
                let y = top(item, high) + high + size;
                let _ = write!(
                    drawn,
                    "<text x=\"{}\" y=\"{y}\" font-size=\"{size}\" font-family=\"monospace\">{}</text>",
                    item.x,
                    escaped(data)
                );
            }
            Some(drawn)
        }
    }
}

/// Where a thing of this height begins.
fn top(item: &Item, height: f64) -> f64 {
    let y = f64::from(item.y);
    if item.from_base { y - height } else { y }
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, line: f64, white: bool) -> String {
    let ink = if white { "#fff" } else { "#000" };
    if 2.0 * line >= width.min(height) {
        return format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{ink}\"/>");
    }
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{line}\"/>",
        x + line / 2.0,
        y + line / 2.0,
        width - line,
        height - line
    )
}

/// The dark modules of a square code as one path.
fn modules(item: &Item, dark: &[bool], width: usize, module: u32) -> String {
    rows(item, dark, width, f64::from(module), f64::from(module))
}

fn rows(item: &Item, dark: &[bool], width: usize, wide: f64, high: f64) -> String {
    let lines: Vec<&[bool]> = dark.chunks(width.max(1)).collect();
    let mut y = top(item, lines.iter().map(|_| high).sum());
    let mut path = String::new();
    for line in lines {
        let mut x = f64::from(item.x);
        for run in line.chunk_by(|a, b| a == b) {
            let length: f64 = run.iter().map(|_| wide).sum();
            if run.first() == Some(&true) {
                // writing to a String cannot fail
                let _ = write!(path, "M{x} {y}h{length}v{high}h-{length}z");
            }
            x += length;
        }
        y += high;
    }
    format!("<path d=\"{path}\" shape-rendering=\"crispEdges\"/>")
}

fn words(item: &Item, text: &str, height: u32, width: u32, block: Option<Block>) -> String {
    let size = f64::from(height);
    let wide = if width == 0 { size } else { f64::from(width) };
    let lines = match block {
        Some(block) if block.width > 0 => broken(text, wide, block),
        _ => vec![text.to_owned()],
    };
    let first = if item.from_base { f64::from(item.y) } else { f64::from(item.y) + size * BASE_LINE };
    let mut drawn = String::new();
    let mut y = first;
    for line in lines {
        let length = length(&line, wide);
        let room = block.map_or(0.0, |block| (f64::from(block.width) - length).max(0.0));
        let x = f64::from(item.x)
            + match block.map(|block| block.justify) {
                Some('C') => room / 2.0,
                Some('R') => room,
                _ => 0.0,
            };
        let _ = write!(
            drawn,
            "<text x=\"{x}\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"bold\" font-family=\"sans-serif\" \
             textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            escaped(&line)
        );
        y += size;
    }
    drawn
}

/// How long a line is, about.
fn length(text: &str, wide: f64) -> f64 {
    text.chars().map(|c| if c >= '\u{2e80}' { wide } else { wide * LETTER }).sum()
}

/// Breaks a text where it does not fit: between words, and within one that is longer than a line. What does not fit
/// into the last line is written over it by the printer, so it is left out here.
fn broken(text: &str, wide: f64, block: Block) -> Vec<String> {
    let most = f64::from(block.width);
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let fits = |line: &str, more: &str| length(&format!("{line}{}", more.trim_end()), wide) <= most;
        if lines.last().is_some_and(|line| !line.is_empty() && !fits(line, word)) {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let letter = letter.to_string();
            if lines.last().is_some_and(|line| !line.is_empty() && !fits(line, &letter)) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(&letter);
            }
        }
    }
    lines.truncate(usize::try_from(block.lines).unwrap_or(1));
    lines
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::labels::zpl;

    fn preview(text: &str) -> Preview {
        draw(&zpl::read(text), &Sheet::default(), "a label")
    }

    #[test]
    fn everything_that_is_read_is_drawn() {
        let shown = preview(
            "^XA^FO1,1^A0N,20^FDa<b^FS^FO5,5^GB100,50,3^FS^FO9,9^BQN,2,4^FDQA,x^FS^FO9,9^BXN,5,200^FDx^FS^FO9,9^BCN,40^FDAB^FS^XZ",
        );
        assert!(shown.not_shown.is_empty(), "{:?}", shown.not_shown);
        assert!(
            shown.svg.contains("viewBox=\"0 0 400 200\"") && shown.svg.contains("a&lt;b"),
            "{}",
            shown.svg
        );
        assert_eq!(shown.svg.matches("<path").count(), 3);
        assert!(!shown.svg.contains("style="), "the content security policy forbids it");
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let shown = preview(&format!("^XA^BQN,2,4^FDHA,{}^FS^BCN,40^FDgr\u{fc}n^FS^XZ", "x".repeat(3000)));
        assert_eq!(shown.not_shown.iter().map(String::as_str).collect::<Vec<_>>(), ["^BC", "^BQ"]);
        let code = format!("^BQN,2,2^FDLA,{}^FS", "x".repeat(2800));
        let many = preview(&format!("^XA{}^XZ", code.repeat(100)));
        assert!(many.svg.len() < LARGEST + 10 && many.not_shown.contains("^BQ"));
    }

    #[test]
    fn a_text_is_broken_into_the_lines_of_its_block() {
        let block = Block { width: 110, lines: 2, justify: 'L' };
        assert_eq!(broken("one two three four", 20.0, block), ["one two ", "three four"]);
        assert_eq!(broken("abcdefghijklmnopqrstuvwxyz", 20.0, block), ["abcdefghij", "klmnopqrst"]);
    }
}
