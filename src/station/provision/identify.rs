//! The first step: who is the device, is it one of ours, and has it been here before.

use crate::device::driver::Driver;
use crate::device::error::harmless;
use crate::domain::code::Code;
use crate::domain::label::Label;
use crate::domain::mac_address::MacAddress;
use crate::domain::product::DeviceIdentity;
use crate::domain::serial_number::SerialNumber;
use crate::domain::verdict::Verdict;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::stop::Stop;
use crate::store::announced::contradiction;
use crate::store::devices::standing::{self, Claim, Standing};
use crate::store::runs::reserve::ReserveError;

/// A device that said who it is, and was believed.
pub struct Device {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Its MAC address, if it has one.
    pub mac: Option<MacAddress>,
    /// The identity it is to have.
    pub identity: DeviceIdentity,
    /// What the records know of it.
    pub standing: Standing,
}

/// Asks the device, checks every answer, and looks it up. Nothing is changed here or on the device.
pub fn identify(
    bench: &Bench<'_>,
    job: &Job<'_>,
    driver: &mut dyn Driver,
    shown: &mut Option<String>,
) -> Result<Device, Stop> {
    let recipe = &job.recipe.product;
    let said = driver.identify()?;
    if let Some(wanted) = &recipe.identify.expect_model {
        let found = said.model.as_deref().unwrap_or("no model").trim();
        if found != wanted {
            let found = harmless(found.as_bytes(), 64);
            return Err(Stop::new(
                Verdict::Skipped,
                Code::WrongProduct,
                format!("This is a “{found}”, the work order makes “{wanted}”."),
            ));
        }
    }
    let serial = recipe.identify.serial_rule.parse(&said.serial).map_err(|e| Stop::device(&e))?;
    *shown = Some(serial.to_string());
    let mac = match said.mac.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(text.parse::<MacAddress>().map_err(|e| Stop::device(&e))?),
    };
    let needs_mac = recipe.registration_id.names_mac()
        || recipe.device_id.as_ref().is_some_and(|template| template.names_mac());
    if needs_mac && mac.is_none() {
        return Err(Stop::new(Verdict::Fail, Code::MacInvalid, "The device names no MAC address."));
    }
    if let Some(label) = job.label
        && !label.agrees(&serial, mac.as_ref())
    {
        let says = Label { serial: Some(serial), mac: label.mac.and(mac) };
        return Err(Stop::new(
            Verdict::Skipped,
            Code::LabelDisagrees,
            format!("The label says {label}, the device says {says}."),
        ));
    }
    let identity = recipe
        .identity(&serial, mac.as_ref())
        .map_err(|e| Stop::new(Verdict::Fail, e.code(), e.to_string()))?;
    let claim = Claim { serial: &serial, mac: mac.as_ref(), identity: &identity };
    let standing = bench.store.read(|r| {
        // looked at before the device makes a key, and again when it is reserved
        if let Some(contradiction) = contradiction::of_claim(r, &claim, Some(job.work_order))? {
            return Err(ReserveError::from(contradiction));
        }
        standing::standing(r, &claim)
    })?;
    Ok(Device { serial, mac, identity, standing })
}
