//! Lines of the `lineside` protocol as bytes, both ways; pure. The grammar stands in ARCHITECTURE.md.

/// The longest line with its line feed, without its body.
pub const LONGEST_LINE: usize = 512;
/// Check and line feed after a body.
const TRAILER: usize = 9;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The station: `>`.
    Request,
    /// The device: `<`.
    Reply,
}

impl Mark {
    fn byte(self) -> u8 {
        match self {
            Mark::Request => b'>',
            Mark::Reply => b'<',
        }
    }
}

/// One line with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The request's number.
    pub number: u32,
    /// Its words, decoded; an absent one is empty.
    pub words: Vec<String>,
    /// The raw bytes after it.
    pub body: Option<Vec<u8>>,
}

/// What the first received bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Nothing yet; wait for more.
    More,
    /// This many bytes are no line.
    Garbage(usize),
    /// The line with this number is good, its body is not; this many bytes are used up.
    BadBody(u32, usize),
    /// A line, and how many bytes it took.
    Good(Frame, usize),
}

/// A whole line as it goes over the wire.
pub fn print(mark: Mark, number: u32, words: &[&str], body: Option<&[u8]>) -> Vec<u8> {
    let mut line = vec![mark.byte()];
    line.extend_from_slice(number.to_string().as_bytes());
    for word in words {
        line.push(b' ');
        encode(word, &mut line);
    }
    if let Some(body) = body {
        line.extend_from_slice(format!(" +{}", body.len()).as_bytes());
    }
    line.push(b' ');
    let check = crc32(&line);
    line.extend_from_slice(format!("*{check:08x}\n").as_bytes());
    if let Some(body) = body {
        line.extend_from_slice(body);
        line.extend_from_slice(format!("{:08x}\n", crc32(body)).as_bytes());
    }
    line
}

/// Reads the first line of `bytes`. Damage costs the mark only: what follows it may hold a good line.
pub fn parse(mark: Mark, bytes: &[u8], longest_body: usize) -> Parsed {
    match bytes.iter().position(|byte| *byte == mark.byte()) {
        None if bytes.is_empty() => return Parsed::More,
        None => return Parsed::Garbage(bytes.len()),
        Some(0) => {}
        Some(at) => return Parsed::Garbage(at),
    }
    let head = bytes.get(..LONGEST_LINE.min(bytes.len())).unwrap_or_default();
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return if head.len() == LONGEST_LINE { Parsed::Garbage(1) } else { Parsed::More };
    };
    let Some((number, words, length)) = parse_line(head.get(1..end).unwrap_or_default(), mark) else {
        return Parsed::Garbage(1);
    };
    let start = end + 1;
    let Some(length) = length else {
        return Parsed::Good(Frame { number, words, body: None }, start);
    };
    if length > longest_body {
        return Parsed::Garbage(1);
    }
    let Some(trailer) = bytes.get(start + length..start + length + TRAILER) else {
        return Parsed::More;
    };
    let body = bytes.get(start..start + length).unwrap_or_default();
    let used = start + length + TRAILER;
    if trailer == format!("{:08x}\n", crc32(body)).as_bytes() {
        Parsed::Good(Frame { number, words, body: Some(body.to_vec()) }, used)
    } else {
        // bytes were lost or changed inside the body: the next line may have begun within it
        Parsed::BadBody(number, start)
    }
}

/// The line without mark and line feed: its number, its words and the length of its body.
fn parse_line(line: &[u8], mark: Mark) -> Option<(u32, Vec<String>, Option<usize>)> {
    let split = line.len().checked_sub(TRAILER)?;
    let (head, check) = line.split_at_checked(split)?;
    let mut checked = vec![mark.byte()];
    checked.extend_from_slice(head);
    if check != format!("*{:08x}", crc32(&checked)).as_bytes() {
        return None;
    }
    let text = std::str::from_utf8(head).ok()?.strip_suffix(' ')?;
    let mut parts = text.split(' ');
    let number = decimal(parts.next()?)?;
    let mut words = Vec::new();
    let mut length = None;
    for part in parts {
        match part.strip_prefix('+') {
            _ if length.is_some() => return None,
            Some(digits) => length = Some(usize::try_from(decimal(digits)?).ok()?),
            None => words.push(decode(part)?),
        }
    }
    if words.is_empty() { None } else { Some((number, words, length)) }
}

