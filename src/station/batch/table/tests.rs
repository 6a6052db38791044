use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::domain::code::{Code, Coded, sentence};
use crate::station::batch::identity_cells::IdentityRule;
use crate::station::batch::result_file::{Fate, ResultFile};

#[derive(Debug, PartialEq, Deserialize)]
struct Fault {
    line: Option<u64>,
    code: String,
    message: String,
}

/// What becomes of a file: it is refused as a whole, or some rows are.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Expected {
    File { file: Fault },
    Rows { good: u64, rows: Vec<Fault> },
}

fn fate_of(path: &Path) -> Result<Expected, BadTable> {
    let mut table = Table::open(path)?;
    if table.header().place(Column::RegistrationId).is_none() {
        table.header().require(&[Column::Serial])?;
    }
    let (mut good, mut rows, mut row) = (0, Vec::new(), Row::default());
    while table.next(&mut row)? {
        let shape = row.fault(table.header()).map_or(Ok(()), Err);
        match shape.and_then(|()| IdentityRule::default().read(table.header(), &row)) {
            Ok(_) => good += 1,
            Err(RowFault { line, code, message }) => {
                rows.push(Fault { line: Some(line), code: code.to_string(), message });
            }
        }
    }
    Ok(Expected::Rows { good, rows })
}

#[test]
fn every_ugly_file_meets_its_expectation_to_the_letter() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bad");
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = expected.keys().cloned().chain(["expected.json".to_owned()]).collect();
    assert_eq!(names, known, "each file has an expectation, and each expectation a file");
    for (name, expected) in expected {
        let found = fate_of(&folder.join(&name)).unwrap_or_else(|bad| Expected::File {
            file: Fault { line: None, code: bad.code().to_string(), message: sentence(&bad) },
        });
        assert_eq!(found, expected, "{name}");
    }
}

fn rows_of(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, BadTable> {
    let mut table = Table::read(bytes)?;
    let (mut all, mut row) = (Vec::new(), Row::default());
    while table.next(&mut row)? {
        all.push((row.line, row.cells().map(str::to_owned).collect()));
    }
    Ok(all)
}

fn lines_of(text: &str) -> Vec<u64> {
    rows_of(text.as_bytes()).unwrap().into_iter().map(|(line, _)| line).collect()
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    assert_eq!(lines_of("serial,b\n1,x\n\n\n2,x\n"), [2, 5]);
    assert_eq!(lines_of("serial,b\r\n1,x\r\n\r\n2,x"), [2, 4]);
    assert_eq!(lines_of("serial,b\r1,x\r2,x\r"), [2, 3]);
    assert_eq!(lines_of("\n\"serial\nnumber\",b\n1,\"x\ny\r\nz\"\n2,x\n"), [4, 7]);
    assert_eq!(lines_of("serial,b\n,\n  , \n3,x\n,,,,\n"), [4], "rows without any content are passed over");
}

#[test]
fn reading_goes_on_where_it_ended_in_whatever_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("\u{feff}serial;note{end}1;a{end}2;\"b{end}b\"{end}{end}3;c{end}");
        let place = tempfile::NamedTempFile::new().unwrap();
        place.as_file().write_all(text.as_bytes()).unwrap();
        let (mut all, mut row) = (Vec::new(), Row::default());
        let mut table = Table::open(place.path()).unwrap();
        while table.next(&mut row).unwrap() {
            all.push(row.clone());
        }
        assert_eq!(all.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 6]);
        for (at, begin) in all.iter().enumerate() {
            table.go_to(begin.end).unwrap();
            let mut rest = Vec::new();
            while table.next(&mut row).unwrap() {
                rest.push((row.line, row.end, row.cell(0).to_owned()));
            }
            let expected: Vec<_> =
                all[at + 1..].iter().map(|row| (row.line, row.end, row.cell(0).to_owned())).collect();
            assert_eq!(rest, expected, "{end:?} from row {at}");
        }
    }
}

/// Reads as many bytes of one kind as it was made for, and counts them.
struct Endless {
    start: Cursor<&'static [u8]>,
    byte: u8,
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let begun = self.start.read(buffer)?;
        if begun > 0 {
            return Ok(begun);
        }
        let length = buffer.len().min(self.left);
        buffer[..length].fill(self.byte);
        self.left -= length;
        Ok(length)
    }
}

