//! URIs that name a key, and texts that do not.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<TokenUri, BadTokenUri> {
    text.parse()
}

#[test]
fn token_object_and_module_are_found_and_decoded() {
    let text =
        "pkcs11:token=Line%203;object=issuing%2B;id=%00%FFa;serial=42;type=private?module-path=/usr/lib/x.so";
    let uri = parse(text).unwrap();
    assert_eq!((uri.token(), uri.object(), uri.serial()), ("Line 3", "issuing+", Some("42")));
    assert_eq!((uri.id(), uri.module()), (Some(&b"\x00\xffa"[..]), Path::new("/usr/lib/x.so")));
    assert_eq!(uri.to_string(), text);
    let plain = parse("PKCS11:object=Schl%c3%bcssel;token=a&b?module-path=/x").unwrap();
    assert_eq!((plain.token(), plain.object(), plain.id()), ("a&b", "Schlüssel", None));
}

#[test]
fn each_fault_is_named() {
    let value = |attribute| BadTokenUri::Value { attribute };
    for (text, fault) in [
        ("", BadTokenUri::Scheme),
        ("http://x", BadTokenUri::Scheme),
        ("pkcs11:", BadTokenUri::NoValue),
        ("pkcs11:token=a;object=b", BadTokenUri::Missing("module-path")),
        ("pkcs11:object=b?module-path=/x", BadTokenUri::Missing("token")),
        ("pkcs11:token=a?module-path=/x", BadTokenUri::Missing("object")),
        ("pkcs11:token=a;object=b?module-path=x.so", BadTokenUri::NotAbsolute),
        ("pkcs11:token=a;object=b?module-path=/x&pin-value=1234", BadTokenUri::Pin("pin-value")),
        ("pkcs11:token=a;object=b?pin-source=file:/x&module-path=/x", BadTokenUri::Pin("pin-source")),
        ("pkcs11:token=a;object=b;pin-value=1234?module-path=/x", BadTokenUri::Pin("pin-value")),
        ("pkcs11:token=a;object=b;slot-id=0?module-path=/x", BadTokenUri::Unsteady("slot-id")),
        ("pkcs11:token=a;object=b;colour=red?module-path=/x", BadTokenUri::Unknown("colour".to_owned())),
        ("pkcs11:token=a;object=b?module-path=/x&module-name=x", BadTokenUri::Unknown("module-name".into())),
        ("pkcs11:token=a;token=a;object=b?module-path=/x", BadTokenUri::Twice("token")),
        ("pkcs11:token=a;object=b;module-path=/x", BadTokenUri::Side("module-path")),
        ("pkcs11:token=a;object=b?module-path=/x&id=1", BadTokenUri::Side("id")),
        ("pkcs11:token=a b;object=b?module-path=/x", BadTokenUri::Character { attribute: "token" }),
        ("pkcs11:token=a/b;object=b?module-path=/x", BadTokenUri::Character { attribute: "token" }),
        ("pkcs11:token=ä;object=b?module-path=/x", BadTokenUri::Character { attribute: "token" }),
        ("pkcs11:token=%4;object=b?module-path=/x", BadTokenUri::Percent { attribute: "token" }),
        ("pkcs11:token=%zz;object=b?module-path=/x", BadTokenUri::Percent { attribute: "token" }),
        ("pkcs11:token=;object=b?module-path=/x", value("token")),
        ("pkcs11:token=%0A;object=b?module-path=/x", value("token")),
        ("pkcs11:token=%FF;object=b?module-path=/x", value("token")),
        ("pkcs11:token=123456789012345678901234567890123;object=b?module-path=/x", value("token")),
        ("pkcs11:token=a;object=b;id=?module-path=/x", value("id")),
        ("pkcs11:token=a;object=b;type=public?module-path=/x", BadTokenUri::Type),
    ] {
        assert_eq!(parse(text), Err(fault), "{text}");
    }
    assert_eq!(parse(&format!("pkcs11:token={}", "a".repeat(3000))), Err(BadTokenUri::TooLong));
}

#[test]
fn a_refused_pin_is_not_repeated() {
    let refused = parse("pkcs11:token=a;object=b?module-path=/x&pin-value=86421357").unwrap_err();
    assert!(!refused.to_string().contains("8642"), "{refused}");
    assert!(!format!("{refused:?}").contains("8642"));
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused_without_a_panic(text in "(pkcs11:)?[ -~ä%;?&=]{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn what_is_written_is_read_back(token in "[a-z ]{1,32}", object in "\\PC{1,40}") {
        let written = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let text = format!("pkcs11:token={};object={}?module-path=/m", written(&token), written(&object));
        let uri = parse(&text).unwrap();
        prop_assert_eq!((uri.token(), uri.object()), (token.as_str(), object.as_str()));
    }
}
