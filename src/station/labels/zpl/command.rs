//! The commands of a label: a prefix, two characters, parameters up to the next prefix.

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command<'t> {
    /// With its prefix, in capitals: `^FD`, `~JA`.
    pub(super) name: String,
    /// Everything up to the next command.
    pub(super) rest: &'t str,
}

/// All commands of a text; what stands before the first is passed over.
pub(super) fn commands(text: &str) -> impl Iterator<Item = Command<'_>> {
    let mut left = text.find(['^', '~']).map_or("", |at| &text[at..]);
    std::iter::from_fn(move || {
        let prefix = left.chars().next()?;
        let body = &left[1..];
        let end = body.find(['^', '~']).unwrap_or(body.len());
        let (inside, after) = body.split_at(end);
        left = after;
        // two characters, or what there is
        let split = inside.char_indices().nth(2).map_or(inside.len(), |(at, _)| at);
        let (name, rest) = inside.split_at(split);
        let name = format!("{prefix}{}", name.trim_end().to_uppercase());
        Some(Command { name, rest })
    })
}

impl Command<'_> {
    /// The parameter at this place, counted from 0.
    pub(super) fn word(&self, at: usize) -> &str {
        self.rest.trim().split(',').nth(at).unwrap_or_default().trim()
    }

    /// The same as a number.
    pub(super) fn number(&self, at: usize) -> Option<u32> {
        self.word(at).parse().ok()
    }

    /// The data of a field: line ends do not count; with an indicator (`^FH`), two hexadecimal digits behind it
    /// are a byte. At most so many bytes.
    pub(super) fn data(&self, indicator: Option<char>, longest: usize) -> String {
        let mut bytes = Vec::new();
        let mut rest = self.rest;
        while let Some(c) = rest.chars().next() {
            let behind = &rest[c.len_utf8()..];
            rest = behind;
            if c == '\n' || c == '\r' {
                continue;
            }
            let coded = behind.get(..2).filter(|_| indicator == Some(c));
            match coded.filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit())) {
                Some(two) => {
                    bytes.extend(u8::from_str_radix(two, 16));
                    rest = &behind[2..];
                }
                None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            if bytes.len() >= longest {
                break;
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
