//! A station with a recipe for a lot, and the lot's table.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use age::x25519;

use crate::factory::Station;
use crate::factory::process::{self, Ended};

/// A recipe whose keys the station makes; its only template holds no secret.
const RECIPE: &str = r#"
name = "lot-7"
[identify]
driver = "lineside"
[identity]
registration_id = "ln-{serial}"
[credential]
kind = "x509"
key = "station"
[[inject]]
path = "keys/own.pem"
template = "private-key"
[[inject]]
path = "dps.json"
template = "dps.json"
[prove]
method = "read-back"
[enroll]
service = "none"
"#;

/// The same with a secondary certificate beside the primary one.
pub fn two_certificates() -> String {
    let second = "[[inject]]\npath = \"secondary-chain.pem\"\ntemplate = \"secondary-chain\"\n\
                  [[inject]]\npath = \"keys/second.pem\"\ntemplate = \"secondary-private-key\"\n[prove]";
    let recipe = RECIPE.replace("key = \"station\"", "key = \"station\"\ncopies = 2");
    recipe.replace("[prove]", second)
}

/// A lot that is to be issued.
pub struct Lot {
    /// The station that issues it.
    pub station: Station,
    /// Its table.
    pub input: PathBuf,
    /// Where the rows go.
    pub output: PathBuf,
    /// Whoever is to open the keys.
    pub reader: x25519::Identity,
    /// The serial numbers in order.
    pub serials: Vec<String>,
}

impl Lot {
    /// A lot of so many devices; `more` gives each row its further cells, the header's first (with their delimiter).
    pub fn of(size: usize, more: impl Fn(Option<&str>) -> String) -> Lot {
        Lot::at(Station::found(), size, more)
    }

    /// A lot whose devices get two certificates each.
    pub fn of_two(size: usize) -> Lot {
        let lot = Lot::of(size, |_| String::new());
        lot.set_recipe(&two_certificates());
        lot
    }

    /// Another recipe of the same name.
    pub fn set_recipe(&self, recipe: &str) {
        fs::write(self.station.folder().join("products/lot-7.toml"), recipe).unwrap();
    }

    /// The same at this station.
    pub fn at(station: Station, size: usize, more: impl Fn(Option<&str>) -> String) -> Lot {
        fs::write(station.folder().join("products/lot-7.toml"), RECIPE).unwrap();
        let serials: Vec<String> = (0..size).map(|at| format!("L{at:06}")).collect();
        let mut table = format!("note,serial,mac{}\n", more(None));
        for (at, serial) in serials.iter().enumerate() {
            let mac = format!("a0b2c3{at:06x}");
            writeln!(table, "{},{serial},{mac}{}", note(at), more(Some(serial))).unwrap();
        }
        let (input, output) = (station.beside("in.csv"), station.beside("out.csv"));
        fs::write(&input, table).unwrap();
        Lot { station, input, output, reader: x25519::Identity::generate(), serials }
    }

    /// The option that seals the keys to the reader.
    pub fn sealed(&self) -> Vec<String> {
        vec!["--keys-to".to_owned(), self.reader.to_public().to_string()]
    }

    /// `batch issue` over the lot with these options.
    pub fn command(&self, options: &[String]) -> Command {
        let mut command = self.station.command(&["batch", "issue", "--product", "lot-7"]);
        command.arg(&self.input).arg(&self.output).args(options);
        command
    }

    /// Runs it to its end.
    pub fn issue(&self, options: &[String]) -> Ended {
        process::run(self.command(options))
    }

    /// The folder of sealed keys.
    pub fn keys(&self) -> PathBuf {
        self.output.with_file_name("out.csv.keys")
    }
}

/// The cell that means nothing to the station; as it stands in the table, and as it is meant.
fn note(at: usize) -> String {
    match at % 3 {
        0 => format!("\"a, {at}\"\"\""),
        1 => format!("={at}"),
        _ => format!("0{at}"),
    }
}

/// The note of this row as a reader of CSV finds it.
pub fn note_meant(at: usize) -> String {
    match at % 3 {
        0 => format!("a, {at}\""),
        1 => format!("={at}"),
        _ => format!("0{at}"),
    }
}
