use super::*;
use proptest::prelude::*;

#[test]
fn a_label_is_read() {
    let text = "^XA^CI28^PW400^LL200^LH10,5\n^FO20,30^A0N,40,30^FB200,2,0,C^FH_^FDSN_5F1 _C3_A4^FS\n\
                ^FO0,0^GB100,50,3,W^FS^FO1,2^BQN,2,4^FDMA,https://x^FS^FT7,90^BXN,6,200^FH^FDA_5EB^FS\
                ^BY3^FO5,5^BCN,60,N^FDAB>0^FS^XZ";
    let drawing = read(text);
    assert_eq!((drawing.width, drawing.height), (Some(400), Some(200)));
    assert_eq!(drawing.fields, ["SN_1 ä", "MA,https://x", "A^B", "AB>0"]);
    assert!(drawing.not_shown.is_empty(), "{:?}", drawing.not_shown);
    let item = |x, y, shape| Item { x, y, from_base: false, shape };
    let block = Some(Block { width: 200, lines: 2, justify: 'C' });
    let data = |text: &str| text.to_owned();
    assert_eq!(
        drawing.items,
        [
            item(30, 35, Shape::Text { text: data("SN_1 ä"), height: 40, width: 30, block }),
            item(10, 5, Shape::Box { width: 100, height: 50, line: 3, white: true }),
            item(11, 7, Shape::Qr { data: data("https://x"), module: 4, level: 'M' }),
            Item { from_base: true, ..item(17, 95, Shape::DataMatrix { data: data("A^B"), module: 6 }) },
            item(15, 10, Shape::Code128 { data: data("AB>"), module: 3, height: 60, text: false }),
        ]
    );
}

#[test]
fn what_is_not_read_is_named() {
    let drawing =
        read("~JA^XA^FO1,1^ABN,11,7^FDx^FS^FO1,1^A0R,20^FDy^FS^BQN,2,4^FDHM,A1^FS^GC50^XZ^XA^FDz^FS^XZ");
    let named: Vec<&str> = drawing.not_shown.iter().map(String::as_str).collect();
    assert_eq!(named, ["^A0", "^AB", "^FD", "^GC", "~JA"]);
    assert!(drawing.items.is_empty());
    let two = read("^XA^FDa^FS^XA^FDb^FS^XZ");
    assert!(two.not_shown.contains("^XA") && two.fields == ["a"]);
}

proptest! {
    #[test]
    fn whatever_is_read_stays_within_bounds(text in "([\\^~](XA|XZ|FO|FT|A0|FD|FS|FH|BQ|BX|BC|GB|FB|PW|\\PC)?|[0-9,_A-Z]|\\PC){0,300}") {
        let drawing = read(&format!("^XA{text}"));
        prop_assert!(drawing.items.len() <= MOST_ITEMS && drawing.not_shown.len() <= MOST_UNKNOWN + 1);
        prop_assert!(drawing.fields.iter().all(|field| field.len() <= LONGEST_FIELD * 3 + 12));
        prop_assert!(drawing.items.iter().all(|item| item.x <= 2 * LARGEST && item.y <= 2 * LARGEST));
    }
}

#[test]
fn a_label_without_end_ends() {
    let drawing = read(&format!("^XA{}", "^FO1,1^FDx^FS".repeat(5000)));
    assert_eq!(drawing.items.len(), MOST_ITEMS);
    assert_eq!(read(&format!("^XA^FD{}^FS", "y".repeat(100_000))).fields[0].len(), LONGEST_FIELD);
}
