//! A reader of the part of ZPL (Zebra Programming Language) that our labels use, for the preview. Whatever else a
//! label says is named as not shown. Bounded whatever it is given.

mod command;

use std::collections::BTreeSet;

use self::command::{Command, commands};

/// The most things that are drawn.
const MOST_ITEMS: usize = 400;
/// The longest field in bytes.
const LONGEST_FIELD: usize = 3072;
/// The most different commands that are named as not shown.
const MOST_UNKNOWN: usize = 40;
/// The largest number of dots that is believed.
const LARGEST: u32 = 32_000;

/// A label as it is to be drawn, in dots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawing {
    /// Width of the paper (`^PW`), if the label says.
    pub width: Option<u32>,
    /// Height of the paper (`^LL`), if the label says.
    pub height: Option<u32>,
    /// What is drawn, in this order.
    pub items: Vec<Item>,
    /// The texts of all fields, also of those that are not drawn.
    pub fields: Vec<String>,
    /// The commands that are not shown.
    pub not_shown: BTreeSet<String>,
}

/// One thing on the label.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Dots from the left.
    pub x: u32,
    /// Dots from the top; of the base line if `from_base`.
    pub y: u32,
    /// Whether `y` is where the field ends (`^FT`) rather than begins (`^FO`).
    pub from_base: bool,
    /// What.
    pub shape: Shape,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Text in the scalable font.
    Text {
        /// The text.
        text: String,
        /// Height of a letter.
        height: u32,
        /// Width of a letter; 0 for the usual.
        width: u32,
        /// Breaks it into lines.
        block: Option<Block>,
    },
    /// A rectangle (`^GB`), filled if the line is as thick as it is high or wide.
    Box {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
        /// How thick its line is.
        line: u32,
        /// Whether it is white rather than black.
        white: bool,
    },
    /// A QR code.
    Qr {
        /// The data.
        data: String,
        /// Dots a module.
        module: u32,
        /// Error correction: H, Q, M or L.
        level: char,
    },
    /// A DataMatrix code (ECC 200).
    DataMatrix {
        /// The data.
        data: String,
        /// Dots a module.
        module: u32,
    },
    /// A Code 128 bar code.
    Code128 {
        /// The data.
        data: String,
        /// Dots a module.
        module: u32,
        /// Height of the bars.
        height: u32,
        /// Whether the text stands below.
        text: bool,
    },
}

/// How a text is broken into lines (`^FB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Width of a line.
    pub width: u32,
    /// The most lines.
    pub lines: u32,
    /// `L`, `C`, `R` or `J`.
    pub justify: char,
}

/// What the next field will be.
#[derive(Debug, Clone)]
enum Pending {
    Text { height: u32, width: u32 },
    Qr { module: u32 },
    DataMatrix { module: u32 },
    Code128 { height: u32, text: bool },
    Unknown,
}

struct Pen {
    home: (u32, u32),
    at: (u32, u32),
    from_base: bool,
    usual: (u32, u32),
    module: u32,
    bar_height: u32,
    pending: Option<Pending>,
    block: Option<Block>,
    hexadecimal: Option<char>,
    data: Option<String>,
}

impl Pen {
    fn new() -> Pen {
        Pen {
            home: (0, 0),
            at: (0, 0),
            from_base: false,
            usual: (9, 0),
            module: 2,
            bar_height: 10,
            pending: None,
            block: None,
            hexadecimal: None,
            data: None,
        }
    }

    /// After a field: position and kind are those of that field only.
    fn lift(&mut self) {
        self.at = (0, 0);
        self.from_base = false;
        self.pending = None;
        self.block = None;
        self.hexadecimal = None;
        self.data = None;
    }
}

/// Reads the first label of a text.
pub fn read(text: &str) -> Drawing {
    let mut drawing = Drawing::default();
    let mut pen = Pen::new();
    let mut begun = false;
    for command in commands(text) {
        match command.name.as_str() {
            "^XA" if begun => {
                drawing.not_shown.insert("^XA".to_owned());
                break;
            }
            "^XA" => begun = true,
            _ if !begun => unknown(&mut drawing, &command),
            "^XZ" => break,
            _ => step(&mut drawing, &mut pen, &command),
        }
        if drawing.items.len() >= MOST_ITEMS || drawing.fields.len() >= MOST_ITEMS {
            drawing.not_shown.insert(command.name);
            break;
        }
    }
    drawing
}

fn unknown(drawing: &mut Drawing, command: &Command<'_>) {
    if drawing.not_shown.len() < MOST_UNKNOWN {
        drawing.not_shown.insert(command.name.clone());
    }
}

