use std::fs;

use super::*;
use crate::domain::code::Code;
use crate::domain::person::Actor;
use crate::station::testing::Bench;

fn ask(format: Format) -> ExportAsk {
    ExportAsk { format, columns: Vec::new(), tags: Vec::new(), selection: Selection::default(), raw: false }
}

fn export(
    bench: &Bench,
    ask: &ExportAsk,
    keys: Option<&Unlocked>,
    to: To<'_>,
) -> Result<Outcome, ExportFailed> {
    let right = Engineering::at_the_terminal(Actor::Station);
    run(&bench.folder, &bench.store, keys, &right, ask, to, &Progress::default())
}

#[test]
fn a_station_without_devices_gives_a_header_and_a_manifest_of_nothing() {
    let bench = Bench::new();
    let mut stream = Vec::new();
    let outcome = export(&bench, &ask(Format::Csv), None, To::Stream(&mut stream)).unwrap();
    assert_eq!((outcome.state, outcome.good), (BatchState::Done, 0));
    let header = Column::USUAL.map(|column| column.as_str().to_owned()).join(",");
    assert_eq!(String::from_utf8(stream).unwrap(), format!("{header}\n"));

    let path = bench.place.path().join("lot.json");
    let locked = export(&bench, &ask(Format::Manifest), None, To::Path(&path)).unwrap_err();
    assert_eq!(locked.code(), Code::VaultLocked);
    let keys = bench.unlock().unwrap();
    let outcome = export(&bench, &ask(Format::Manifest), Some(&keys), To::Path(&path)).unwrap();
    assert_eq!(serde_json::from_slice::<Vec<u8>>(&fs::read(&path).unwrap()).unwrap(), [0_u8; 0]);
    assert_eq!(outcome.files, [path.clone(), path.with_extension("jwks.json")]);
}

#[test]
fn what_cannot_be_meant_leaves_nothing_on_record() {
    let bench = Bench::new();
    let path = bench.place.path().join("out");
    let tags = ExportAsk { tags: vec![Column::ChainPem], ..ask(Format::Aws) };
    let at = crate::domain::utc_time::UtcTime::from_millis;
    let span = Selection { from: Some(at(2)), until: Some(at(2)), ..Selection::default() };
    let refused = [
        (ExportAsk { columns: vec![Column::Mac], ..ask(Format::AzureHub) }, Code::ExportAsk),
        (ExportAsk { tags: vec![Column::Mac], ..ask(Format::Csv) }, Code::ExportAsk),
        (tags, Code::ExportAsk),
        (ExportAsk { selection: span, ..ask(Format::Csv) }, Code::ExportAsk),
    ];
    for (ask, code) in refused {
        assert_eq!(export(&bench, &ask, None, To::Path(&path)).unwrap_err().code(), code);
    }
    let mut stream = Vec::new();
    let refused = export(&bench, &ask(Format::NrfCloud), None, To::Stream(&mut stream)).unwrap_err();
    assert_eq!(refused.code(), Code::ExportAsk);
    // a companion that is there is as good a reason
    fs::write(path.with_extension("config.csv"), "mine").unwrap();
    let refused = export(&bench, &ask(Format::EspMassMfg), None, To::Path(&path)).unwrap_err();
    assert_eq!(refused.code(), Code::OutputExists);
    assert!(bench.store.read(|r| batches::list(r, 9, None)).unwrap().is_empty());
    assert!(!path.exists());
}

#[test]
fn an_export_that_fails_is_on_record_with_its_code_and_leaves_nothing() {
    let bench = Bench::new();
    let path = bench.place.path().join("missing").join("out.csv");
    let failed = export(&bench, &ask(Format::Csv), None, To::Path(&path)).unwrap_err();
    assert_eq!(failed.code(), Code::OutputUnwritable);
    let batch = &bench.store.read(|r| batches::list(r, 9, None)).unwrap()[0];
    assert_eq!((batch.state, batch.code), (BatchState::Failed, Some(Code::OutputUnwritable)));
}

