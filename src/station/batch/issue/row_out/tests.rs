use super::*;
use crate::station::batch::table::Table;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use std::io::Cursor;

const DER: &[u8] = &[0x30; 500];
const OURS: &str = "registration_id,cert_serial,not_after,sha1,sha256,certificate_pem";

/// Writes an input's rows out, all with the same certificate.
fn output(input: &[u8], clear_keys: bool, key: Option<&Secret>) -> Vec<u8> {
    let mut table = Table::read(Cursor::new(input.to_vec())).unwrap();
    let mut writer = RowOut::new(table.header(), clear_keys);
    let (sha1, sha256) = (Thumbprint::sha1(DER), Digest::of(DER));
    let id = "sn-17".parse().unwrap();
    let mut out = Vec::new();
    writer.header(&mut out);
    let mut row = Row::default();
    let mut seconds = 0;
    while table.next(&mut row).unwrap() {
        let not_after = UtcTime::from_seconds(seconds);
        seconds += 1;
        let issued = Issued {
            registration_id: &id,
            cert_serial: &CertSerial::new(not_after, [7; 10]),
            not_after,
            sha1: &sha1,
            sha256: &sha256,
            certificate: DER,
            private_key: key,
        };
        writer.row(&row, &issued, &mut out);
    }
    out
}

fn read(csv: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(csv);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #[test]
    fn a_reader_of_csv_finds_the_input_and_what_was_issued(
        delimiter in proptest::sample::select(&b",;\t"[..]),
        // a row of empty cells is none
        rows in proptest::collection::vec(
            ["S(\\PC|[\r\n\",;\t=]){0,12}", "(\\PC|[\r\n\",;\t=]){0,12}", "\\PC{0,3}"], 1..20,
        ),
        clear_keys in any::<bool>(),
    ) {
        let mut input = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        input.write_record(["serial", "n\no\"te", "more"]).unwrap();
        rows.iter().for_each(|row| input.write_record(row).unwrap());
        let key = Secret::from("-----BEGIN \"KEY\"-----\nMC4C\n".to_owned());
        let out = output(&input.into_inner().unwrap(), clear_keys, Some(&key));
        let read = read(&out, delimiter);
        prop_assert_eq!(&read[0][..3], ["serial", "n\no\"te", "more"]);
        prop_assert_eq!(read.len(), rows.len() + 1);
        for (second, (row, written)) in rows.iter().zip(&read[1..]).enumerate() {
            prop_assert_eq!(&written[..3], row);
            prop_assert_eq!(&written[3], "sn-17");
            let not_after = UtcTime::from_seconds(i64::try_from(second).unwrap());
            prop_assert_eq!(written[4].parse(), Ok(CertSerial::new(not_after, [7; 10])));
            prop_assert_eq!(written[5].parse(), Ok(not_after));
            prop_assert_eq!(written[6].parse(), Ok(Thumbprint::sha1(DER)));
            prop_assert_eq!(written[7].parse(), Ok(Digest::of(DER)));
            let lines = written[8].lines().filter(|line| !line.starts_with("-----"));
            prop_assert_eq!(STANDARD.decode(lines.collect::<String>()), Ok(DER.to_vec()));
            prop_assert_eq!(written.get(9).map(String::as_bytes), clear_keys.then(|| key.expose()));
        }
    }
}

#[test]
fn columns_of_an_earlier_output_are_replaced_in_their_places() {
    let header = |input: &str, clear_keys: bool| {
        let out = output(input.as_bytes(), clear_keys, None);
        String::from_utf8(out).unwrap().lines().next().unwrap().to_owned()
    };
    assert_eq!(header("serial,note\n", false), format!("serial,note,{OURS}"));
    assert_eq!(header("serial,note\n", true), format!("serial,note,{OURS},private_key_pem"));
    let ours = &OURS["registration_id,".len()..];
    assert_eq!(header("Device_ID,serial\n", false), format!("registration_id,serial,{ours}"));
    let earlier = format!("note,{OURS},private_key_pem,serial\n");
    assert_eq!(header(&earlier, true), earlier.trim_end());
    assert_eq!(header(&earlier, false), format!("note,{OURS},serial"));
    let out = output(format!("{earlier}x,old,old,old,old,old,old,old,00017\n").as_bytes(), false, None);
    let row = &read(&out, b',')[1];
    assert_eq!((row[0].as_str(), row[1].as_str(), row[7].as_str()), ("x", "sn-17", "00017"));
    assert!(!row.contains(&"old".to_owned()));
}

#[test]
fn a_short_row_is_filled_and_formulas_stay_the_users_own() {
    let out = output(b"serial;note;more\n007;=1+1\n", false, None);
    let row = &read(&out, b';')[1];
    assert_eq!(row[..4], ["007", "=1+1", "", "sn-17"]);
    // a name that begins with a byte order mark survives at the begin of the file
    let out = output("\u{feff}\"\u{feff}serial\",b\n1,2\n".as_bytes(), false, None);
    assert!(out.starts_with(b"\"\xef\xbb\xbfserial\",b,"));
}
