//! Tags of a twin that come from the file a device was announced in: a recipe writes `line = "@production_line"`, and
//! the tag gets the device's cell of that column. `@@` at the beginning stands for one @ that means nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The column that a tag's value names, if it names one.
fn column(text: &str) -> Option<&str> {
    text.strip_prefix('@').filter(|name| !name.starts_with('@'))
}

/// The names of all columns that these tags want, each once.
pub fn columns(tags: &Map<String, Value>) -> Vec<&str> {
    let mut found = Vec::new();
    collect(tags.values(), &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect<'t>(values: impl Iterator<Item = &'t Value>, found: &mut Vec<&'t str>) {
    for value in values {
        match value {
            Value::String(text) => found.extend(column(text)),
            Value::Object(inner) => collect(inner.values(), found),
            Value::Array(inner) => collect(inner.iter(), found),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Puts the cells of a device in the place of the columns that are named; a tag without a cell is left out.
pub fn fill(tags: &mut Map<String, Value>, cells: &BTreeMap<String, String>) {
    tags.retain(|_, value| put(value, cells));
}

/// Whether anything is left of the value.
fn put(value: &mut Value, cells: &BTreeMap<String, String>) -> bool {
    match value {
        Value::String(text) => {
            if let Some(name) = column(text) {
                let Some(cell) = cells.get(name) else { return false };
                text.clone_from(cell);
            } else if text.starts_with("@@") {
                text.remove(0);
            }
        }
        Value::Object(inner) => fill(inner, cells),
        Value::Array(inner) => inner.retain_mut(|value| put(value, cells)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_take_the_place_of_columns_and_tags_without_one_are_left_out() {
        let Value::Object(mut tags) = json!({
            "line": "@production_line", "none": "@missing", "mail": "@@ada", "fixed": "a@b", "n": 7,
            "in": { "deep": "@Site", "gone": "@missing" }, "list": ["@Site", "@missing", "x"],
        }) else {
            panic!()
        };
        assert_eq!(columns(&tags), ["Site", "missing", "production_line"]);
        let cells = BTreeMap::from([
            ("production_line".to_owned(), "@home".to_owned()),
            ("Site".to_owned(), "north".to_owned()),
        ]);
        fill(&mut tags, &cells);
        assert_eq!(
            Value::Object(tags),
            json!({
                "line": "@home", "mail": "@ada", "fixed": "a@b", "n": 7,
                "in": { "deep": "north" }, "list": ["north", "x"],
            })
        );
    }
}
