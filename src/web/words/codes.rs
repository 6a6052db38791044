//! What each error code means and what to do, for the languages the records are not written in: one plain sentence
//! each. A code without its words in some language is a compile error.

mod chinese;
mod german;
mod spanish;

use crate::domain::code::Code;
use crate::domain::language::Language;

/// Declares the words of one language: code, what happened, what to do.
macro_rules! code_words {
    ($($code:ident: $what:literal, $next:literal;)*) => {
        /// What happened, and what to do.
        pub fn of(code: crate::domain::code::Code) -> (&'static str, &'static str) {
            use crate::domain::code::Code;
            match code {
                $(Code::$code => ($what, $next),)*
            }
        }
    };
}
use code_words;

/// What happened and what to do in this language; nothing for English, which is what the records say.
pub fn of(code: Code, language: Language) -> Option<(&'static str, &'static str)> {
    match language {
        Language::English => None,
        Language::German => Some(german::of(code)),
        Language::Chinese => Some(chinese::of(code)),
        Language::Spanish => Some(spanish::of(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_two_sentences_of_its_own_in_every_language() {
        for language in [Language::German, Language::Chinese, Language::Spanish] {
            let mut sentences = HashSet::new();
            for code in Code::ALL {
                let (what, next) = of(*code, language).unwrap();
                for sentence in [what, next] {
                    assert!(sentence.ends_with(['.', '。']), "{code} {}: {sentence}", language.short());
                }
                assert!(sentences.insert(what), "{code} {}: {what} is said twice", language.short());
                if language == Language::Chinese {
                    assert!(what.ends_with('。') && next.ends_with('。'), "{code}");
                }
            }
        }
        assert!(of(Code::Internal, Language::English).is_none());
    }
}
