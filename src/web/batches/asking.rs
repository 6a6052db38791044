//! The forms that begin a batch, as what they ask for.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::code::{Code, Coded};
use crate::domain::name::{BadName, Name};
use crate::station::batch::desk::ask::Ask;
use crate::station::batch::export::ExportAsk;
use crate::station::batch::export::column;
use crate::station::batch::export::failed::ExportFailed;
use crate::station::batch::export::format::Format;
use crate::station::batch::issue::ask::Under;
use crate::station::batch::issue::recipients::{BadRecipients, Recipients};
use crate::station::zone::Zone;
use crate::store::export::Selection;

/// Why a form asks for nothing that can be done.
#[derive(Debug, thiserror::Error)]
pub enum BadAsk {
    /// A name.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The form or the columns of an export.
    #[error(transparent)]
    Export(#[from] ExportFailed),
    /// The recipients of the keys.
    #[error(transparent)]
    Recipients(#[from] BadRecipients),
    /// There is no such kind of batch, or a field of the form is missing.
    #[error("the form does not say what is to be done")]
    Unknown,
}

impl Coded for BadAsk {
    fn code(&self) -> Code {
        match self {
            BadAsk::Name(error) => error.code(),
            BadAsk::Export(error) => error.code(),
            BadAsk::Recipients(error) => error.code(),
            BadAsk::Unknown => Code::Usage,
        }
    }
}

/// The fields that come before a file.
pub type Fields = BTreeMap<String, String>;

/// The form of an export; what is left empty asks for everything.
#[derive(Debug, Deserialize)]
pub struct ExportForm {
    format: String,
    #[serde(default)]
    work_order: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    columns: String,
    #[serde(default)]
    announced: String,
    #[serde(default)]
    raw: String,
}

/// The words of the forms that an export can have.
pub fn formats() -> Vec<&'static str> {
    Format::ALL.map(Format::as_str).to_vec()
}

/// What an upload asks for.
pub fn of_upload(fields: &Fields) -> Result<Ask, BadAsk> {
    let field = |name: &str| fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let named = |name: &str| field(name).map(str::parse::<Name>).transpose();
    let product = named("product")?;
    match field("kind") {
        Some("derive") => {
            let group = named("group")?.ok_or(BadAsk::Unknown)?;
            Ok(Ask::Derive { group, secondary: field("secondary").is_some(), product })
        }
        Some("import") => Ok(Ask::Import { product }),
        Some("issue") => {
            let texts = field("recipients").unwrap_or_default().lines().map(str::trim);
            let texts: Vec<String> = texts.filter(|text| !text.is_empty()).map(str::to_owned).collect();
            let recipients = (!texts.is_empty()).then(|| Recipients::parse(&texts)).transpose()?;
            let under = Under::Product(product.ok_or(BadAsk::Unknown)?);
            Ok(Ask::Issue { under, work_order: named("work_order")?, recipients })
        }
        _ => Err(BadAsk::Unknown),
    }
}

/// What the form of an export asks for; its times are those on the station's wall.
pub fn of_export(form: &ExportForm, zone: &Zone) -> Result<Ask, BadAsk> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let moment = |text: &str| given(text).map(|text| zone.moment(&text).ok_or(BadAsk::Unknown)).transpose();
    let columns: Vec<String> = form.columns.split(',').filter_map(given).collect();
    let verdict = given(&form.verdict).map(|word| word.parse().map_err(|_| BadAsk::Unknown)).transpose()?;
    let selection = Selection {
        announced: !form.announced.is_empty(),
        work_order: given(&form.work_order).map(|name| name.parse::<Name>()).transpose()?,
        verdict,
        state: None,
        from: moment(&form.from)?,
        until: moment(&form.until)?,
    };
    let ask = ExportAsk {
        format: form.format.parse()?,
        columns: column::parse(&columns)?,
        tags: Vec::new(),
        selection,
        raw: !form.raw.is_empty(),
    };
    Ok(Ask::Export(Box::new(ask)))
}
