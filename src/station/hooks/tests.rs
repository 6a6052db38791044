//! Hooks that are programs: what they are told, what they inherit, and how they end.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::*;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;

fn ending(serial: &str) -> Ending {
    Ending {
        verdict: Verdict::Fail,
        run: Some(7),
        serial: Some(serial.to_owned()),
        message: String::new(),
        next: String::new(),
        code: Some("LS-CA-02".to_owned()),
        at: UtcTime::from_seconds(0),
    }
}

fn shell(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
}

fn happened(serial: &str) -> Happened {
    Happened::new("verdict", &"slot-1".parse().unwrap(), Some(&ending(serial)))
}

#[test]
fn what_a_device_says_is_no_command() {
    let place = tempfile::tempdir().unwrap();
    let (out, trap) = (place.path().join("out"), place.path().join("trap"));
    let serial = format!("$(touch {0}); `touch {0}` \n\0 && touch {0}", trap.display());
    let script =
        format!("printf '%s' \"$LINESIDE_SERIAL|$LINESIDE_VERDICT|$LINESIDE_RUN\" > {}", out.display());
    command::run(&shell(&script), &happened(&serial), Duration::from_secs(10)).unwrap();
    let told = std::fs::read_to_string(out).unwrap();
    assert_eq!(told, format!("{}|FAIL|7", serial.replace(['\n', '\0'], "")));
    assert!(!trap.exists());
    let document: serde_json::Value = serde_json::from_str(&happened("a\"b").json()).unwrap();
    assert_eq!((&document["serial"], &document["run"]), (&json!("a\"b"), &json!(7)));
}

#[test]
fn a_hook_inherits_neither_our_environment_nor_our_files() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let ours = place.path().join("ours");
    let _open = std::fs::File::create(&ours).unwrap();
    let (_one, _other) = UnixStream::pair().unwrap();
    let script = format!("env > {0}; ls -l /proc/$$/fd >> {0}", out.display());
    command::run(&shell(&script), &happened("A1"), Duration::from_secs(10)).unwrap();
    let told = std::fs::read_to_string(out).unwrap();
    let names: Vec<&str> =
        told.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("LINESIDE_")
                || ["PATH", "PWD", "_", "OLDPWD", "SHLVL"].contains(name)),
        "{names:?}"
    );
    assert!(told.contains("-> /dev/null") && !told.contains(ours.to_str().unwrap()), "{told}");
    // what it may say goes into one pair of sockets, by two names
    assert!(told.matches("-> socket:").count() <= 2, "{told}");
}

#[test]
fn the_deadline_ends_a_hook_with_all_it_started() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let script = format!("sleep 600 & echo $! > {}; wait", out.display());
    let begun = Instant::now();
    let late = command::run(&shell(&script), &happened("A1"), Duration::from_secs(1)).unwrap_err();
    assert!(matches!(late, HookFailed::Late { seconds: 1, .. }), "{late}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let sleeper = std::fs::read_to_string(out).unwrap();
    let stat = format!("/proc/{}/stat", sleeper.trim());
    let gone = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(10);
    while !gone() {
        assert!(Instant::now() < until, "process {sleeper} lives on");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_hook_that_fails_or_floods_says_why_in_one_line() {
    let script = "yes lid | head -c 3000000; echo; echo 'the lid is jammed' >&2; exit 3";
    let failed = command::run(&shell(script), &happened("A1"), Duration::from_secs(30)).unwrap_err();
    let text = failed.to_string();
    assert!(text.contains("exit status: 3") && text.len() < 300 && !text.contains('\n'), "{text}");
    let short = command::run(
        &shell("echo 'the lid is jammed' >&2; exit 3"),
        &happened("A1"),
        Duration::from_secs(30),
    );
    assert!(short.unwrap_err().to_string().contains("says “the lid is jammed”"));
    let none = command::run(&["/no/such/hook".to_owned()], &happened("A1"), Duration::from_secs(1));
    assert!(matches!(none.unwrap_err(), HookFailed::CannotStart { .. }));
}

#[test]
fn hooks_of_a_slot_come_in_order_and_the_start_is_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let slow = Hook::Command(shell(&format!("sleep 0.2; echo $LINESIDE_EVENT >> {}", out.display())));
    let hooks = Hooks {
        on_start: Some(slow.clone()),
        on_verdict: Some(slow.clone()),
        on_removed: Some(slow),
        deadline: Duration::from_secs(10),
        roots: crate::azure::https::Roots::System,
    };
    let slot = SlotHooks::begin(&"slot-1".parse().unwrap(), &hooks, &Arc::default()).unwrap();
    let begun = Instant::now();
    slot.verdict(&ending("A1"));
    slot.removed(&ending("A1"));
    assert!(begun.elapsed() < Duration::from_millis(150), "nothing waits for these");
    slot.start().unwrap();
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "verdict\nremoved\nstart\n");
}