#[test]
fn a_line_without_end_is_given_up_after_little_more_than_a_row() {
    let mut row = Row::default();
    for (start, fault) in [
        (&b"serial,note\nSN-1,"[..], "the row that begins in line 2 has more than 1048576 bytes"),
        (
            b"serial,note\nSN-1,x\nSN-2,\"",
            "the quote that opens in line 3 is not closed within 1048576 bytes",
        ),
    ] {
        let mut input = Endless { start: Cursor::new(start), byte: b'x', left: 100 << 20 };
        let mut table = Table::read(&mut input).unwrap();
        let bad = loop {
            match table.next(&mut row) {
                Ok(more) => assert!(more),
                Err(bad) => break bad,
            }
        };
        assert_eq!(bad.to_string(), fault);
        assert_eq!(bad.code(), Code::TableTooLarge);
        assert!(input.left > 98 << 20, "{} bytes were left", input.left);
    }
    let mut input = Endless { start: Cursor::new(b""), byte: b'x', left: 100 << 20 };
    assert!(matches!(Table::read(&mut input), Err(BadTable::LongRow { line: 1 })));
    assert!(input.left > 98 << 20);
}

/// As the csv crate reads it, which takes whatever it can.
fn by_the_crate(bytes: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let records = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect());
    records.filter(|cells: &Vec<String>| cells.iter().any(|cell| !cell.trim().is_empty())).collect()
}

/// Cells that are hard on a table: line ends, quotes, delimiters, formulas, zeros in front, letters of all kinds.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\"\r\n,;\t=@+ a0-]{0,12}",
        "\\PC{0,12}",
        "0{0,3}[0-9]{1,20}",
        Just("=HYPERLINK(\"http://192.0.2.1\")".to_owned()),
    ]
}

fn table_of_cells() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell(), width), 0..12))
}

fn written(delimiter: u8, rows: &[Vec<String>], width: usize) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let names: Vec<String> = (0..width).map(|place| format!("column {place}")).collect();
    writer.write_record(&names).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_written_is_read_back(
        mut rows in table_of_cells(),
        delimiter in prop::sample::select(&DELIMITERS[..]),
    ) {
        let width = rows.first().map_or(2, Vec::len).max(2);
        rows.iter_mut().for_each(|row| row.resize(width, String::new()));
        let read = rows_of(&written(delimiter, &rows, width)).unwrap();
        rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
        prop_assert_eq!(read.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn a_result_file_keeps_every_cell(mut rows in table_of_cells()) {
        let width = rows.first().map_or(2, Vec::len).max(2);
        rows.iter_mut().for_each(|row| row.resize(width, String::new()));
        let input = written(b';', &rows, width);
        let mut table = Table::read(input.as_slice()).unwrap();
        let mut result = ResultFile::begin(Vec::new(), &table.header().clone()).unwrap();
        let (mut row, mut all) = (Row::default(), Vec::new());
        while table.next(&mut row).unwrap() {
            result.row(&row, &Fate::Good { registration_id: Some("sn-1") }).unwrap();
            all.push(row.cells().map(str::to_owned).collect::<Vec<_>>());
        }
        let read = rows_of(&result.finish().unwrap()).unwrap();
        prop_assert_eq!(read.len(), all.len());
        for ((_, cells), own) in read.iter().zip(&all) {
            prop_assert_eq!(&cells[..width], &own[..]);
            prop_assert_eq!(&cells[width..], &["ok", "", "", "sn-1"]);
        }
    }

    #[test]
    fn rows_are_cut_as_the_csv_crate_cuts_them(text in "[\"a,\r\n é]{0,60}") {
        let bytes = format!("a,b\n{text}");
        match rows_of(bytes.as_bytes()) {
            Ok(rows) => {
                let cells: Vec<_> = rows.into_iter().map(|(_, cells)| cells).collect();
                prop_assert_eq!(&cells[..], &by_the_crate(bytes.as_bytes(), b',')[1..]);
            }
            Err(bad) => prop_assert!(matches!(bad, BadTable::OpenQuote { .. }), "{bad}"),
        }
    }

    #[test]
    fn mutated_files_never_panic(
        rows in table_of_cells(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = written(b',', &rows, rows.first().map_or(1, Vec::len));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(mut table) = Table::read(bytes.as_slice()) {
            let (mut row, mut last) = (Row::default(), 0);
            while let Ok(true) = table.next(&mut row) {
                prop_assert!(row.end > last && row.line > 0, "reading gets on");
                last = row.end;
                let held: usize = row.cells().map(str::len).sum();
                prop_assert!(held <= bytes.len());
                let _ = row.fault(table.header()).map_or(Ok(()), Err).and_then(|()| {
                    IdentityRule::default().read(table.header(), &row).map(|_| ())
                });
            }
        }
    }
}
