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
    output_of(input, Wanted { clear_keys, secondary: false }, key)
}

/// The second certificate of a row.
const OTHER: &[u8] = &[0x31; 300];

fn output_of(input: &[u8], wanted: Wanted, key: Option<&Secret>) -> Vec<u8> {
    let mut table = Table::read(Cursor::new(input.to_vec())).unwrap();
    let mut writer = RowOut::new(table.header(), wanted);
    let (sha1, sha256) = (Thumbprint::sha1(DER), Digest::of(DER));
    let (other_sha1, other_sha256) = (Thumbprint::sha1(OTHER), Digest::of(OTHER));
    let id = "sn-17".parse().unwrap();
    let mut out = Vec::new();
    writer.header(&mut out);
    let mut row = Row::default();
    let mut seconds = 0;
    while table.next(&mut row).unwrap() {
        let not_after = UtcTime::from_seconds(seconds);
        seconds += 1;
        let (serial, other) = (CertSerial::new(not_after, [7; 10]), CertSerial::new(not_after, [8; 10]));
        let primary = Certified {
            cert_serial: &serial,
            not_after,
            sha1: &sha1,
            sha256: &sha256,
            certificate: DER,
            private_key: key,
        };
        let secondary = Certified {
            cert_serial: &other,
            not_after: UtcTime::from_seconds(seconds + 1000),
            sha1: &other_sha1,
            sha256: &other_sha256,
            certificate: OTHER,
            private_key: key,
        };
        let certificates = Pair { primary, secondary: wanted.secondary.then_some(secondary) };
        writer.row(&row, &Issued { registration_id: &id, certificates }, &mut out);
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

#[test]
fn the_second_certificate_stands_behind_the_first_and_an_earlier_ones_columns_go() {
    let two = |clear_keys| Wanted { clear_keys, secondary: true };
    let key = Secret::from("KEY\n".to_owned());
    let out = output_of(b"serial\n007\n", two(true), Some(&key));
    let rows = read(&out, b',');
    let seconds: Vec<String> =
        OURS.split(',').skip(1).chain(["private_key_pem"]).map(|name| format!("secondary_{name}")).collect();
    assert_eq!(rows[0].join(","), format!("serial,{OURS},private_key_pem,{}", seconds.join(",")));
    let second = &rows[1][8..];
    assert_eq!(second[0].parse(), Ok(CertSerial::new(UtcTime::from_seconds(0), [8; 10])));
    assert_eq!(second[1].parse(), Ok(UtcTime::from_seconds(1001)));
    assert_eq!((second[2].parse(), second[3].parse()), (Ok(Thumbprint::sha1(OTHER)), Ok(Digest::of(OTHER))));
    let lines = second[4].lines().filter(|line| !line.starts_with("-----"));
    assert_eq!(STANDARD.decode(lines.collect::<String>()), Ok(OTHER.to_vec()));
    assert_eq!((second[5].as_str(), second.len()), ("KEY\n", 6));

    let sealed = output_of(&out, two(false), Some(&key));
    let names = &read(&sealed, b',')[0];
    assert_eq!(names.len(), 12);
    assert!(!names.iter().any(|name| name.contains("private")), "{names:?}");
    // where devices get one certificate only, nothing is left of the second
    let one = output(&out, false, None);
    assert_eq!(read(&one, b',')[0].join(","), format!("serial,{OURS}"));
}
