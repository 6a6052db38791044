//! The text of a label in ZPL, from the recipe's template and what may stand on paper: no secret is among the
//! values, so none can be printed.

use std::collections::BTreeMap;

use minijinja::Value;

use super::template_set::{TemplateSet, Unreadable};
use super::{RenderError, environment, failed};
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::product::DeviceIdentity;
use crate::domain::product::label::Sheet;
use crate::domain::serial_number::SerialNumber;

/// The longest label in bytes of ZPL.
pub const LONGEST: usize = 64 * 1024;

/// What may stand on a label.
#[derive(Debug, Clone)]
pub struct LabelValues {
    /// The serial number.
    pub serial: SerialNumber,
    /// The MAC address.
    pub mac: Option<MacAddress>,
    /// Registration ID and device ID.
    pub identity: DeviceIdentity,
    /// The product's name.
    pub product: Name,
    /// The work order.
    pub work_order: Option<Name>,
    /// The run.
    pub run: u64,
    /// The station's name.
    pub station: Name,
    /// When the device passed, in the station's zone: the date.
    pub date: String,
    /// The time of day.
    pub time: String,
    /// The certificate's serial number and the SHA-256 of its DER.
    pub certificate: Option<(CertSerial, Digest)>,
    /// Which of the run's labels this is, counted from 1.
    pub copy: u32,
    /// Why it is printed again; none for the labels of the PASS.
    pub reason: Option<String>,
}

/// The text of a template of this name.
pub fn source(template: &str, templates: &TemplateSet) -> Result<String, RenderError> {
    templates.source(template).map_err(|fault| match fault {
        Unreadable::Unknown => RenderError::Unknown { template: template.to_owned() },
        Unreadable::Why(why) => RenderError::Unreadable { template: template.to_owned(), why },
    })
}

/// Fills a label's template, whose name decides how values are escaped (`.zpl`).
pub fn fill(
    template: &str,
    source: &str,
    values: &LabelValues,
    sheet: &Sheet,
) -> Result<String, RenderError> {
    let dpi = f64::from(sheet.dpi);
    let text = environment().and_then(|mut environment| {
        // at most 10 m of paper at 600 dots per inch: the number fits
        environment.add_function("mm", move |mm: f64| (mm.clamp(0.0, 10_000.0) * dpi / 25.4).round() as i64);
        environment.add_filter("code128", |text: String| text.replace('>', ">0"));
        environment.render_named_str(template, source, context(values, sheet))
    });
    let text = text.map_err(|error| failed(template, &error, true))?;
    if text.len() > LONGEST {
        return Err(RenderError::TooLarge { path: template.to_owned(), size: text.len() });
    }
    Ok(text)
}

fn context(values: &LabelValues, sheet: &Sheet) -> BTreeMap<&'static str, Value> {
    let LabelValues {
        serial,
        mac,
        identity,
        product,
        work_order,
        run,
        station,
        date,
        time,
        certificate,
        copy,
        reason,
    } = values;
    let (cert_serial, sha256) = match certificate {
        Some((serial, sha256)) => (Some(serial.to_string()), Some(sha256.to_string())),
        None => (None, None),
    };
    let known = [
        ("serial", Some(Value::from(serial.as_str()))),
        ("mac", mac.as_ref().map(|mac| Value::from(mac.to_string()))),
        ("registration_id", Some(Value::from(identity.registration_id.as_str()))),
        ("device_id", Some(Value::from(identity.device_id.as_str()))),
        ("product", Some(Value::from(product.as_str()))),
        ("work_order", work_order.as_ref().map(|name| Value::from(name.as_str()))),
        ("run", Some(Value::from(*run))),
        ("station", Some(Value::from(station.as_str()))),
        ("date", Some(Value::from(date.as_str()))),
        ("time", Some(Value::from(time.as_str()))),
        ("cert_serial", cert_serial.map(Value::from)),
        ("sha256", sha256.map(Value::from)),
        ("copy", Some(Value::from(*copy))),
        ("reprint", Some(Value::from(reason.is_some()))),
        ("reason", reason.as_deref().map(Value::from)),
        ("dpi", Some(Value::from(sheet.dpi))),
        ("width_mm", Some(Value::from(sheet.width_mm))),
        ("height_mm", Some(Value::from(sheet.height_mm))),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests;
