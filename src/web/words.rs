//! The words of the pages in every language. Each page has a file of its own; `words!` makes a
//! language that lacks a word a compile error.

/// Declares the words of a page: a field, then its text in English, German, Simplified Chinese and Spanish.
/// A text may hold places such as `{made}`, which [`fill`] fills.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $en:literal, $de:literal, $zh:literal, $es:literal;)* }) => {
        $(#[$doc])*
        #[allow(missing_docs, reason = "each field says what it says")]
        pub struct $name { $(pub $field: &'static str,)* }

        impl $name {
            /// The words in this language.
            pub fn of(language: $crate::domain::language::Language) -> &'static $name {
                use $crate::domain::language::Language;
                match language {
                    Language::English => &$name { $($field: $en,)* },
                    Language::German => &$name { $($field: $de,)* },
                    Language::Chinese => &$name { $($field: $zh,)* },
                    Language::Spanish => &$name { $($field: $es,)* },
                }
            }
        }
    };
}

// below the macro, which they use
pub mod audit;
pub mod audit_events;
pub mod batches;
pub mod ca;
pub mod clients;
pub mod codes;
pub mod command_sheet;
pub mod common;
pub mod devices;
pub mod gate;
pub mod labels;
pub mod line;
pub mod outbox;
pub mod people;
pub mod reports;
pub mod runs;
pub mod work_orders;

/// A text with its places filled: `{name}` becomes the value of that name.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}') {
            Some((name, behind)) => {
                let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
                filled.push_str(value);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
    }

    /// The texts of the entries `field: "en", "de", "zh", "es";` of a file.
    fn entries(source: &str) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        let (_, inside) = source.split_once("words! {").unwrap_or_default();
        for entry in inside.split(";\n") {
            let Some((field, texts)) = entry.split_once(": \"") else { continue };
            let field = field.rsplit([' ', '\n', '{']).next().unwrap_or_default().to_owned();
            let mut parts = Vec::new();
            let mut part = String::new();
            let mut inside = true;
            let mut letters = texts.chars();
            while let Some(letter) = letters.next() {
                match (letter, inside) {
                    ('\\', true) => part.extend(letters.next()),
                    ('"', true) => {
                        parts.push(std::mem::take(&mut part));
                        inside = false;
                    }
                    ('"', false) => inside = true,
                    (_, true) => part.push(letter),
                    (_, false) => {}
                }
            }
            found.push((field, parts));
        }
        found
    }

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_word_is_there_in_every_language_with_the_same_places() {
        let mut count = 0;
        for file in files("src/web/words", ".rs") {
            let source = std::fs::read_to_string(&file).unwrap();
            for (field, texts) in entries(&source) {
                count += 1;
                let place = format!("{}: {field}", file.display());
                assert_eq!(texts.len(), 4, "{place}: {texts:?}");
                assert!(texts.iter().all(|text| !text.trim().is_empty()), "{place} lacks a language");
                for text in &texts[1..] {
                    assert_eq!(places(text), places(&texts[0]), "{place}");
                }
                let sentence = texts[0].split_whitespace().count() > 3;
                if sentence {
                    assert!(texts[1..].iter().all(|text| *text != texts[0]), "{place} is not translated");
                }
                let english = texts[0].chars().filter(|c| c.is_ascii_lowercase()).count();
                let chinese = !texts[2].is_ascii();
                assert!(english < 12 || chinese, "{place} has no Chinese: {}", texts[2]);
            }
        }
        assert!(count > 30, "the words were not found");
    }

    /// What a person would read of a template: text between tags, and the attributes that are read out.
    fn bare_texts(template: &str) -> Vec<String> {
        let mut text = template.to_owned();
        for (open, close) in [("{#", "#}"), ("{{", "}}"), ("{%", "%}")] {
            while let Some((before, rest)) = text.split_once(open) {
                let after = rest.split_once(close).map_or("", |(_, after)| after);
                text = format!("{before}{after}");
            }
        }
        let mut found = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            found.push(before.to_owned());
            let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
            for spoken in ["aria-label", "placeholder", "title", "alt", "data-word"] {
                if let Some((_, value)) = tag.split_once(&format!(" {spoken}=\"")) {
                    found.push(value.split('"').next().unwrap_or_default().to_owned());
                }
            }
            rest = after;
        }
        found.push(rest.to_owned());
        // entities such as &middot; are signs, not words
        let without_entities = |text: String| {
            text.split('&')
                .enumerate()
                .map(|(at, part)| match (at, part.split_once(';')) {
                    (0, _) | (_, None) => part.to_owned(),
                    (_, Some((_, after))) => after.to_owned(),
                })
                .collect::<String>()
        };
        found.into_iter().map(without_entities).filter(|text| text.chars().any(char::is_alphabetic)).collect()
    }

    #[test]
    fn no_template_holds_a_word_of_its_own() {
        assert_eq!(bare_texts("<p title=\"{{ t.a }}\">{{ t.b }} · 7 &times;</p>"), [""; 0]);
        assert_eq!(bare_texts("<p title=\"Hello\">{{ t.b }} now</p>"), ["Hello", " now"]);
        let templates = files("templates", ".html");
        assert!(templates.len() > 3);
        // the name of the product is the same everywhere
        let own = |text: &String| text.trim_matches(|ch: char| !ch.is_alphabetic()) != "Lineside";
        for file in templates {
            let texts: Vec<_> = bare_texts(&std::fs::read_to_string(&file).unwrap());
            let bare: Vec<_> = texts.into_iter().filter(own).collect();
            assert!(bare.is_empty(), "{}: {bare:?}", file.display());
        }
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(fill("{made} of {ordered}", &[("made", "3"), ("ordered", "6")]), "3 of 6");
        assert_eq!(fill("{made} {odd", &[("made", "{made}")]), "{made} {odd");
    }
}
