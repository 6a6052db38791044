//! The commands as they go over the line, and the frame their output comes back in. A line can damage a
//! command as well as its output, so a command travels as base64 with its SHA-256, and the device runs it
//! only if they agree; the output and the exit status come back with theirs, too. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::screen::{plain, without_kernel};
use crate::domain::digest::Digest;

/// busybox ash cuts a line near 1000 characters and runs the stump; nothing longer is ever sent.
pub const LONGEST_LINE: usize = 900;
/// Raw bytes of one base64 line of 76 characters.
const COLUMN: usize = 57;
/// Raw bytes of one here-document: 45 lines, below the 4095 bytes a terminal holds while the shell sleeps.
pub const DOCUMENT: usize = 45 * COLUMN;

/// What a console must have; the first ones are used by [`PREPARE`] itself.
pub const TOOLS: [&str; 7] = ["stty", "base64", "sha256sum", "wc", "openssl", "od", "tr"];

/// How a command's output is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The output is the answer; messages are dropped.
    Query,
    /// Messages count as output, for the error shown to a person.
    Change,
    /// Runs in the shell itself, so that variables last; no output.
    Set,
}

/// What the shell prints when it waits for the next command.
const PROMPT: &str = "lineside# ";

/// Lines that make a shell ready: no history, no echo, a known prompt, and `L`, which runs a checked command. Its
/// sentinels are split so that an echo of the line does not look like an answer.
pub const PREPARE: [&str; 4] = [
    "unset HISTFILE; HISTSIZE=0; HISTFILESIZE=0; export HISTSIZE HISTFILESIZE; stty -echo",
    "[ -n \"$BASH_VERSION\" ] && set +o history",
    "PS1='lineside# '; PS2='> '; export PS1 PS2",
    concat!(
        "L(){ c=$(printf %s \"$3\"|base64 -d); d=$(printf %s \"$c\"|sha256sum); [ \"${d%% *}\" = \"$4\" ]||{ echo \"@@\"\"X $1\"; return; }; ",
        "case $2 in q) v=$(eval \"$c\" 2>/dev/null </dev/null); r=$?;; c) v=$(eval \"$c\" 2>&1 </dev/null); r=$?;; ",
        "*) eval \"$c\" >/dev/null 2>&1; r=$?; v=;; esac; echo \"@@\"\"B $1\"; printf '%s\\n' \"$v\"; ",
        "echo \"@@\"\"E $1 $r $(printf '%s\\n%s' \"$r\" \"$v\"|sha256sum)\"; }"
    ),
];

/// Makes `W`, itself sent as a checked command. It takes a here-document and, if its digest is right, appends it
/// to the file `$T`, once: only while the file is as long as it was (status 1: damaged, 2: cannot be written, 3: not
/// in its place).
pub const TAKE_DOCUMENTS: &str = concat!(
    "W(){ base64 -d >\"$T.d\" 2>/dev/null; r=1; d=$(sha256sum <\"$T.d\"); [ \"${d%% *}\" = \"$4\" ]&&{ r=3; ",
    "[ $(($(wc -c <\"$T\"))) = $2 ]&&{ cat \"$T.d\" >>\"$T\"||r=2; }; [ $(($(wc -c <\"$T\"))) = $3 ]&&r=0; }; ",
    "echo \"@@B $1\"; echo; echo \"@@E $1 $r $(printf '%s\\n' \"$r\"|sha256sum)\"; }"
);

/// The line that runs `command` under this tag; `None` if it would be too long.
pub fn checked(tag: &str, mode: Mode, command: &str) -> Option<String> {
    let mode = match mode {
        Mode::Query => 'q',
        Mode::Change => 'c',
        Mode::Set => 's',
    };
    let digest = Digest::of(command.as_bytes());
    let line = format!("L {tag} {mode} {} {digest}\r", BASE64.encode(command));
    if line.len() <= LONGEST_LINE { Some(line) } else { None }
}

