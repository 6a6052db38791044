//! `lineside ca show`: what people look for in `openssl x509 -text`, days left, and what is to be done soon.

use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::station::past_key::{self, Whereabouts};
use crate::station::{ca_material, ca_warnings, clock, issuers};

/// Shows root and issuing CA, those before it, the newest list, and warnings.
pub fn run(session: &Session, common: &Common) -> Result<(), Failure> {
    let now = clock::now();
    let mut text = String::new();
    let mut value = serde_json::Map::new();
    for name in ca_material::names(&session.folder)? {
        let ca = ca_material::ca(&session.folder, &name, now)?;
        let days = ca.days_left;
        text.push_str(&format!("{name} CA, {days} days left\n{}", ca.facts));
        text.push_str(&format!("{:<20}{}\n{:<20}{}\n\n", "SHA-1", ca.sha1, "signature", ca.signature));
        let mut shown = json!({
            "facts": ca.facts, "days_left": days, "sha1": ca.sha1, "signature": ca.signature,
        });
        if let Some(number) = ca_material::past_number(&name) {
            let place = session.store.read(|reader| past_key::whereabouts(reader, number))?;
            let words = match place {
                Whereabouts::Kept if ca.until < now => {
                    format!("kept, and of no use any more: `lineside ca forget {name}` erases it")
                }
                Whereabouts::Kept => format!("kept, to sign its lists until {}", ca.until),
                Whereabouts::Nowhere => "erased: it gets no list any more".to_owned(),
                Whereabouts::Elsewhere => "unknown to the vault".to_owned(),
            };
            text.truncate(text.len() - 1);
            text.push_str(&format!("{:<20}{words}\n\n", "private key"));
            shown["private_key"] = json!(place.as_str());
        }
        value.insert(name, shown);
    }
    if let Some(list) = session.store.read(ca_material::list)? {
        text.push_str(&format!(
            "revocation list {}, {} entries, made {}, next due {}\n",
            list.number, list.entries, list.this_update, list.next_update
        ));
        let (made, next) = (list.this_update, list.next_update);
        let shown = json!({
            "number": list.number, "entries": list.entries, "this_update": made, "next_update": next,
        });
        value.insert("list".to_owned(), shown);
    }
    // where it lies is told by the settings: neither vault nor token is opened for that
    let (words, place) = match &session.settings.issuing_key {
        Some(place) => {
            let (token, object, module) = (place.token(), place.object(), place.module());
            // the settings name the first object; which one a renewal made, the vault says and the sheet of its ceremony
            let first = issuers::past_numbers(&session.folder)?.is_empty();
            let object = first.then_some(object);
            let named = match object {
                Some(object) => format!("object “{object}”"),
                None => "object as the newest ca/ceremony-NNNN.txt names it".to_owned(),
            };
            let words = format!("in the token “{token}”, {named}, module {}", module.display());
            (words, json!({ "token": token, "object": object, "module": module }))
        }
        None => ("in the vault".to_owned(), json!("vault")),
    };
    text.push_str(&format!("issuing key {words}\n"));
    value.insert("issuing_key".to_owned(), place);
    let warnings: Vec<String> =
        ca_warnings::all(&session.folder, &session.store, now)?.iter().map(ToString::to_string).collect();
    for warning in &warnings {
        text.push_str(&format!("Warning: {warning}\n"));
    }
    value.insert("warnings".to_owned(), json!(warnings));
    output::report(common.json, &Value::Object(value), || text)
}
