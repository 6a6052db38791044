//! Reading a profile's file: every fault says the line it stands in.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{BadProfile, Fault, LARGEST_PROFILE};

/// Checks values of a text and says where a bad one stands.
pub(super) struct At<'a> {
    /// The whole text of the profile.
    pub(super) text: &'a str,
}

impl At<'_> {
    /// The text as TOML of this form.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, BadProfile> {
        if self.text.len() > LARGEST_PROFILE {
            return Err(BadProfile::TooLarge(self.text.len()));
        }
        toml::from_str(self.text).map_err(|fault| BadProfile::Syntax {
            line: line(self.text, fault.span().unwrap_or(0..0)),
            reason: fault.message().replace('\n', ", "),
        })
    }

    /// A value that is not allowed.
    pub(super) fn fault(&self, key: &'static str, span: Range<usize>, fault: Fault) -> BadProfile {
        BadProfile::Value { line: line(self.text, span), key, fault }
    }

    /// A number within these bounds, both allowed.
    pub(super) fn number(
        &self,
        key: &'static str,
        value: &Spanned<i64>,
        least: i64,
        most: i64,
    ) -> Result<u64, BadProfile> {
        let found = *value.get_ref();
        match u64::try_from(found) {
            Ok(number) if (least..=most).contains(&found) => Ok(number),
            _ => Err(self.fault(key, value.span(), Fault::Range { found, least, most })),
        }
    }

    /// A list of known words, none twice, at least one.
    pub(super) fn words<T: PartialEq>(
        &self,
        key: &'static str,
        list: &Spanned<Vec<Spanned<String>>>,
        known: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, BadProfile> {
        let mut parsed = Vec::new();
        for word in list.get_ref() {
            let found = word.get_ref().clone();
            let Some(value) = parse(&found) else {
                return Err(self.fault(key, word.span(), Fault::Word { found, known }));
            };
            if parsed.contains(&value) {
                return Err(self.fault(key, word.span(), Fault::Twice(found)));
            }
            parsed.push(value);
        }
        match parsed.is_empty() {
            true => Err(self.fault(key, list.span(), Fault::Empty)),
            false => Ok(parsed),
        }
    }
}

fn line(text: &str, span: Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}
