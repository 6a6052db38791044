//! Writes devices as rows of one form. Each reading thread has a scribe of its own; what they share is the plan.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::cells;
use super::column::{Column, Kept};
use super::failed::{ExportFailed, NotWritten};
use super::format::Format;
use super::issuing::IssuingCas;
use super::manifest::ManifestKey;
use super::{azure, clouds, manifest};
use crate::domain::pair::Pair;
use crate::domain::product::{Enroll, Product, announced_tags};
use crate::store::export::Lane;
use crate::store::export::found::Found;

/// What is to be written, and how.
pub struct Plan<'a> {
    /// The form.
    pub format: Format,
    /// The chosen columns of a table.
    pub columns: &'a [Column],
    /// The columns that become tags.
    pub tags: &'a [Column],
    /// The columns of imported files among both.
    pub kept: Vec<Arc<str>>,
    /// Whether it is about devices that are announced rather than made.
    pub announced: bool,
    /// Whether outside text stays as it is, whatever a spreadsheet makes of it.
    pub raw: bool,
    /// Our issuing CAs.
    pub cas: IssuingCas,
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
    /// The names of the columns of batches that announced devices.
    batches: HashMap<u64, Vec<String>>,
    /// How many rows it has signed.
    signed: u64,
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
    /// SHA-256 of the DER of the secondary certificate.
    pub secondary_sha256: Option<&'a str>,
}

impl<'p> Scribe<'p> {
    /// One for this plan.
    pub fn new(plan: &'p Plan<'p>) -> Scribe<'p> {
        Scribe { plan, recipes: HashMap::new(), batches: HashMap::new(), signed: 0 }
    }

    /// Appends the row of a device.
    pub fn row(
        &mut self,
        lane: &Lane,
        found: &Found<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Written, ExportFailed> {
        let plan = self.plan;
        let kept = self.kept(lane, found)?;
        match plan.format {
            Format::Csv => {
                for (place, column) in plan.columns.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    column.cell(found, &kept)?.csv(out, plan.raw, &plan.cas);
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
                    column.cell(found, &kept)?.json(out, &plan.cas)?;
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
        if plan.announced {
            return azure::tpm_enrollment(found, out);
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
            secondary_sha256: found.secondary_sha256()?,
        };
        // read for every form but one, which needs only its digest
        let der = found.der()?.unwrap_or_default();
        match plan.format {
            Format::AzureHub => azure::hub_line(self.enroll(lane, found)?, &identity, out),
            Format::AzureDps => {
                let recipe = match self.enroll(lane, found)? {
                    Recipe::Of(enroll) => Recipe::Of(Cow::Owned(with_tags(lane, found, &enroll)?)),
                    other => other,
                };
                azure::enrollment(
                    recipe,
                    &identity,
                    Pair { primary: der, secondary: found.secondary_der()? },
                    out,
                )
            }
            Format::NrfCloud => clouds::nrf_row(plan, found, &kept, &identity, der, out),
            Format::EspMassMfg => clouds::esp_row(found, &identity, der, out),
            Format::RainMaker => clouds::rainmaker_row(plan, found, &kept, &identity, der, out),
            Format::Aws => clouds::aws_line(plan, found, &kept, &identity, der, out),
            Format::Manifest => {
                self.signed += 1;
                manifest::element(plan, found, &identity, der, self.signed, out)
            }
            Format::Csv | Format::JsonLines => Ok(Written::Row),
        }
    }

    /// What imported files said of a device in the columns that are asked for.
    fn kept(&mut self, lane: &Lane, found: &Found<'_>) -> Result<Kept, ExportFailed> {
        let wanted = &self.plan.kept;
        if wanted.is_empty() {
            return Ok(Kept::new());
        }
        let Some(batch) = found.batch()? else {
            let wanted: Vec<&str> = wanted.iter().map(|name| &**name).collect();
            return Ok(lane.kept_cells(found, &wanted)?);
        };
        let names = match self.batches.entry(batch) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(lane.columns_of(batch)?),
        };
        let cells: Vec<String> = serde_json::from_str(found.extra()?.unwrap_or("[]"))
            .map_err(|error| ExportFailed::Json(error.to_string()))?;
        let mut kept = Kept::new();
        for (name, cell) in names.iter().zip(cells) {
            let meant = wanted.iter().find(|wanted| wanted.to_lowercase() == name.to_lowercase());
            if let Some(meant) = meant {
                kept.insert(meant.to_string(), cell);
            }
        }
        Ok(kept)
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
        Ok(self
            .recipes
            .get(digest)
            .and_then(Option::as_ref)
            .map_or(Recipe::Unreadable, |enroll| Recipe::Of(Cow::Borrowed(enroll))))
    }
}

/// What a recipe says about enrolling, if there is one.
pub enum Recipe<'a> {
    /// The device was made without one.
    None,
    /// There is one that this program cannot read.
    Unreadable,
    /// This.
    Of(Cow<'a, Enroll>),
}

/// What a recipe says, with the cells that files announced for this device in its tags.
fn with_tags(lane: &Lane, found: &Found<'_>, enroll: &Enroll) -> Result<Enroll, ExportFailed> {
    let mut enroll = enroll.clone();
    let cells = lane.kept_cells(found, &announced_tags::columns(&enroll.tags))?;
    announced_tags::fill(&mut enroll.tags, &cells);
    Ok(enroll)
}