/// A here-document with these bytes (at most [`DOCUMENT`]) for the file `$T`, which has `at` bytes so far.
pub fn document(tag: &str, at: usize, bytes: &[u8]) -> Vec<u8> {
    let (end, digest) = (at + bytes.len(), Digest::of(bytes));
    let mut text = format!("W {tag} {at} {end} {digest} <<'@EOF'\r").into_bytes();
    for column in bytes.chunks(COLUMN) {
        text.extend_from_slice(BASE64.encode(column).as_bytes());
        text.push(b'\r');
    }
    text.extend_from_slice(b"@EOF\r");
    text
}

/// A word the shell takes literally.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The tool that a shell says it does not have, if it is one of ours.
pub fn missing_tool(bytes: &[u8]) -> Option<&'static str> {
    TOOLS.into_iter().find(|tool| is_unknown(tool, bytes))
}

/// Whether a shell says that it knows no command of this name, which came over the line undamaged.
pub fn is_unknown(command: &str, bytes: &[u8]) -> bool {
    let shown = without_kernel(&plain(bytes));
    ["not found", "command not found"].iter().any(|words| shown.contains(&format!(" {command}: {words}\n")))
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Not complete yet.
    More,
    /// The command arrived damaged and was not run.
    NotRun,
    /// The output or its digest is damaged.
    Damaged,
    /// Exit status and output.
    Done(u8, String),
}

/// Looks for the frame with this tag in what the console showed.
pub fn output(tag: &str, bytes: &[u8]) -> Output {
    let shown = plain(bytes);
    // first as it stands, then without what the kernel printed in between
    match framed(tag, &shown) {
        Output::Damaged | Output::More => framed(tag, &without_kernel(&shown)),
        found => found,
    }
}

/// Whether the answer under this tag will not come any more: the shell did not understand the line, or answered
/// one with a tag that nobody sent. Late answers to earlier lines say nothing.
pub fn is_lost(tag: &str, bytes: &[u8]) -> bool {
    let shown = without_kernel(&plain(bytes));
    let (own, rest) = match shown.rsplit_once(&format!("@@B {tag}\n")) {
        Some((_, rest)) => (true, rest),
        None => (false, shown.as_str()),
    };
    rest.split_inclusive('\n').filter(|line| line.ends_with('\n')).any(|line| {
        let line = line.rsplit(PROMPT).next().unwrap_or_default();
        match line.strip_prefix("@@X ").or_else(|| line.strip_prefix("@@E ")) {
            Some(ended) => !is_earlier(ended.split_whitespace().next().unwrap_or_default(), tag),
            None => !own && [": not found\n", ": command not found\n"].iter().any(|end| line.ends_with(end)),
        }
    })
}

/// Whether a tag was sent before this one in the same conversation.
fn is_earlier(tag: &str, than: &str) -> bool {
    let number =
        |tag: &str| tag.rsplit_once('-').map(|(session, n)| (session.to_owned(), n.parse::<u32>().ok()));
    match (number(tag), number(than)) {
        (Some((one, Some(earlier))), Some((other, Some(later)))) => one == other && earlier < later,
        _ => false,
    }
}

