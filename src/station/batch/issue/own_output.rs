//! Whether the output that lies there is that of the batch that is to go on: nothing is cut off or removed before that is
//! certain. A batch knows its output by name only, and the folder may be another one than last time.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::failed::IssueFailed;
use super::key_file::KeyFolder;
use crate::domain::cert_serial::CertSerial;
use crate::store::Store;
use crate::store::bulk;

/// The first row begins and ends within so many bytes.
const FIRST_ROW: u64 = 4 << 20;

/// Refuses an output whose first row has a certificate that this batch never intended, or none.
pub fn must_be_ours(store: &Store, batch: u64, output: &Path) -> Result<(), IssueFailed> {
    let file = match File::open(output) {
        Ok(file) => file,
        // rows are written before keys, so keys without rows are not ours
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            let keys = KeyFolder::of(output);
            let holds_files = keys.read_dir().is_ok_and(|mut files| files.next().is_some());
            return if holds_files { Err(IssueFailed::OutputTaken(keys)) } else { Ok(()) };
        }
        Err(cause) => return Err(IssueFailed::Read { path: output.to_owned(), cause }),
    };
    let taken = || IssueFailed::OutputTaken(output.to_owned());
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(file.take(FIRST_ROW));
    let header = table.headers().map_err(|_| taken())?;
    if header.is_empty() {
        return Ok(());
    }
    let place = header.iter().position(|name| name == "cert_serial").ok_or_else(taken)?;
    let Some(Ok(first)) = table.records().next() else { return Ok(()) };
    // a row that was cut off before its number says nothing
    let Some(number) = first.get(place) else { return Ok(()) };
    let serial: CertSerial = number.parse().map_err(|_| taken())?;
    match store.read(|r| bulk::knows(r, batch, &serial))? {
        true => Ok(()),
        false => Err(taken()),
    }
}
