//! The URI that names a key in a token. One that was read is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside::ca::token::uri::TokenUri;

fuzz_target!(|text: &str| {
    let Ok(uri) = text.parse::<TokenUri>() else { return };
    let written = uri.to_string();
    assert!(matches!(written.parse::<TokenUri>(), Ok(again) if again == uri), "{written}");
    assert!(uri.module().is_absolute(), "{written}");
    assert!(!uri.token().is_empty() && !uri.object().is_empty(), "{written}");
});
