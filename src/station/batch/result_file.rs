//! The result file: the input's own rows, each with what became of it. Whoever mends it can give it in again.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::outcome::RowFault;
use super::table::{Column, Header, Row};
use crate::domain::code::Code;
use crate::station::csv_cells::defused;

/// The columns that tell what became of a row. Where an input has them, from an earlier result, they are replaced.
pub const COLUMNS: [&str; 3] = ["status", "error_code", "error"];

/// Where the result file of this input lies: `FILE.result.csv`, beside it.
pub fn beside(input: &Path) -> PathBuf {
    let mut name = input.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".result.csv");
    input.with_file_name(name)
}

/// What became of a row.
#[derive(Debug, Clone, Copy)]
pub enum Fate<'a> {
    /// It was taken.
    Good {
        /// The registration ID it has now.
        registration_id: Option<&'a str>,
    },
    /// The records had it already, just so.
    Unchanged {
        /// The registration ID it has.
        registration_id: Option<&'a str>,
    },
    /// It is without fault, but nothing of this file was taken.
    NotTaken,
    /// It was refused.
    Refused(&'a RowFault),
}

impl Fate<'_> {
    fn cells(&self) -> (&'static str, &str, &str, Option<&str>) {
        match self {
            Fate::Good { registration_id } => ("ok", "", "", *registration_id),
            Fate::Unchanged { registration_id } => ("unchanged", "", "", *registration_id),
            Fate::NotTaken => ("not-taken", "", "", None),
            Fate::Refused(fault) => ("refused", Code::as_str(fault.code), &fault.message, None),
        }
    }
}

/// Writes a result file row by row, in the delimiter of the input.
pub struct ResultFile<W: Write> {
    writer: csv::Writer<W>,
    /// The places of the input's cells that are kept.
    kept: Vec<usize>,
    /// How many columns the input has.
    width: usize,
    /// Where among them the registration ID stands; else it gets a column of its own.
    registration: Option<usize>,
}

impl<W: Write> ResultFile<W> {
    /// Writes the header.
    pub fn begin(output: W, header: &Header) -> Result<ResultFile<W>, csv::Error> {
        let mut file = ResultFile::go_on(output, header);
        for &place in &file.kept {
            file.writer.write_field(&header.names[place])?;
        }
        for column in COLUMNS {
            file.writer.write_field(column)?;
        }
        if file.registration.is_none() {
            file.writer.write_field("registration_id")?;
        }
        file.writer.write_record(None::<&[u8]>)?;
        Ok(file)
    }

    /// Goes on with a file, or a part of one, whose header is written already.
    pub fn go_on(output: W, header: &Header) -> ResultFile<W> {
        let writer = csv::WriterBuilder::new().delimiter(header.delimiter).flexible(true).from_writer(output);
        let ours = |name: &str| COLUMNS.contains(&name.to_lowercase().as_str());
        let kept: Vec<usize> = (0..header.names.len()).filter(|&place| !ours(&header.names[place])).collect();
        ResultFile {
            writer,
            kept,
            width: header.names.len(),
            registration: header.place(Column::RegistrationId),
        }
    }

    /// Writes a row with what became of it. The input's own cells stay as they are; what we say of them is defused.
    pub fn row(&mut self, row: &Row, fate: &Fate<'_>) -> Result<(), csv::Error> {
        let (status, code, error, id) = fate.cells();
        for &place in &self.kept {
            let own = row.cell(place);
            let formed = id.filter(|_| self.registration == Some(place) && own.trim().is_empty());
            self.writer.write_field(formed.unwrap_or(own))?;
        }
        self.writer.write_field(status)?;
        self.writer.write_field(code)?;
        self.writer.write_field(&*defused(error))?;
        if self.registration.is_none() {
            self.writer.write_field(id.unwrap_or_default())?;
        }
        // cells beyond the header are a fault of the row, and none of them is lost
        for beyond in row.cells().skip(self.width) {
            self.writer.write_field(beyond)?;
        }
        self.writer.write_record(None::<&[u8]>)
    }

    /// Flushes what was written and gives the output back.
    pub fn finish(self) -> Result<W, std::io::Error> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::batch::table::Table;
    use std::io::Cursor;

    fn result(input: &str, fate: &Fate<'_>) -> String {
        let mut table = Table::read(Cursor::new(input.as_bytes().to_vec())).unwrap();
        let mut file = ResultFile::begin(Vec::new(), &table.header().clone()).unwrap();
        let mut row = Row::default();
        while table.next(&mut row).unwrap() {
            file.row(&row, fate).unwrap();
        }
        String::from_utf8(file.finish().unwrap()).unwrap()
    }

    #[test]
    fn cells_beyond_the_header_are_kept() {
        let fault = RowFault { line: 2, code: Code::RowShape, message: "No.".to_owned() };
        let written = result("serial,note\n1,a,b,c\n", &Fate::Refused(&fault));
        let code = Code::RowShape;
        assert!(written.ends_with(&format!("\n1,a,refused,{code},No.,,b,c\n")), "{written}");
    }

    #[test]
    fn it_lies_beside_its_input() {
        assert_eq!(beside(Path::new("a/in.csv")), Path::new("a/in.csv.result.csv"));
        assert_eq!(beside(Path::new("in")), Path::new("in.result.csv"));
    }

    #[test]
    fn an_earlier_result_is_replaced() {
        let fate = Fate::Good { registration_id: Some("sn-1") };
        let first = result("serial;note\n007;=1+1\n", &fate);
        assert_eq!(first, "serial;note;status;error_code;error;registration_id\n007;=1+1;ok;;;sn-1\n");
        let fault = RowFault { line: 2, code: Code::SerialInvalid, message: "=x.".to_owned() };
        let second = result(&first, &Fate::Refused(&fault));
        let code = Code::SerialInvalid;
        assert_eq!(
            second,
            format!(
                "serial;note;registration_id;status;error_code;error\n007;=1+1;sn-1;refused;{code};'=x.\n"
            )
        );
    }
}
