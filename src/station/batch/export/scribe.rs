//! Writes devices as rows of one form. Each reading thread has a scribe of its own; what they share is the plan.

use std::collections::HashMap;

use super::cells;
use super::column::Column;
use super::failed::{ExportFailed, NotWritten};
use super::format::Format;
use super::manifest::ManifestKey;
use super::{azure, clouds, manifest};
use crate::domain::product::{Enroll, Product};
use crate::store::export::{Found, Lane};

/// What is to be written, and how.
pub struct Plan<'a> {
    /// The form.
    pub format: Format,
    /// The chosen columns of a table.
    pub columns: &'a [Column],
    /// The columns that become tags.
    pub tags: &'a [Column],
    /// Whether outside text stays as it is, whatever a spreadsheet makes of it.
    pub raw: bool,
    /// The certificate of our issuing CA, PEM.
    pub issuing_pem: &'a str,
    /// The same with its line feeds escaped for JSON.
    pub issuing_escaped: String,
    /// The same as one line of base64 DER.
    pub issuing_base64: String,
    /// Who provisioned the devices.
    pub company: Option<String>,
    /// What signs a manifest; there for manifests only.
    pub key: Option<ManifestKey>,
}

/// What became of a device.
pub enum Written {
    /// It has its row.
    Row,
    /// It is not in the file, and somebody should know why.
    Not(NotWritten),
    /// It has no identity that stands, so a file of identities passes it over.
    PassedOver,
}

/// A writer of rows.
pub struct Scribe<'p> {
    plan: &'p Plan<'p>,
    /// What the recipes say about enrolling, by the digest of their text; none for one that cannot be read.
    recipes: HashMap<String, Option<Enroll>>,
    /// How many rows it has signed.
    pub(super) signed: u64,
}

/// A device whose identity stands: what the forms of others are made of.
pub struct Identity<'a> {
    /// Its number in the records.
    pub id: u64,
    /// Its serial number.
    pub serial: &'a str,
    /// Its registration ID.
    pub registration_id: &'a str,
    /// Its device ID.
    pub device_id: &'a str,
    /// SHA-256 of the DER.
    pub sha256: &'a str,
}

impl<'p> Scribe<'p> {
    /// One for this plan.
    pub fn new(plan: &'p Plan<'p>) -> Scribe<'p> {
        Scribe { plan, recipes: HashMap::new(), signed: 0 }
    }

    /// Appends the row of a device.
    pub fn row(
        &mut self,
        lane: &Lane,
        found: &Found<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Written, ExportFailed> {
        let plan = self.plan;
        match plan.format {
            Format::Csv => {
                for (place, column) in plan.columns.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    column.cell(found)?.csv(out, plan.raw, plan.issuing_pem);
                }
                out.push(b'\n');
                return Ok(Written::Row);
            }
            Format::JsonLines => {
                out.push(b'{');
                for (place, column) in plan.columns.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    cells::json(out, column.as_str())?;
                    out.push(b':');
                    column.cell(found)?.json(out, &plan.issuing_escaped)?;
                }
                out.extend_from_slice(b"}\n");
                return Ok(Written::Row);
            }
            Format::AzureDps
            | Format::AzureHub
            | Format::NrfCloud
            | Format::EspMassMfg
            | Format::RainMaker
            | Format::Aws
            | Format::Manifest => {}
        }
        if found.state()? != "provisioned" {
            return Ok(Written::PassedOver);
        }
        let serial = found.serial()?;
        let Some(sha256) = found.sha256()? else {
            return Ok(Written::Not(NotWritten::NoCertificate { serial: serial.to_owned() }));
        };
        let identity = Identity {
            id: found.id()?.unwrap_or(0),
            serial,
            registration_id: found.registration_id()?,
            device_id: found.device_id()?,
            sha256,
        };
        // read for every form but one, which needs only its digest
        let der = found.der()?.unwrap_or_default();
        match plan.format {
            Format::AzureHub => azure::hub_line(self.enroll(lane, found)?, &identity, out),
            Format::AzureDps => azure::enrollment(self.enroll(lane, found)?, &identity, der, out),
            Format::NrfCloud => clouds::nrf_row(plan, found, &identity, der, out),
            Format::EspMassMfg => clouds::esp_row(plan, found, &identity, der, out),
            Format::RainMaker => clouds::rainmaker_row(plan, found, &identity, der, out),
            Format::Aws => clouds::aws_line(plan, found, &identity, der, out),
            Format::Manifest => {
                self.signed += 1;
                manifest::element(plan, found, &identity, der, self.signed, out)
            }
            Format::Csv | Format::JsonLines => Ok(Written::Row),
        }
    }

    /// What the recipe of its newest run says about enrolling.
    fn enroll(&mut self, lane: &Lane, found: &Found<'_>) -> Result<Recipe<'_>, ExportFailed> {
        let Some(digest) = found.product_digest()? else { return Ok(Recipe::None) };
        if !self.recipes.contains_key(digest) {
            let parsed = digest.parse().ok();
            let text = parsed.map(|digest| lane.recipe(&digest)).transpose()?.flatten();
            let enroll = text.and_then(|text| Product::parse(&text).ok()).map(|product| product.enroll);
            self.recipes.insert(digest.to_owned(), enroll);
        }
        Ok(self.recipes.get(digest).and_then(Option::as_ref).map_or(Recipe::Unreadable, Recipe::Of))
    }
}

/// What a recipe says about enrolling, if there is one.
pub enum Recipe<'a> {
    /// The device was made without one.
    None,
    /// There is one that this program cannot read.
    Unreadable,
    /// This.
    Of(&'a Enroll),
}
