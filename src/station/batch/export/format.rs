//! The forms in which devices leave: our own tables and those of others, and how each is cut into files.

use std::fmt;
use std::str::FromStr;

use super::cells;
use super::column::{self, Column};
use super::failed::ExportFailed;
use crate::store::export::Parts;

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A table with the chosen columns.
    Csv,
    /// A JSON object a line with the chosen columns.
    JsonLines,
    /// Bodies of DPS' bulk operation, ten enrollments each, in a folder.
    AzureDps,
    /// Lines of an import of IoT Hub.
    AzureHub,
    /// The onboarding table of nRF Cloud.
    NrfCloud,
    /// Values and configuration of ESP-IDF's manufacturing utility.
    EspMassMfg,
    /// The table of nodes of ESP RainMaker.
    RainMaker,
    /// Lines of a bulk registration of AWS IoT.
    Aws,
    /// Signed statements about each device.
    Manifest,
}

/// What stands around and between the rows of a file.
pub struct Frame {
    /// Before the first row.
    pub head: Vec<u8>,
    /// Between two rows.
    pub between: &'static [u8],
    /// After the last row.
    pub foot: &'static [u8],
    /// How many rows a file may have.
    pub most: Option<u64>,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 9] = [
        Format::Csv,
        Format::JsonLines,
        Format::AzureDps,
        Format::AzureHub,
        Format::NrfCloud,
        Format::EspMassMfg,
        Format::RainMaker,
        Format::Aws,
        Format::Manifest,
    ];

    /// Its word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
            Format::AzureDps => "azure-dps",
            Format::AzureHub => "azure-hub",
            Format::NrfCloud => "nrf-cloud",
            Format::EspMassMfg => "esp-mass-mfg",
            Format::RainMaker => "rainmaker",
            Format::Aws => "aws",
            Format::Manifest => "manifest",
        }
    }

    /// All words in one sentence's list.
    pub fn words() -> String {
        Format::ALL.map(Format::as_str).join(", ")
    }

    /// Whether the chosen columns are what it is made of.
    pub fn has_columns(self) -> bool {
        matches!(self, Format::Csv | Format::JsonLines)
    }

    /// Whether chosen columns may be tags in it.
    pub fn has_tags(self) -> bool {
        matches!(self, Format::NrfCloud | Format::RainMaker | Format::Aws)
    }

    /// Whether it holds identities that stand, each with its certificate, rather than whatever is on record.
    pub fn is_of_identities(self) -> bool {
        !self.has_columns()
    }

    /// Whether one stream of bytes can be the whole of it.
    pub fn may_stream(self) -> bool {
        matches!(self, Format::Csv | Format::JsonLines | Format::AzureHub | Format::Aws)
    }

    /// Whether its files lie in a folder of their own.
    pub fn is_folder(self) -> bool {
        self == Format::AzureDps
    }

    /// What of the records it needs.
    pub fn parts(self, columns: &[Column]) -> Parts {
        match self {
            Format::Csv | Format::JsonLines => column::parts(columns),
            Format::AzureHub => Parts { run: true, certificate: true, der: false, secondary: true },
            Format::AzureDps => Parts { run: true, certificate: true, der: true, secondary: true },
            Format::NrfCloud | Format::EspMassMfg | Format::RainMaker | Format::Aws | Format::Manifest => {
                Parts { run: true, certificate: true, der: true, secondary: false }
            }
        }
    }

    /// What stands around its rows.
    pub fn frame(self, columns: &[Column], tags: &[Column], raw: bool) -> Frame {
        let lines =
            |head: &[&[u8]], most: Option<u64>| Frame { head: head.concat(), between: b"", foot: b"", most };
        let names = |columns: &[Column]| {
            let mut names = Vec::new();
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    names.push(b',');
                }
                // names of an imported file's columns come from outside
                cells::outside(&mut names, column.as_str(), raw);
            }
            names
        };
        match self {
            Format::Csv => lines(&[&names(columns), b"\n"], None),
            Format::JsonLines | Format::AzureHub | Format::Aws => lines(&[], None),
            // limits of the services: enrollments of a call, rows of an onboarding, nodes of a registration
            Format::AzureDps => Frame {
                head: b"{\"mode\":\"create\",\"enrollments\":[\n".to_vec(),
                between: b",\n",
                foot: b"\n]}\n",
                most: Some(10),
            },
            Format::NrfCloud => lines(&[], Some(1000)),
            Format::EspMassMfg => lines(&[b"id,serial,mac,reg_id,device_id,client_cert\n"], None),
            Format::RainMaker if tags.is_empty() => lines(&[b"node_id,certs\n"], Some(50_000)),
            Format::RainMaker => lines(&[b"node_id,certs,", &names(tags), b"\n"], Some(50_000)),
            Format::Manifest => Frame { head: b"[\n".to_vec(), between: b",\n", foot: b"\n]\n", most: None },
        }
    }
}

impl FromStr for Format {
    type Err = ExportFailed;
    fn from_str(text: &str) -> Result<Format, ExportFailed> {
        let found = Format::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| ExportFailed::FormatUnknown { found: text.to_owned() })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
