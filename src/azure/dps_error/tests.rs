use super::*;
use proptest::prelude::*;

fn id() -> RegistrationId {
    "sn-17".parse().unwrap()
}

fn sorted(status: u16, body: &str) -> DpsError {
    DpsError::from_answer(&id(), status, Some(Duration::from_secs(3)), body.as_bytes())
}

#[test]
fn each_status_is_sorted_by_what_to_do_next() {
    let wait = Some(Duration::from_secs(3));
    assert_eq!(sorted(429, "{}"), DpsError::Throttled { retry_after: wait });
    assert_eq!(sorted(503, "<html>"), DpsError::Server { status: 503, retry_after: wait });
    assert_eq!(sorted(409, ""), DpsError::Exists(id()));
    assert_eq!(sorted(412, ""), DpsError::Changed(id()));
    for (status, again) in [(400, false), (401, false), (302, false), (408, true), (429, true), (500, true)] {
        assert_eq!(sorted(status, "").worth_retrying(), again, "{status}");
    }
    assert_eq!(sorted(429, "").server_asked(), wait);
    assert_eq!(sorted(401, "").server_asked(), None);
    assert_eq!(sorted(400, "").code(), Code::EnrollmentInvalid);
    assert_eq!(sorted(429, "").to_string(), "Azure asks us to slow down; it asks for 3 s");
}

#[test]
fn the_services_own_words_are_shown() {
    let refused = sorted(401, include_str!("../../../fixtures/dps/error.json"));
    assert_eq!(refused.to_string(), "Azure refuses the request (status 401, error 401002): Unauthorized");
    assert_eq!(refused.code(), Code::CloudRefused);
    let hub = sorted(401, r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess"}"#);
    assert!(hub.to_string().ends_with(": ErrorCode:IotHubUnauthorizedAccess"), "{hub}");
    assert!(sorted(403, "not JSON").to_string().ends_with("it gives no reason"));
}

#[test]
fn a_key_that_the_service_repeats_is_not_kept() {
    let key = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
    let text = presentable(&format!("The key '{key}' is\r\nnot valid"));
    assert_eq!(text, "The key […] is not valid");
}

proptest! {
    #[test]
    fn a_strangers_text_becomes_one_short_line(text in "\\PC{0,600}", status in 300u16..600) {
        let line = presentable(&text);
        prop_assert!(line.chars().count() <= 301);
        prop_assert!(!line.contains(char::is_control));
        let _ = sorted(status, &text);
    }
}
