//! What a console shows, made readable: control sequences and kernel messages taken out, and the last line
//! recognised as a prompt. Pure.

/// What the console waits for, judged by its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// A user's name.
    Login,
    /// A password.
    Password,
    /// A command.
    Shell,
    /// The rest of a command or here-document that was begun earlier.
    Continuation,
    /// Nothing that is known.
    Unknown,
}

/// Judges the last line.
pub fn prompt(bytes: &[u8]) -> Prompt {
    let text = said(bytes);
    let last = text.rsplit('\n').next().unwrap_or_default().trim();
    if last.ends_with("login:") {
        Prompt::Login
    } else if last.ends_with("assword:") {
        Prompt::Password
    } else if last == ">" {
        Prompt::Continuation
    } else if last.ends_with(['#', '$', '%', '>']) {
        Prompt::Shell
    } else {
        Prompt::Unknown
    }
}

/// What the console itself said: the text without control sequences and kernel messages, and without a
/// kernel's time stamp of which the end has not come yet.
pub fn said(bytes: &[u8]) -> String {
    let mut text = without_kernel(&plain(bytes));
    if let Some(at) = text.rfind('[')
        && text[at + 1..].bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'.' || b == b']')
    {
        text.truncate(at);
    }
    text
}

/// The text without carriage returns, NULs and control sequences (ECMA-48 CSI and OSC).
pub fn plain(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = match first {
            0x1b => after_escape(after),
            b'\r' | 0 => after,
            byte => {
                out.push(*byte);
                after
            }
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn after_escape(after: &[u8]) -> &[u8] {
    let (end, kind) = match after.first() {
        Some(b'[') => (after.iter().skip(1).position(|b| (0x40..=0x7e).contains(b)), 1),
        Some(b']') => (after.iter().skip(1).position(|b| *b == 0x07), 1),
        Some(_) => (Some(0), 0),
        None => (None, 0),
    };
    // a sequence cut off by the end of what was received is dropped with it
    end.and_then(|end| after.get(end + kind + 1..)).unwrap_or_default()
}

/// The text without what the kernel prints in between: from `[   12.345678] ` to the end of that line.
pub fn without_kernel(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if is_kernel_stamp(from) {
            rest = from.split_once('\n').map_or("", |(_, after)| after);
        } else {
            out.push('[');
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn is_kernel_stamp(text: &str) -> bool {
    // a stamp is short; looking further would cost a hostile device nothing and the station a lot
    let head: String = text.chars().skip(1).take(24).collect();
    let Some((stamp, _)) = head.split_once("] ") else { return false };
    let Some((seconds, micros)) = stamp.trim_start().split_once('.') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(seconds) && micros.len() == 6 && digits(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prompts_are_known_by_their_last_line() {
        for (bytes, expected) in [
            (
                &b"\r\nAcme Gateway 1.0 factory-dev /dev/ttyS0\r\n\r\r\n\rfactory-dev login: "[..],
                Prompt::Login,
            ),
            (b"root\r\nPassword: ", Prompt::Password),
            (b"Enter 'help' for a list of built-in commands.\r\n\r\n~ # \x1b[6n", Prompt::Shell),
            (b"Last login: Mon\r\n\x1b[?2004hroot@dev:~$ ", Prompt::Shell),
            (b"> QUJD\r\n> \x1b[6n", Prompt::Continuation),
            (b"~ # [    2.895715] Uhhuh. NMI received\r\n", Prompt::Shell),
            (b"dev login: [    2.895715] Uhhuh. NMI", Prompt::Login),
            (b"Password: [    2.8957", Prompt::Password),
            (b"[    2.895715] Uhhuh. NMI received\r\n", Prompt::Unknown),
            (b"", Prompt::Unknown),
        ] {
            assert_eq!(prompt(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn kernel_messages_are_cut_out_wherever_they_fall() {
        let text = "MIIB[    2.895715] Uhhuh. NMI [x]\nAgEA\n[12.000001] again\nend [1] [a.b] x";
        assert_eq!(without_kernel(text), "MIIBAgEA\nend [1] [a.b] x");
    }

    proptest! {
        #[test]
        fn nothing_a_console_shows_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = prompt(&bytes);
            prop_assert!(!plain(&bytes).contains(['\x1b', '\r']));
        }

        #[test]
        fn text_without_stamps_is_left_alone(text in "[a-z \\[\\]\\n.]{0,80}") {
            prop_assert_eq!(without_kernel(&text), text);
        }
    }
}