#[test]
fn a_station_from_before_there_were_manifests_gets_their_key_when_it_is_unlocked() {
    let bench = Bench::new();
    let mut keys = bench.unlock().unwrap();
    keys.vault.forget_manifest_key();
    bench
        .store
        .change(&Actor::Station, clock::now(), |change| {
            crate::store::secret_checks::set(
                change,
                "manifest-key",
                &crate::station::vault_changes::absent(),
            )?;
            change.record(crate::domain::audit_event::AuditEvent::VaultUnlocked);
            Ok::<_, crate::store::error::StoreError>(())
        })
        .unwrap();
    let jwks =
        |keys: &Unlocked| ManifestKey::load(keys.vault.manifest_key().unwrap()).unwrap().jwks().to_owned();
    let first = jwks(&bench.unlock().unwrap());
    assert!(first.contains("\"crv\":\"P-256\"") && !first.contains("\"d\""), "{first}");
    assert_eq!(jwks(&bench.unlock().unwrap()), first, "once it is there it stays");
}

#[test]
fn an_export_that_was_killed_is_ended_by_the_next_one_and_one_that_runs_is_not() {
    let bench = Bench::new();
    let new = NewBatch {
        kind: BatchKind::Export,
        input: "",
        output: "cut-off.csv",
        input_digest: None,
        asked: &serde_json::json!({ "format": "csv" }),
        work_order: None,
        person: "ada",
    };
    let killed =
        bench.store.change(&Actor::Station, clock::now(), |change| batches::begin(change, &new)).unwrap();
    let state =
        || bench.store.read(|r| batches::get(r, killed)).unwrap().map(|batch| (batch.state, batch.code));
    let again = || export(&bench, &ask(Format::Csv), None, To::Stream(&mut Vec::new())).unwrap();
    let other = bench.folder.join_batches(BatchKind::Export, || Ok::<(), ExportFailed>(())).unwrap();
    again();
    assert_eq!(state(), Some((BatchState::Running, None)), "the one beside it may be this one");
    drop(other);
    again();
    assert_eq!(state(), Some((BatchState::Failed, Some(Code::Interrupted))));
}

/// Imports a table with these cells; what `--announced --raw` gives back for them.
fn there_and_back(bench: &Bench, first: usize, rows: &[(String, String)]) -> Vec<(String, String)> {
    let path = bench.place.path().join(format!("in-{first}.csv"));
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(["serial", "=a, \"note\"", "lot"]).unwrap();
    for (place, (note, lot)) in rows.iter().enumerate() {
        writer.write_record([&format!("00{}", first + place), note, lot]).unwrap();
    }
    writer.flush().unwrap();
    let right = Engineering::at_the_terminal(Actor::Station);
    let import = crate::station::batch::import::ImportAsk { file: &path, product: None, partial: false };
    let taken = crate::station::batch::import::run(
        &bench.store,
        &bench.folder,
        &right,
        &import,
        &Progress::default(),
    )
    .unwrap();
    assert_eq!((taken.state, taken.refused), (BatchState::Done, 0), "{taken:?}");
    let announced = Selection { announced: true, ..Selection::default() };
    let ask = ExportAsk { raw: true, selection: announced, ..ask(Format::Csv) };
    let mut stream = Vec::new();
    export(bench, &ask, None, To::Stream(&mut stream)).unwrap();
    let mut reader = csv::Reader::from_reader(&stream[..]);
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names, ["serial", "mac", "registration_id", "work_order", "=a, \"note\"", "lot"]);
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let newest = &records[records.len() - rows.len()..];
    assert_eq!(&newest[0][0], format!("00{first}"), "leading zeros survive");
    newest.iter().map(|record| (record[4].to_owned(), record[5].to_owned())).collect()
}

#[test]
fn what_was_imported_comes_out_again_whatever_its_cells_hold() {
    use proptest::test_runner::{Config, TestRunner};
    let bench = Bench::new();
    let cell = "[^\\x00]{0,12}|[,;\"\r\n\t=+@ 0-9-]{0,8}";
    let rows = proptest::collection::vec((cell, cell), 1..20);
    let next = std::cell::Cell::new(1000);
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    runner
        .run(&rows, |rows| {
            let first = next.replace(next.get() + rows.len());
            assert_eq!(there_and_back(&bench, first, &rows), rows);
            Ok(())
        })
        .unwrap();
}
