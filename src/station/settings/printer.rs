//! The printers of `station.toml`: where labels go, and what paper is in there.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::BadSettings;
use crate::domain::name::Name;
use crate::domain::product::label::Sheet;

/// The most printers a station has.
const MOST: usize = 16;

/// A printer of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Printer {
    /// Its name, as recipes give it.
    pub name: Name,
    /// Where labels are sent.
    pub way: Way,
    /// Its paper and resolution.
    pub sheet: Sheet,
}

/// How a label gets to its printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Over TCP, as printers listen on port 9100.
    Network(SocketAddr),
    /// Appended to this file.
    File(PathBuf),
    /// As a file of its own in this folder.
    Folder(PathBuf),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Network(address) => write!(f, "{address}"),
            Way::File(path) => write!(f, "{}", path.display()),
            Way::Folder(path) => write!(f, "{}/", path.display().to_string().trim_end_matches('/')),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrinterPart {
    name: String,
    address: Option<String>,
    file: Option<String>,
    #[serde(default = "usual_dpi")]
    dpi: u16,
    width_mm: Option<f64>,
    height_mm: Option<f64>,
}

fn usual_dpi() -> u16 {
    Sheet::default().dpi
}

pub(super) fn check(parts: Vec<PrinterPart>, folder: &Path) -> Result<Vec<Printer>, BadSettings> {
    if parts.len() > MOST {
        return Err(BadSettings(format!("[[printer]]: at most {MOST} printers")));
    }
    let mut printers: Vec<Printer> = Vec::new();
    for part in parts {
        let printer = printer(part, folder)?;
        let again = |earlier: &Printer| earlier.name == printer.name || earlier.way == printer.way;
        if printers.iter().any(again) {
            let name = printer.name;
            return Err(BadSettings(format!("[[printer]] {name}: name, address or file stands twice")));
        }
        printers.push(printer);
    }
    Ok(printers)
}

fn printer(part: PrinterPart, folder: &Path) -> Result<Printer, BadSettings> {
    let name = part.name.parse::<Name>().map_err(|e| BadSettings(format!("[[printer]] name: {e}")))?;
    let bad = |why: &str| BadSettings(format!("[[printer]] {name} {why}"));
    let way = match (&part.address, &part.file) {
        (Some(address), None) => Way::Network(
            address.parse().map_err(|_| bad("address: an IP address and a port, such as 192.0.2.7:9100"))?,
        ),
        (None, Some(file)) if file.is_empty() => return Err(bad("file: the name is missing")),
        (None, Some(file)) => {
            let path = folder.join(file);
            if file.ends_with('/') || path.is_dir() { Way::Folder(path) } else { Way::File(path) }
        }
        (Some(_), Some(_)) | (None, None) => return Err(bad("needs either an address or a file")),
    };
    if ![203, 300, 600].contains(&part.dpi) {
        return Err(bad("dpi: 203, 300 or 600"));
    }
    let usual = Sheet::default();
    let width_mm = part.width_mm.unwrap_or(usual.width_mm);
    let height_mm = part.height_mm.unwrap_or(usual.height_mm);
    if !(10.0..=300.0).contains(&width_mm) || !(5.0..=500.0).contains(&height_mm) {
        return Err(bad("width_mm: 10 to 300, height_mm: 5 to 500"));
    }
    Ok(Printer { name, way, sheet: Sheet { dpi: part.dpi, width_mm, height_mm } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::settings::Settings;

    fn printers(text: &str) -> Result<Vec<Printer>, BadSettings> {
        Ok(Settings::parse(&format!("name = \"l\"\n{text}"), Path::new("/station"))?.printers)
    }

    #[test]
    fn a_printer_has_its_way_and_its_paper() {
        let text = "[[printer]]\nname = \"a\"\naddress = \"192.0.2.7:9100\"\ndpi = 300\nwidth_mm = 70\n\
                    [[printer]]\nname = \"b\"\nfile = \"labels/out.zpl\"\n[[printer]]\nname = \"c\"\nfile = \"l/\"";
        let found = printers(text).unwrap();
        assert_eq!(found[0].way, Way::Network("192.0.2.7:9100".parse().unwrap()));
        assert_eq!(found[0].sheet, Sheet { dpi: 300, width_mm: 70.0, height_mm: 25.0 });
        assert_eq!(found[1].way, Way::File("/station/labels/out.zpl".into()));
        assert_eq!(found[2].way, Way::Folder("/station/l/".into()));
        assert_eq!(found[2].way.to_string(), "/station/l/");
    }

    #[test]
    fn faults_are_named() {
        for (text, fault) in [
            ("name = \"a\"", "either an address or a file"),
            ("name = \"a\"\naddress = \"printer:9100\"", "an IP address"),
            ("name = \"a\"\nfile = \"x\"\naddress = \"192.0.2.7:9100\"", "either an address or a file"),
            ("name = \"a\"\nfile = \"x\"\ndpi = 204", "203, 300 or 600"),
            ("name = \"a\"\nfile = \"x\"\nwidth_mm = 3", "10 to 300"),
            ("name = \"a\"\nfile = \"x\"\n[[printer]]\nname = \"b\"\nfile = \"x\"", "stands twice"),
        ] {
            let error = printers(&format!("[[printer]]\n{text}")).unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
    }
}
