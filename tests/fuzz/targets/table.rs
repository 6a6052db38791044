//! A table that somebody hands in: the header, and each row with all its cells. Reading on from the end of any row finds
//! the next one.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use lineside::station::batch::table::{Row, Table};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut table) = Table::read(Cursor::new(bytes)) else { return };
    let header = table.header().clone();
    let (mut row, mut again) = (Row::default(), Row::default());
    let mut before: Option<(u64, u64)> = None;
    while let Ok(true) = table.next(&mut row) {
        assert!(!row.is_empty());
        assert!(row.cells().all(|cell| cell.len() <= bytes.len()));
        let _ = row.fault(&header);
        if let Some((end, line)) = before {
            let rest = &bytes[usize::try_from(end).expect("a place in memory")..];
            let mut part = Table::part(Cursor::new(rest), header.clone(), line + 1);
            assert!(matches!(part.next(&mut again), Ok(true)));
            assert!(row.cells().eq(again.cells()));
        }
        assert!(before.is_none_or(|(end, _)| end < row.end));
        before = Some((row.end, row.line));
    }
});
