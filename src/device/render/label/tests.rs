use super::*;
use crate::device::render::escape::Format;
use proptest::prelude::*;

fn values() -> LabelValues {
    LabelValues {
        serial: "SN_17".parse().unwrap(),
        mac: Some("a0:b2:c3:d4:e5:f6".parse().unwrap()),
        identity: DeviceIdentity {
            registration_id: "sn-17".parse().unwrap(),
            device_id: "sn-17".parse().unwrap(),
        },
        product: "gateway-7".parse().unwrap(),
        work_order: None,
        run: 7,
        station: "line-3".parse().unwrap(),
        date: "2026-11-22".to_owned(),
        time: "17:03:09".to_owned(),
        certificate: None,
        copy: 2,
        reason: Some("^XZ~JA torn".to_owned()),
    }
}

fn filled(source: &str) -> Result<String, RenderError> {
    fill("label.zpl", source, &values(), &Sheet { dpi: 300, width_mm: 70.0, height_mm: 30.0 })
}

#[test]
fn values_are_escaped_and_millimetres_are_dots() {
    let text = filled(
        "^XA^PW{{ mm(width_mm) }}^FO{{ mm(10) }},0^FH_^FD{{ serial }} {{ reason }}{% if reprint %} {{ copy }}{% endif %}^FS^XZ",
    );
    assert_eq!(text.unwrap(), "^XA^PW827^FO118,0^FH_^FDSN_5F17 _5EXZ_7EJA torn 2^FS^XZ");
    assert_eq!(filled("{{ 'a>b'|code128 }}").unwrap(), "a>0b");
}

#[test]
fn no_label_knows_a_key_or_what_the_device_does_not_have() {
    for name in ["device_key", "private_key", "certificate", "id_scope", "work_order", "sha256"] {
        let error = filled(&format!("^XA{{{{ {name} }}}}^XZ")).unwrap_err();
        assert!(matches!(error, RenderError::Failed { .. }), "{name}: {error}");
        assert!(error.to_string().contains("does not have"), "{name}: {error}");
    }
}

#[test]
fn the_built_in_labels_can_be_filled() {
    for template in ["device-qr.zpl", "device-datamatrix.zpl"] {
        let source = source(template, &TemplateSet::default()).unwrap();
        let text = filled(&source).unwrap();
        assert!(text.contains("SN_5F17") && text.contains("a0:b2:c3:d4:e5:f6"), "{text}");
        let bare = LabelValues { mac: None, reason: None, ..values() };
        let text = fill(template, &source, &bare, &Sheet::default()).unwrap();
        assert!(text.starts_with("^XA") && text.ends_with("^XZ\n"), "{text}");
    }
}

proptest! {
    #[test]
    fn no_value_holds_a_command(value in any::<String>()) {
        let escaped = Format::Zpl.escape(&value).unwrap();
        prop_assert!(!escaped.contains(['^', '~']) && !escaped.chars().any(char::is_control));
        let mut bytes = Vec::new();
        let mut rest = escaped.as_bytes();
        while let Some(first) = rest.first() {
            if *first == b'_' {
                let two = std::str::from_utf8(&rest[1..3]).unwrap();
                bytes.push(u8::from_str_radix(two, 16).unwrap());
                rest = &rest[3..];
            } else {
                bytes.push(*first);
                rest = &rest[1..];
            }
        }
        prop_assert_eq!(bytes, value.into_bytes());
    }
}
