//! What the beginning of a file tells: whether it is text in UTF-8, and what separates its cells.

use memchr::memchr_iter;

use super::fault::BadTable;
use super::{Column, DELIMITERS};

/// How much of a file is looked at.
pub const HEAD: usize = 65_536;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sniffed {
    /// Where the text begins: behind a byte order mark, if there is one.
    pub begin: usize,
    /// What separates the cells.
    pub delimiter: u8,
}

/// Files that are often taken for tables, by how they begin. ZIP: APPNOTE 4.3.7; OLE2: MS-CFB 2.2; gzip: RFC 1952.
const OTHERS: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "a ZIP archive, such as an XLSX or ODS workbook"),
    (b"\xd0\xcf\x11\xe0", "an old workbook (XLS)"),
    (b"\x1f\x8b", "compressed by gzip"),
    (b"%PDF-", "a PDF document"),
];

/// Byte order marks other than UTF-8's (Unicode, section 23.8); the longer one first.
const MARKS: [(&[u8], &str); 4] = [
    (b"\xff\xfe\0\0", "UTF-32 (little-endian)"),
    (b"\0\0\xfe\xff", "UTF-32 (big-endian)"),
    (b"\xff\xfe", "UTF-16 (little-endian)"),
    (b"\xfe\xff", "UTF-16 (big-endian)"),
];

/// Looks at the first bytes of a file, up to [`HEAD`] of them.
///
/// # Errors
/// What the file is instead of UTF-8 text.
pub fn sniff(head: &[u8]) -> Result<Sniffed, BadTable> {
    if let Some((_, what)) = OTHERS.into_iter().find(|(start, _)| head.starts_with(start)) {
        return Err(BadTable::OtherFile { what });
    }
    if let Some((_, name)) = MARKS.into_iter().find(|(start, _)| head.starts_with(start)) {
        return Err(BadTable::Encoding { name });
    }
    if let Some(name) = unmarked_utf16(head) {
        return Err(BadTable::Encoding { name });
    }
    let begin = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    Ok(Sniffed { begin, delimiter: delimiter(first_line(&head[begin..])) })
}

/// UTF-16 without its mark: of Latin letters, every other byte is zero.
fn unmarked_utf16(head: &[u8]) -> Option<&'static str> {
    let sample = &head[..head.len().min(4096)];
    let (mut even, mut odd) = (0, 0);
    for at in memchr_iter(0, sample) {
        if at % 2 == 0 { even += 1 } else { odd += 1 }
    }
    let many = sample.len() / 8;
    if odd > many && odd > 8 * even {
        Some("UTF-16 (little-endian)")
    } else if even > many && even > 8 * odd {
        Some("UTF-16 (big-endian)")
    } else {
        None
    }
}

/// The first line that is not empty, up to a line end outside quotes.
fn first_line(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
    let text = &text[start..];
    let mut quoted = false;
    let end = text.iter().position(|&byte| {
        quoted ^= byte == b'"';
        !quoted && matches!(byte, b'\n' | b'\r')
    });
    &text[..end.unwrap_or(text.len())]
}

/// The delimiter by which the most names are known, else the one that stands there most often outside quotes.
fn delimiter(line: &[u8]) -> u8 {
    let weight = |delimiter: u8| {
        let mut quoted = false;
        let cells = line.split(|&byte| {
            quoted ^= byte == b'"';
            !quoted && byte == delimiter
        });
        let (mut known, mut all) = (0, 0);
        for cell in cells {
            all += 1;
            let name = std::str::from_utf8(cell).unwrap_or_default().trim().trim_matches('"').trim();
            known += usize::from(Column::named(name).is_some());
        }
        (known, all)
    };
    // of equals, the last is taken, which is the comma
    DELIMITERS.into_iter().rev().max_by_key(|&delimiter| weight(delimiter)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(head: &[u8]) -> u8 {
        sniff(head).unwrap().delimiter
    }

    #[test]
    fn the_delimiter_is_found_whatever_stands_in_quotes() {
        assert_eq!(found(b"serial,mac\n1;2;3;4,5"), b',');
        assert_eq!(found(b"serial;mac\r\n"), b';');
        assert_eq!(found(b"serial\tmac\r"), b'\t');
        assert_eq!(found(b"serial\n"), b',');
        assert_eq!(found(b"\"a,b,c,d\";serial\n"), b';');
        assert_eq!(found(b"\"a\n;;;;\",serial\n"), b',');
        assert_eq!(found(b"\n\r\n\"serial\";\"note, long, and longer\""), b';');
        assert_eq!(found(b"serial,a;b;c\n"), b',', "a name that is known weighs more than a count");
        assert_eq!(sniff(b"\xef\xbb\xbfserial;mac\n").unwrap(), Sniffed { begin: 3, delimiter: b';' });
    }

    #[test]
    fn what_is_no_utf8_text_is_named() {
        let named = |head: &[u8]| sniff(head).unwrap_err().to_string();
        let wide = |text: &str, big: bool| {
            let units = text.encode_utf16();
            units
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect::<Vec<_>>()
        };
        for (big, name) in [(false, "UTF-16 (little-endian)"), (true, "UTF-16 (big-endian)")] {
            assert!(named(&wide("\u{feff}serial\n1\n", big)).contains(name));
            assert!(named(&wide("serial,mac\nSN-1,a\n", big)).contains(name));
        }
        assert!(named(b"\xff\xfe\0\0s\0\0\0").contains("UTF-32"));
        assert!(named(b"PK\x03\x04rest").contains("XLSX"));
        assert!(named(b"\xd0\xcf\x11\xe0\xa1").contains("XLS"));
        assert!(sniff(b"serial\n\0\0\0").is_ok(), "a few zeros are told with their line");
    }
}
