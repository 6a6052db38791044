use proptest::prelude::*;

use super::*;
use crate::domain::code::Code;
use crate::domain::pair::Which;
use crate::vault::derive::derive;
use crate::vault::group_key::GroupKey;

fn group() -> GroupKey {
    GroupKey::from_random(&Zeroizing::new([1; 64]), &Zeroizing::new([2; 64]))
}

fn key(id: &str) -> String {
    let key = derive(&group(), Which::Primary, &id.parse().unwrap()).base64();
    String::from_utf8(key.expose().to_vec()).unwrap()
}

/// A block that may hold anything.
fn place(line: u64) -> Place {
    Place { number: 0, line, end: 0, plain: false }
}

fn layout(header: &str, recipe: Option<&str>) -> Layout {
    let header = Table::read(header.as_bytes()).unwrap().header().clone();
    let product = recipe.map(|text| crate::domain::product::Product::parse(text).unwrap());
    let rule = product.as_ref().map_or_else(IdentityRule::default, IdentityRule::of);
    Layout { header, rule, forms: product.is_some() }
}

/// The output with its first line, and what came of it.
fn work(layout: &Layout, rows: &str, line: u64) -> (String, Made) {
    let deriver = Deriver::new(&group(), Which::Primary);
    let mut made = Made::default();
    Worker::new(layout, &deriver).work(rows.as_bytes(), place(line), &mut made).unwrap();
    let all = [layout.first_line(), made.rows.to_vec()].concat();
    (String::from_utf8(all).unwrap(), made)
}

#[test]
fn a_key_stands_behind_the_cells_of_its_row() {
    let layout = layout("note,registration_id", None);
    let (out, made) = work(&layout, "x,SN-1\r\n\r\n,\ny,sn-2", 2);
    let keys = [key("sn-1"), key("sn-2")];
    assert_eq!(out, format!("note,registration_id,symmetric_key\nx,SN-1,{}\ny,sn-2,{}\n", keys[0], keys[1]));
    assert_eq!((made.good, made.refused), (2, 0));
}

#[test]
fn faulty_rows_are_told_with_their_line_and_the_others_written() {
    let layout = layout("registration_id;note", None);
    let rows = "sn-1;a\nsn 2;b\n sn-3 ;c\nsn-4\n;d\n1,2E+11;e\nsn-7;f;g\n";
    let (out, made) = work(&layout, rows, 11);
    let written = [("sn-1", "sn-1;a"), ("sn-3", " sn-3 ;c")].map(|(id, row)| format!("{row};{}\n", key(id)));
    assert_eq!(out, format!("registration_id;note;symmetric_key\n{}", written.concat()));
    let faults: Vec<_> = made.faults.iter().map(|fault| (fault.line, fault.code)).collect();
    let expected = [
        (12, Code::RegistrationIdInvalid),
        (14, Code::RowShape),
        (15, Code::IdentityMissing),
        (16, Code::TurnedIntoNumber),
        (17, Code::RowShape),
    ];
    assert_eq!(faults, expected);
    let refused = String::from_utf8(made.refused_rows).unwrap();
    assert_eq!(refused.lines().count(), 5);
    assert!(refused.starts_with("sn 2;b;refused;LS-ID-04;"), "{refused}");
}

#[test]
fn a_recipe_forms_what_is_not_given() {
    let recipe = crate::station::products::built_in_text(&"demo-sensor".parse().unwrap()).unwrap();
    let template = crate::domain::product::Product::parse(recipe).unwrap().registration_id;
    let (serial, mac) = ("AB7".parse().unwrap(), "a0:b2:c3:d4:e5:f6".parse().unwrap());
    let id = template.registration_id(&serial, Some(&mac)).unwrap();
    let (id, key) = (id.as_str(), key(id.as_str()));
    let (out, _) = work(&layout("serial,mac", Some(recipe)), "AB7,a0b2c3d4e5f6\n", 2);
    assert_eq!(out, format!("serial,mac,registration_id,symmetric_key\nAB7,a0b2c3d4e5f6,{id},{key}\n"));
    let rows = ",AB7,a0b2c3d4e5f6\nsn-9,AB7,a0b2c3d4e5f6\n";
    let (out, made) = work(&layout("device_id,serial,mac", Some(recipe)), rows, 2);
    assert_eq!(out, format!("device_id,serial,mac,symmetric_key\n{id},AB7,a0b2c3d4e5f6,{key}\n"));
    assert_eq!(made.faults[0].code, Code::IdentityDisagrees);
}

proptest! {
    #[test]
    fn the_fast_way_and_the_thorough_one_agree(
        text in prop_oneof![
            "([a-z0-9 ._@-]{0,6}[,\n]){0,20}",
            "((sn-[A-Z0-9]{1,6}|[0-9]{1,4}|\\PC{0,5})(,|,,)[a-zé]{0,3}(\n|\r\n)){0,8}",
        ],
    ) {
        let layout = layout("registration_id,note", None);
        let deriver = Deriver::new(&group(), Which::Primary);
        let mut worker = Worker::new(&layout, &deriver);
        let (mut fast, mut thorough) = (Made::default(), Made::default());
        if let Some(text) = plain(text.as_bytes()) {
            worker.fast(text, 0, 2, &mut fast).unwrap();
            worker.thorough(text.as_bytes(), 2, &mut thorough).unwrap();
            prop_assert_eq!(&*fast.rows, &*thorough.rows);
            prop_assert_eq!(fast.refused_rows, thorough.refused_rows);
            prop_assert_eq!(fast.faults, thorough.faults);
            prop_assert_eq!((fast.good, fast.refused), (thorough.good, thorough.refused));
        }
    }

    #[test]
    fn cells_of_any_content_are_read_back(cells in prop::collection::vec("[\"a;\r\n,é ]{0,6}", 3)) {
        let layout = layout("registration_id;a;b;c", None);
        let mut row = Vec::new();
        layout.push_cell("sn-1", &mut row);
        cells.iter().for_each(|cell| layout.push_cell(cell, &mut row));
        row.pop();
        let (out, _) = work(&layout, std::str::from_utf8(&row).unwrap(), 2);
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(out.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        let expected: Vec<String> =
            ["sn-1".to_owned()].into_iter().chain(cells).chain([key("sn-1")]).collect();
        prop_assert_eq!(record.iter().collect::<Vec<_>>(), expected);
    }
}
