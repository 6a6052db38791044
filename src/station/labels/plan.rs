//! What is to be printed for a product: the template as it was read, the printer, and whether the two go
//! together. Read before a device is touched, so that a faulty template costs no certificate.

use crate::device::render::RenderError;
use crate::device::render::label::{self, LabelValues};
use crate::device::render::template_set::TemplateSet;
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::product::label::{LabelPlan, Sheet};
use crate::domain::product::{Credential, DeviceIdentity, Product};
use crate::domain::registration_id::RegistrationId;
use crate::domain::utc_time::UtcTime;
use crate::station::labels::LabelError;
use crate::station::labels::zpl;
use crate::station::settings::Settings;
use crate::station::settings::printer::Printer;

/// Begins the stand-in serial number: has the one character that shows whether a field reads escapes.
const SAMPLE: &str = "SAMPLE_";
/// What becomes of it in a field that does not.
const SAMPLE_UNREAD: &str = "SAMPLE_5F";

/// How the labels of a product are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the recipe says.
    pub label: LabelPlan,
    /// The printer it names.
    pub printer: Printer,
    source: String,
}

/// The printer that a recipe names.
pub fn printer<'s>(settings: &'s Settings, label: &LabelPlan) -> Result<&'s Printer, LabelError> {
    let found = settings.printers.iter().find(|printer| printer.name == label.printer);
    found.ok_or_else(|| LabelError::PrinterUnknown(label.printer.clone()))
}

impl Plan {
    /// The plan of a product's labels; none if nothing is printed for it.
    pub fn of(
        settings: &Settings,
        templates: &TemplateSet,
        product: &Product,
    ) -> Result<Option<Plan>, LabelError> {
        let Some(label) = &product.label else { return Ok(None) };
        let printer = printer(settings, label)?.clone();
        let source = label::source(&label.template, templates)?;
        Ok(Some(Plan { label: label.clone(), printer, source }))
    }

    /// The label in ZPL.
    pub fn fill(&self, values: &LabelValues) -> Result<String, RenderError> {
        fill(&self.label.template, &self.source, values, &self.printer.sheet)
    }
}

fn fill(template: &str, source: &str, values: &LabelValues, sheet: &Sheet) -> Result<String, RenderError> {
    let text = label::fill(template, source, values, sheet)?;
    let whole = text.trim();
    if whole.starts_with("^XA") && whole.ends_with("^XZ") {
        return Ok(text);
    }
    let why = "a label begins with ^XA and ends with ^XZ".to_owned();
    Err(RenderError::Failed { template: template.to_owned(), line: 0, why })
}

/// Whether the template of a recipe makes a label at all: fills it with stand-ins.
pub fn check(templates: &TemplateSet, product: &Product) -> Result<(), RenderError> {
    let Some(plan) = &product.label else { return Ok(()) };
    let Some(values) = stand_ins(product) else { return Ok(()) };
    let source = label::source(&plan.template, templates)?;
    let text = fill(&plan.template, &source, &values, &Sheet::default())?;
    if zpl::read(&text).fields.iter().any(|field| field.contains(SAMPLE_UNREAD)) {
        let why = "write ^FH_ before each ^FD that holds a value".to_owned();
        return Err(RenderError::Failed { template: plan.template.clone(), line: 0, why });
    }
    Ok(())
}

/// A device that might be of this product; none if the recipe cannot make an identity of it, which the check of
/// the recipe says by itself.
pub fn stand_ins(product: &Product) -> Option<LabelValues> {
    let serial = product.identify.serial_rule.parse(&format!("{SAMPLE}0042")).ok()?;
    let mac = "02:4c:53:00:00:2a".parse().ok()?;
    let identity = match product.identity(&serial, Some(&mac)) {
        Ok(identity) => identity,
        Err(_) => {
            let registration_id: RegistrationId = "sample-0042".parse().ok()?;
            DeviceIdentity { device_id: (&registration_id).into(), registration_id }
        }
    };
    let named = product.registration_id.names_mac() || product.identify.mac.is_some();
    let certificate = match &product.credential {
        Credential::X509 { .. } => {
            Some((CertSerial::new(UtcTime::from_seconds(1_795_000_000), [0x42; 10]), Digest::of(b"sample")))
        }
        Credential::GroupKey { .. } => None,
    };
    Some(LabelValues {
        serial,
        mac: named.then_some(mac),
        identity,
        product: product.name.clone(),
        work_order: "lot-1".parse::<Name>().ok(),
        run: 42,
        station: "line-1".parse().ok()?,
        date: "2026-11-22".to_owned(),
        time: "17:03:09".to_owned(),
        certificate,
        copy: 1,
        reason: None,
    })
}

/// How a product's label will look, with stand-ins, on the paper of its printer (or the usual paper, if the
/// station has no such printer): the serial number, the ZPL and that paper.
pub fn sample(
    settings: &Settings,
    templates: &TemplateSet,
    product: &Product,
) -> Result<(String, String, Sheet), LabelError> {
    let plan = product.label.as_ref().ok_or(LabelError::NoLabel)?;
    let values = stand_ins(product).ok_or(LabelError::NoLabel)?;
    let sheet = printer(settings, plan).map_or_else(|_| Sheet::default(), |printer| printer.sheet);
    let source = label::source(&plan.template, templates)?;
    let text = fill(&plan.template, &source, &values, &sheet)?;
    Ok((values.serial.to_string(), text, sheet))
}