fn framed(tag: &str, shown: &str) -> Output {
    if shown.contains(&format!("@@X {tag}\n")) {
        return Output::NotRun;
    }
    let Some((_, from)) = shown.rsplit_once(&format!("@@B {tag}\n")) else { return Output::More };
    let Some((value, end)) = from.rsplit_once(&format!("\n@@E {tag} ")) else { return Output::More };
    let Some((end, _)) = end.split_once('\n') else { return Output::More };
    let mut numbers = end.split_whitespace();
    let status = numbers.next().and_then(|text| text.parse::<u8>().ok());
    let digest = numbers.next().and_then(|text| text.parse::<Digest>().ok());
    let (Some(status), Some(digest)) = (status, digest) else { return Output::Damaged };
    if Digest::of(format!("{status}\n{value}").as_bytes()) != digest {
        return Output::Damaged;
    }
    Output::Done(status, value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(tag: &str, status: u8, value: &str) -> String {
        let digest = Digest::of(format!("{status}\n{value}").as_bytes());
        format!("lineside# @@B {tag}\r\n{value}\r\n@@E {tag} {status} {digest}  -\r\nlineside# ")
    }

    #[test]
    fn every_line_fits_the_smallest_shell_and_shows_no_sentinel() {
        for line in PREPARE {
            assert!(line.len() < LONGEST_LINE, "{}", line.len());
            assert!(!line.contains("@@B") && !line.contains("@@E") && !line.contains("@@X"));
        }
        let tag = "0123456789abcdef-1000";
        assert!(checked(tag, Mode::Set, TAKE_DOCUMENTS).is_some());
        assert!(checked(tag, Mode::Query, &"x".repeat(590)).is_some());
        assert!(checked("0-1", Mode::Query, &"x".repeat(700)).is_none());
        let document = document("0-1", 0, &[7; DOCUMENT]);
        assert!(document.len() < 4095);
        let mut lines = document.split(|b| *b == b'\r').map(<[u8]>::len);
        assert!(lines.next().is_some_and(|first| first < LONGEST_LINE) && lines.all(|line| line <= 76));
    }

    #[test]
    fn a_kernel_message_inside_the_output_does_no_harm() {
        let text = shown("7-1", 0, "SN-17").replace("SN", "S[   12.345678] usb 1-1: new device\r\nN");
        assert_eq!(output("7-1", text.as_bytes()), Output::Done(0, "SN-17".to_owned()));
    }

    #[test]
    fn a_changed_byte_is_noticed_and_an_old_answer_is_not_taken() {
        let text = shown("7-1", 0, "SN-17");
        assert_eq!(output("7-1", text.replace("SN-17", "SN-11").as_bytes()), Output::Damaged);
        assert_eq!(output("7-1", text.replace("7-1 0 ", "7-1 1 ").as_bytes()), Output::Damaged);
        assert_eq!(output("7-2", text.as_bytes()), Output::More);
        assert_eq!(output("7-1", b"@@X 7-1\r\nlineside# "), Output::NotRun);
    }

    #[test]
    fn a_missing_tool_is_known_by_the_words_of_each_shell() {
        for (shown, tool) in [
            ("-sh: sha256sum: not found\r\n@@X 7-1\r\n", Some("sha256sum")),
            ("bash: base64: command not found\r\n", Some("base64")),
            ("sh: 5: wc: [   12.345678] usb 1-1: new\r\nnot found\r\n", Some("wc")),
            ("-sh: shb256sum: not found\r\n", None),
            ("@@X 7-1\r\nlineside# ", None),
        ] {
            assert_eq!(missing_tool(shown.as_bytes()), tool, "{shown}");
        }
        assert!(is_unknown("L", b"-sh: L: not found\r\n"));
        assert!(!is_unknown("L", b"-sh: qL: not found\r\n"));
    }

    #[test]
    fn an_answer_that_will_not_come_is_not_waited_for() {
        for (shown, lost) in [
            ("lineside# @@X 7-31\r\n", true),
            ("lineside# lineside# @@B 7-\r\n\r\n@@E 7- 0 12  -\r\n", true),
            ("@@B 7-12\r\nSN-17\r\n@@E 7-12 0 ab", false),
            ("@@B 7-12\r\nSN-17\r\n@@E 7-1 0 ab  -\r\n", false),
            ("@@B 7-12\r\nSN-17\r\n@@E q-12 0 ab  -\r\n", true),
            ("@@B 7-12\r\nsh: lsusb: not found\r\n", false),
            ("-sh: K: not found\r\nlineside# ", true),
            ("@@B 7-11\r\nSN-17\r\n@@E 7-11 0 ab  -\r\nlineside# ", false),
            ("lineside# ", false),
        ] {
            assert_eq!(is_lost("7-12", shown.as_bytes()), lost, "{shown:?}");
        }
    }

    #[test]
    fn a_quoted_word_has_no_way_out() {
        assert_eq!(quote("a'; reboot; '"), "'a'\\''; reboot; '\\'''");
    }

    proptest! {
        #[test]
        fn any_output_comes_back(value in "[ -~]{0,60}(\\n[ -~]{1,60}){0,3}", status in any::<u8>()) {
            let read = output("7-1", shown("7-1", status, &value).as_bytes());
            prop_assert_eq!(read, Output::Done(status, value));
        }

        #[test]
        fn hostile_output_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut text = b"@@B 7-1\n".to_vec();
            text.extend_from_slice(&bytes);
            let _ = output("7-1", &text);
        }
    }
}
