//! Escaping of values for the file's format. A template writes the quotes; a value can never end them.

use std::borrow::Cow;
use std::fmt::Write as _;

use minijinja::{AutoEscape, Error, ErrorKind, Output, State, Value};

/// The format of a file, known by its template's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Within a TOML basic string (TOML 1.0).
    Toml,
    /// Within a JSON string (RFC 8259 §7).
    Json,
    /// Within a double-quoted YAML scalar (YAML 1.2 §7.3.1).
    Yaml,
    /// Within a C string literal (C11 §6.4.5).
    C,
    /// Within a ZPL field that `^FH_` precedes (Zebra Programming Language).
    Zpl,
    /// Nothing is escaped; control characters are refused, except in PEM texts.
    Plain,
}

impl Format {
    /// By the extension of the template's name.
    pub fn of(template: &str) -> Format {
        match template.rsplit_once('.').map(|(_, extension)| extension) {
            Some("toml") => Format::Toml,
            Some("json") => Format::Json,
            Some("yaml" | "yml") => Format::Yaml,
            Some("zpl") => Format::Zpl,
            Some("h" | "c" | "hpp" | "cpp" | "cc") => Format::C,
            _ => Format::Plain,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Format::Toml => "toml",
            Format::Json => "json",
            Format::Yaml => "yaml",
            Format::C => "c",
            Format::Zpl => "zpl",
            Format::Plain => "plain",
        }
    }

    /// As the template engine carries it.
    pub(super) fn as_auto_escape(self) -> AutoEscape {
        AutoEscape::Custom(Cow::Borrowed(self.word()))
    }

    fn from_word(word: &str) -> Option<Format> {
        [Format::Toml, Format::Json, Format::Yaml, Format::C, Format::Zpl, Format::Plain]
            .into_iter()
            .find(|format| format.word() == word)
    }

    /// The value as it may stand in the file; `None` if it must not stand there at all.
    pub fn escape(self, value: &str) -> Option<String> {
        let mut out = String::with_capacity(value.len() + 8);
        match self {
            // the escapes these three share; each of them also reads \uXXXX
            Format::Toml | Format::Json | Format::Yaml => value.chars().for_each(|c| quoted(c, &mut out)),
            Format::C => value.chars().for_each(|c| c_literal(c, &mut out)),
            Format::Zpl => value.chars().for_each(|c| zpl_field(c, &mut out)),
            Format::Plain => {
                if value.chars().any(char::is_control) && !is_pem(value) {
                    return None;
                }
                out.push_str(value);
            }
        }
        Some(out)
    }
}

fn quoted(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // NEL and the separators are line breaks to YAML 1.1 readers; all controls lie below U+10000
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
            // writing to a String cannot fail
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

fn c_literal(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        // against trigraphs
        '?' => out.push_str("\\?"),
        ' '..='~' => out.push(c),
        other => {
            // three octal digits end by themselves, unlike \x
            for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
}

/// `^` and `~` begin commands, `_` begins a hexadecimal escape; a control character might be the command prefix
/// that somebody chose (`^CC`).
fn zpl_field(c: char, out: &mut String) {
    match c {
        '^' | '~' | '_' => hexadecimal(c, out),
        c if c.is_control() => hexadecimal(c, out),
        c => out.push(c),
    }
}

fn hexadecimal(c: char, out: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // writing to a String cannot fail
        let _ = write!(out, "_{byte:02X}");
    }
}

fn is_pem(value: &str) -> bool {
    value.starts_with("-----BEGIN ")
        && value.chars().all(|c| c == '\n' || (!c.is_control() && c.is_ascii()))
        && value.trim_end().ends_with("-----")
        && value.trim_end().lines().all(|line| {
            line.starts_with("-----")
                || line.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
        })
}

/// The template engine's output of one value.
pub(super) fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "it is not defined"));
    }
    let text = match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(value.to_string()),
    };
    let format = match state.auto_escape() {
        AutoEscape::Custom(word) => Format::from_word(word),
        _ => None,
    };
    let escaped = match format {
        Some(format) if !value.is_safe() => format.escape(&text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                "a value with control characters in a file without quoting",
            )
        })?,
        _ => text.into_owned(),
    };
    out.write_str(&escaped).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn toml_reads_back_what_was_escaped(value in "\\PC*|[\\x00-\\x1f\"\\\\]*") {
            let text = format!("x = \"{}\"", Format::Toml.escape(&value).unwrap());
            let table: toml::Table = toml::from_str(&text).unwrap();
            prop_assert_eq!(table["x"].as_str().unwrap(), value);
        }

        #[test]
        fn json_reads_back_what_was_escaped(value in any::<String>()) {
            let text = format!("\"{}\"", Format::Json.escape(&value).unwrap());
            prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
        }

        #[test]
        fn a_c_literal_never_ends_early(value in any::<String>()) {
            let escaped = Format::C.escape(&value).unwrap();
            prop_assert!(escaped.bytes().all(|b| (b' '..=b'~').contains(&b)));
            let mut rest = escaped.as_str();
            let mut bytes = Vec::new();
            while let Some(first) = rest.chars().next() {
                prop_assert!(first != '"');
                let (byte, used) = if first == '\\' {
                    match rest.as_bytes()[1] {
                        b'n' => (b'\n', 2),
                        b'0'..=b'7' => (u8::from_str_radix(&rest[1..4], 8).unwrap(), 4),
                        other => (other, 2),
                    }
                } else {
                    (rest.as_bytes()[0], 1)
                };
                bytes.push(byte);
                rest = &rest[used..];
            }
            prop_assert_eq!(bytes, value.into_bytes());
        }
    }

    #[test]
    fn plain_files_take_pem_but_no_injected_line() {
        assert_eq!(Format::Plain.escape("a\nb"), None);
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB+/==\n-----END CERTIFICATE-----\n";
        assert_eq!(Format::Plain.escape(pem).as_deref(), Some(pem));
        assert_eq!(Format::Plain.escape("-----BEGIN X-----\nrm -rf\n-----END X-----\n"), None);
        assert_eq!(Format::of("iotedge-1.2/config.toml"), Format::Toml);
        assert_eq!(Format::of("device.env"), Format::Plain);
    }
}
