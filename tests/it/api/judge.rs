//! Judges written by others, in the Python environment that `tests/run` makes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Gives a text to one of `tests/judges`; what it prints, as JSON. It must be content.
pub fn judge(script: &str, text: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/judges/bin/python");
    assert!(python.is_file(), "the judges are not installed: tests/run does that");
    let mut child = Command::new(python)
        .arg(root.join("tests/judges").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a judge starts");
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let said = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{script}: {err}");
    serde_json::from_slice(&said.stdout).expect("a judge prints JSON")
}