fn step(drawing: &mut Drawing, pen: &mut Pen, command: &Command<'_>) {
    let number = |at: usize| command.number(at).map(|number| number.min(LARGEST));
    let or = |at: usize, usual: u32| number(at).unwrap_or(usual);
    match command.name.as_str() {
        "^PW" => drawing.width = number(0),
        "^LL" => drawing.height = number(0),
        "^LH" => pen.home = (or(0, 0), or(1, 0)),
        // UTF-8 is all that is read, and a comment changes nothing
        "^CI" | "^FX" => {}
        "^FO" | "^FT" => {
            pen.at = (or(0, 0), or(1, 0));
            pen.from_base = command.name == "^FT";
        }
        "^CF" => pen.usual = (or(1, pen.usual.0).max(1), or(2, 0)),
        // only upright text is drawn
        "^A0" if matches!(command.word(0), "" | "N") => {
            let height = or(1, pen.usual.0).max(1);
            pen.pending = Some(Pending::Text { height, width: or(2, 0) });
        }
        "^FB" => {
            let justify = command.word(3).chars().next().filter(|c| "LCRJ".contains(*c)).unwrap_or('L');
            pen.block = Some(Block { width: or(0, 0), lines: or(1, 1).clamp(1, 100), justify });
        }
        "^FH" => pen.hexadecimal = Some(command.word(0).chars().next().unwrap_or('_')),
        "^BY" => {
            pen.module = or(0, pen.module).clamp(1, 10);
            pen.bar_height = or(2, pen.bar_height).max(1);
        }
        "^BQ" if matches!(command.word(0), "" | "N") => {
            pen.pending = Some(Pending::Qr { module: or(2, 2).clamp(1, 100) });
        }
        "^BX" if matches!(command.word(0), "" | "N") && command.word(2) == "200" => {
            pen.pending = Some(Pending::DataMatrix { module: or(1, 4).max(1) });
        }
        "^BC" if matches!(command.word(0), "" | "N") => {
            let text = command.word(2) != "N";
            pen.pending = Some(Pending::Code128 { height: or(1, pen.bar_height).max(1), text });
        }
        "^GB" => {
            let line = or(2, 1).max(1);
            let (width, height) = (or(0, line).max(line), or(1, line).max(line));
            put(drawing, pen, Shape::Box { width, height, line, white: command.word(3) == "W" });
        }
        "^FD" => pen.data = Some(command.data(pen.hexadecimal, LONGEST_FIELD)),
        "^FS" => field(drawing, pen),
        _ => {
            if command.name.starts_with("^A") || command.name.starts_with("^B") {
                pen.pending = Some(Pending::Unknown);
            }
            unknown(drawing, command);
        }
    }
}

fn put(drawing: &mut Drawing, pen: &Pen, shape: Shape) {
    let (x, y) = (pen.home.0 + pen.at.0, pen.home.1 + pen.at.1);
    drawing.items.push(Item { x, y, from_base: pen.from_base, shape });
}

fn field(drawing: &mut Drawing, pen: &mut Pen) {
    if let Some(data) = pen.data.take() {
        drawing.fields.push(data.clone());
        let usual = || Pending::Text { height: pen.usual.0, width: pen.usual.1 };
        let shape = match pen.pending.clone().unwrap_or_else(usual) {
            Pending::Text { height, width } => {
                Some(Shape::Text { text: data, height, width, block: pen.block })
            }
            // level, input mode, comma: `QA,` before the data; other modes than automatic are not read
            Pending::Qr { module } => match data.split_at_checked(3) {
                Some((head, rest)) if matches!(head.as_bytes(), [b'H' | b'Q' | b'M' | b'L', b'A', b',']) => {
                    let level = head.chars().next().unwrap_or('Q');
                    Some(Shape::Qr { data: rest.to_owned(), module, level })
                }
                _ => None,
            },
            Pending::DataMatrix { module } => Some(Shape::DataMatrix { data, module }),
            // `>0` is how the command writes `>`; its other invocations are not read
            Pending::Code128 { .. } if data.replace(">0", "").contains('>') => None,
            Pending::Code128 { height, text } => {
                Some(Shape::Code128 { data: data.replace(">0", ">"), module: pen.module, height, text })
            }
            Pending::Unknown => None,
        };
        match shape {
            Some(shape) => put(drawing, pen, shape),
            None if drawing.not_shown.len() < MOST_UNKNOWN => {
                drawing.not_shown.insert("^FD".to_owned());
            }
            None => {}
        }
    }
    pen.lift();
}

#[cfg(test)]
mod tests;
