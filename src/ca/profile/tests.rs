//! The profiles that come with the product are good; silly ones are refused with line and key.

use super::*;
use proptest::prelude::*;

#[test]
fn the_shipped_profiles_are_good_and_bear_the_names_of_their_files() {
    for (name, text) in SHIPPED {
        let profile = Profile::shipped(&name.parse().unwrap()).unwrap().unwrap();
        assert_eq!(profile.name().as_str(), name);
        assert_eq!(profile.digest(), Digest::of(text.as_bytes()));
        assert_eq!(profile.key_usage(), [Usage::DigitalSignature]);
        assert!(profile.keys().iter().all(|kind| kind.is_rsa() == (name == "device-rsa2048")));
        let endless = profile.end() == End::Never;
        assert_eq!(endless, name == "idevid");
        let purposes: &[Purpose] = if endless { &[] } else { &[Purpose::ClientAuth] };
        assert_eq!(profile.extended_key_usage(), purposes);
        assert!(profile.crl_distribution_point().is_none() && profile.also_called().is_empty());
    }
    assert!(Profile::shipped(&"device-rsa".parse().unwrap()).is_none());
}

#[test]
fn a_silly_profile_is_refused_with_line_and_key() {
    let refused = |from: &str, to: &str| {
        let text = SHIPPED[0].1;
        assert!(text.contains(from));
        Profile::parse(&text.replace(from, to)).unwrap_err().to_string()
    };
    for (from, to, message) in [
        ("= 3650", "= 0", "line 6: validity_days: 0 is not between 1 and 14610"),
        ("= 3650", "= 14611", "line 6: validity_days: 14611 is not between 1 and 14610"),
        ("= 3650", "= -1", "line 6: validity_days: -1 is not between 1 and 14610"),
        ("hours = 1", "hours = 73", "line 9: backdate_hours: 73 is not between 0 and 72"),
        ("keys = [\"ec-p256\"]", "keys = []", "line 12: keys: the list is empty"),
        (
            "keys = [\"ec",
            "keys = [\n\"ec-p999\", \"ec",
            "line 13: keys: “ec-p999” is not known; there are: ec-p256, ec-p384",
        ),
        ("keys = [\"ec", "keys = [\"ec-p256\", \"ec", "line 12: keys: “ec-p256” stands there twice"),
        (
            "client-auth",
            "any",
            "line 16: extended_key_usage: “any” is not known; there are: client-auth, server-auth",
        ),
        (
            "digital-signature",
            "cert-sign",
            "line 15: key_usage: “cert-sign” is not known; there are: digital-signature, key-agreement, key-encipherment",
        ),
        ("\"device-p256\"", "\"../x\"", "line 3: name: character '.' at position 1 is not allowed in a name"),
        ("= 3650", "= \"long\"", "line 6: invalid type: string \"long\", expected i64"),
        ("= 3650", "= 3650\nca = true", "line 7: unknown field `ca`"),
        (
            "validity_days = 3650",
            "",
            "line 3: validity_days: give either validity_days or not_after = \"none\"",
        ),
        (
            "= 3650",
            "= 1\nnot_after = \"none\"",
            "line 6: validity_days: give either validity_days or not_after",
        ),
        (
            "validity_days = 3650",
            "not_after = \"never\"",
            "line 6: not_after: “never” is not known; there are: none",
        ),
        (
            "validity_days = 3650",
            "not_after = \"none\"\nends_before = \"2038-01-01\"",
            "line 7: ends_before: what never ends cannot end before a date",
        ),
        (
            "= 3650",
            "= 1\nends_before = \"2038\"",
            "line 7: ends_before: “2038” is not a date such as 2038-01-01",
        ),
        ("[\"client-auth\"]", "[]", "line 16: extended_key_usage: the list is empty"),
        (
            "\"digital-signature\"",
            "\"key-agreement\"",
            "line 15: key_usage: a device proves itself by a signature: digital-signature is needed",
        ),
        (
            "\"digital-signature\"",
            "\"digital-signature\", \"key-encipherment\"",
            "line 15: key_usage: key-encipherment is for RSA keys, and others are allowed here",
        ),
        (
            "= 3650",
            "= 1\ncrl_distribution_point = \"ldap://x\"",
            "line 7: crl_distribution_point: “ldap://x” is not",
        ),
        (
            "= 3650",
            "= 1\ncrl_distribution_point = \"http://x/{serial}\"",
            "line 7: crl_distribution_point: “http://x/{serial}” may hold {ca} once, in its path",
        ),
        ("= 3650", "= 1\nsubject.country = \"de\"", "line 7: country: a country is two capital letters"),
        (
            "= 3650",
            "= 1\nsubject.organization = \"{model}\"",
            "line 7: organization: {model} is not known; there are",
        ),
        (
            "= 3650",
            "= 1\nsubject.serial_number = \"a_b\"",
            "line 7: serial_number: “a_b” holds other characters",
        ),
        ("= 3650", "= 1\nsan.dns = [\"a..b\"]", "line 7: dns: “a..b” is not a DNS name"),
        ("= 3650", "= 1\nsan.uri = [\"{serial\"]", "line 7: uri: a brace stands alone"),
        ("= 3650", "= 1\nsan.ip = [\"1.1.1.1\"]", "line 7: unknown field `ip`"),
        (
            "= 3650",
            "= 1\nextensions.authority_key_identifier = false",
            "line 7: authority_key_identifier: RFC 5280 4.2.1.1 demands it",
        ),
        ("= 3650", "= 1\nextensions.policy = \"1.2\"", "line 7: unknown field `policy`"),
        ("= 3650", "= 1\nextensions.subject_key_identifier = 1", "line 7: invalid type: integer"),
        ("= 3650", "= ", "line 6: "),
    ] {
        let found = refused(from, to);
        assert!(found.starts_with(&format!("the profile is not usable: {message}")), "{found}");
        assert!(!found.contains('\n'), "{found}");
    }
    let long = " ".repeat(LARGEST_PROFILE + 1);
    assert_eq!(Profile::parse(&long), Err(BadProfile::TooLarge(LARGEST_PROFILE + 1)));
}

#[test]
fn the_limits_themselves_are_allowed_and_backdating_is_optional() {
    let text = SHIPPED[0].1.replace("= 3650", "= 14610").replace("backdate_hours = 1", "");
    let profile = Profile::parse(&text).unwrap();
    assert_eq!(profile.end(), End::After(Duration::from_secs(40 * 36_525 * 864)));
    assert_eq!(profile.backdate().as_secs(), 0);
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in "(name|validity_days|keys|=|\\[|\\]|\"|x|9|\n| |é){0,30}") {
        prop_assert!(Profile::parse(&text).is_err());
    }
}