fn decimal(text: &str) -> Option<u32> {
    let digits = (1..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn encode(word: &str, line: &mut Vec<u8>) {
    if word.is_empty() {
        line.push(b'-');
    } else if word == "-" {
        line.extend_from_slice(b"%2d");
    }
    for byte in word.bytes().take(if word == "-" { 0 } else { usize::MAX }) {
        match byte {
            b'%' | b'*' | b'+' => line.extend_from_slice(format!("%{byte:02x}").as_bytes()),
            b'!'..=b'~' => line.push(byte),
            other => line.extend_from_slice(format!("%{other:02x}").as_bytes()),
        }
    }
}

fn decode(word: &str) -> Option<String> {
    if word == "-" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match first {
            b'%' => {
                let digits = after.get(..2)?;
                let mut byte = [0];
                hex::decode_to_slice(digits, &mut byte).ok()?;
                bytes.extend_from_slice(&byte);
                after.get(2..)?
            }
            b'!'..=b'~' => {
                bytes.push(*first);
                after
            }
            _ => return None,
        };
    }
    if bytes.is_empty() { None } else { String::from_utf8(bytes).ok() }
}

/// CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320), as in zlib.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        let at = (crc ^ u32::from(*byte)) & 0xff;
        (crc >> 8) ^ usize::try_from(at).ok().and_then(|at| TABLE.get(at)).copied().unwrap_or(0)
    })
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    let mut start: u32 = 0;
    while at < 256 {
        let mut crc = start;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
        start += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame() -> impl Strategy<Value = Frame> {
        let words = proptest::collection::vec("[ -~äß\\n%*+-]{0,12}", 1..6);
        let body = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200));
        (0u32..10_000_000, words, body).prop_map(|(number, words, body)| Frame { number, words, body })
    }

    fn printed(frame: &Frame) -> Vec<u8> {
        let words: Vec<&str> = frame.words.iter().map(String::as_str).collect();
        print(Mark::Reply, frame.number, &words, frame.body.as_deref())
    }

    /// Everything that can be read out of a stream.
    fn read_all(mut bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let used = match parse(Mark::Reply, bytes, 4096) {
                Parsed::More => return frames,
                Parsed::Garbage(used) | Parsed::BadBody(_, used) => used,
                Parsed::Good(frame, used) => {
                    frames.push(frame);
                    used
                }
            };
            assert!(used > 0);
            bytes = &bytes[used..];
        }
    }

    proptest! {
        #[test]
        fn parse_after_print_is_identity(frame in frame()) {
            let bytes = printed(&frame);
            prop_assert_eq!(parse(Mark::Reply, &bytes, 4096), Parsed::Good(frame, bytes.len()));
        }

        #[test]
        fn half_a_line_waits_for_the_rest(frame in frame(), cut in any::<proptest::sample::Index>()) {
            let bytes = printed(&frame);
            prop_assert_eq!(parse(Mark::Reply, &bytes[..cut.index(bytes.len())], 4096), Parsed::More);
        }

        #[test]
        fn one_changed_byte_is_never_taken_for_the_truth(frame in frame(), at in any::<proptest::sample::Index>(), flip in 1u8..) {
            let mut bytes = printed(&frame);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(!read_all(&bytes).contains(&frame));
        }

        #[test]
        fn a_line_is_found_behind_garbage(garbage in proptest::collection::vec(any::<u8>(), 0..300), frame in frame()) {
            let mut bytes = garbage;
            bytes.push(b'\n');
            bytes.extend_from_slice(&printed(&frame));
            prop_assert!(read_all(&bytes).contains(&frame));
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = read_all(&bytes);
        }
    }

    #[test]
    fn the_check_is_the_one_of_zlib() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_pages_example_is_true() {
        let page = include_str!("../../../ARCHITECTURE.md");
        let example = page.split("## Example\n```\n").nth(1).unwrap().split("```").next().unwrap();
        let lines: Vec<&str> = example.lines().collect();
        for (mark, start) in [(Mark::Request, '>'), (Mark::Reply, '<')] {
            for line in lines.iter().filter(|line| line.starts_with(start)) {
                let body = if line.contains('+') { "{}a3a6bf43\n" } else { "" };
                let bytes = format!("{line}\n{body}");
                let parsed = parse(mark, bytes.as_bytes(), 4096);
                let words = line[1..].split(" *").next().unwrap();
                let words: Vec<&str> = words.split(' ').skip(1).filter(|w| !w.starts_with('+')).collect();
                let number = line[1..2].parse().unwrap();
                let right = print(mark, number, &words, if body.is_empty() { None } else { Some(b"{}") });
                assert!(matches!(parsed, Parsed::Good(..)), "should be {}", String::from_utf8_lossy(&right));
            }
        }
    }
}
