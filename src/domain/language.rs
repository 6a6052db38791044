//! The languages of the pages.

use serde::{Deserialize, Serialize};

/// A language the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Chinese,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
}

impl Language {
    /// All languages, in the order in which every word is written down.
    pub const ALL: [Language; 4] =
        [Language::English, Language::German, Language::Chinese, Language::Spanish];

    /// The short word for settings, cookies and forms.
    pub fn short(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Chinese => "zh",
            Language::Spanish => "es",
        }
    }

    /// The tag for a page's `lang` attribute (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-Hans",
            Language::English | Language::German | Language::Spanish => self.short(),
        }
    }

    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Chinese => "中文",
            Language::Spanish => "Español",
        }
    }

    /// The language of a short word.
    pub fn find(short: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.short() == short)
    }

    /// The first language of an `Accept-Language` header that the pages speak (RFC 9110 §12.5.4, without weights:
    /// browsers send what is wanted most first).
    pub fn accepted(header: &str) -> Option<Language> {
        let tags = header.split(',').take(16).filter_map(|part| part.split(';').next());
        tags.filter_map(|tag| tag.trim().split('-').next())
            .find_map(|primary| Language::find(&primary.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_first_language_we_speak() {
        assert_eq!(Language::accepted("fr-FR,fr;q=0.9,de-AT;q=0.8,en;q=0.5"), Some(Language::German));
        assert_eq!(Language::accepted("zh-CN"), Some(Language::Chinese));
        assert_eq!(Language::accepted("xx"), None);
        assert_eq!(Language::accepted(""), None);
    }

    #[test]
    fn each_language_is_found_by_its_short_word() {
        for language in Language::ALL {
            assert_eq!(Language::find(language.short()), Some(language));
        }
    }
}
