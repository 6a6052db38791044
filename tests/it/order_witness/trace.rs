//! What `strace -f -y -xx` saw of a program: its writes and syncs, in the order that counts. A write counts from its
//! beginning, a sync from its end.

use std::collections::BTreeMap;

/// The calls that are traced: everything that can carry bytes out of a program, and what makes them durable.
pub const CALLS: &str =
    "trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,fsync,fdatasync";

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Bytes that went to a file, a line or a socket.
    Write { to: String, bytes: Vec<u8> },
    /// A file is durable as far as it was written.
    Sync { of: String },
}

/// Reads the trace of a program that has ended.
pub fn read(text: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    // by process: the sync, or the place of the write, whose end is yet to come
    let mut syncing = BTreeMap::new();
    let mut writing = BTreeMap::new();
    for line in text.lines() {
        let (process, rest) = line.split_once(' ').unwrap_or_else(|| panic!("not a line of strace: {line}"));
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let ended = result(resumed).unwrap_or_else(|| panic!("no result: {line}"));
            if let Some(of) = syncing.remove(process).filter(|_| ended == 0) {
                calls.push(Call::Sync { of });
            }
            if let Some(at) = writing.remove(process)
                && let Some(Call::Write { bytes, .. }) = calls.get_mut(at)
            {
                bytes.truncate(usize::try_from(ended).unwrap_or(0));
            }
            continue;
        }
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        let (name, arguments) = rest.split_once('(').unwrap_or_else(|| panic!("not a call: {line}"));
        let file = file(arguments);
        let ended = result(arguments);
        match (name, ended) {
            ("fsync" | "fdatasync", Some(0)) => calls.push(Call::Sync { of: file }),
            ("fsync" | "fdatasync", Some(_)) => {}
            ("fsync" | "fdatasync", None) => {
                syncing.insert(process, file);
            }
            (_, ended) => {
                let mut bytes = strings(arguments, line);
                match ended {
                    Some(count) => bytes.truncate(usize::try_from(count).unwrap_or(0)),
                    None => {
                        writing.insert(process, calls.len());
                    }
                }
                calls.push(Call::Write { to: file, bytes });
            }
        }
    }
    calls
}

/// What a call returned, once it has.
fn result(call: &str) -> Option<i64> {
    let (_, result) = call.rsplit_once(" = ")?;
    result.split_whitespace().next()?.parse().ok()
}

/// The file behind the first argument: `4</a/b>` with each byte of the path as `\xHH`.
fn file(arguments: &str) -> String {
    let path = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path);
    String::from_utf8_lossy(&unescape(path.unwrap_or_default())).into_owned()
}

/// All strings among the arguments, one after the other.
fn strings(arguments: &str, line: &str) -> Vec<u8> {
    assert!(!arguments.contains("\"..."), "strace cut the bytes off: {line}");
    arguments.split('"').skip(1).step_by(2).flat_map(unescape).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    text.split("\\x").filter_map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
}

/// Everything that was written to one place, and where in it each write begins.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    /// Offset in `bytes`, and the call.
    starts: Vec<(usize, usize)>,
}

/// The first write to this file (or to any) that begins any of these texts; a text may come in several writes.
pub fn first(calls: &[Call], wanted: Option<&str>, texts: &[&[u8]]) -> Option<usize> {
    let mut streams: BTreeMap<&str, Stream> = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        if let Call::Write { to, bytes } = call
            && wanted.is_none_or(|wanted| wanted == to)
        {
            let stream = streams.entry(to).or_default();
            stream.starts.push((stream.bytes.len(), at));
            stream.bytes.extend_from_slice(bytes);
        }
    }
    let found = streams.values().flat_map(|Stream { bytes, starts }| {
        texts.iter().filter_map(move |text| {
            let place = bytes.windows(text.len()).position(|window| window == *text)?;
            starts.iter().rev().find(|(start, _)| *start <= place).map(|(_, at)| *at)
        })
    });
    found.min()
}
