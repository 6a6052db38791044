//! `lineside ports`.

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::device::port;
use crate::station::folder::Folder;
use crate::station::settings::Settings;

/// Lists what is plugged in: the system's ports, and the links of the settings' folder if there is a station.
pub fn run(common: &Common) -> Result<(), Failure> {
    let folder = Folder::at(common.station_folder());
    let links = match folder.must_exist() {
        Ok(()) => Settings::parse(&folder.read(&folder.settings())?, folder.path())?.ports,
        Err(_) => None,
    };
    let ports = port::list(links.as_deref());
    output::report(common.json, &ports, || {
        let rows: Vec<Vec<String>> = ports
            .iter()
            .map(|port| {
                let usb = port.usb.as_ref();
                let id = usb.map(|usb| format!("{:04x}:{:04x}", usb.vendor, usb.product));
                let what = usb.and_then(|usb| usb.description.clone());
                vec![port.path.display().to_string(), id.unwrap_or_default(), what.unwrap_or_default()]
            })
            .collect();
        if rows.is_empty() {
            "Nothing is plugged in.".to_owned()
        } else {
            output::table(&["port", "usb", "what"], &rows)
        }
    })
}
