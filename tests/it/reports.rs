//! Reports: their figures are what the records hold, worked out here by other means; the CSV files say the same; and
//! a printed page pins the audit log.

use std::collections::BTreeMap;

use crate::factory::bench::Bench;
use crate::factory::{Serving, Station, wait_for};
use crate::pages::browser::Browser;

/// The lines of a CSV file without its header, each split at its commas (none of these cells holds one).
fn table(text: &str) -> Vec<Vec<String>> {
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The figures of a report by `figure/of`.
fn figures(text: &str) -> BTreeMap<String, String> {
    table(text).into_iter().map(|row| (format!("{}/{}", row[0], row[1]), row[2].clone())).collect()
}

/// The text of a body that was made while it was sent.
fn chunked(body: &str) -> String {
    // it comes in chunks: a length in hexadecimal digits, then so many bytes
    let (mut rest, mut whole) = (body, String::new());
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("the length of a chunk");
        if length == 0 {
            return whole;
        }
        whole.push_str(&after[..length]);
        rest = &after[length + 2..];
    }
    panic!("the last chunk is missing");
}

/// A station with six slots in which one device is good, one is mended, and others are none of ours or not known.
fn after_a_shift() -> (Station, Serving, Bench) {
    let station = Station::found();
    station.set("zone = \"UTC\"", "zone = \"Europe/Berlin\"");
    for n in 1..=6 {
        station.add_slot(&format!("slot-{n}"), &format!("GW0000{n}"));
    }
    for (name, role) in [("bob", "operator"), ("eve", "auditor")] {
        station.add_person(name, role);
    }
    station.release("lot", "demo-gateway", 6, 6);
    let serving = station.serve();
    let faults = ["--fault", "2:wrong-digest", "--fault", "4:wrong-model", "--fault", "5:placeholder-serial"];
    let bench = Bench::plug(&station, 6, "GW", &faults);
    let ended = |count: &'static str| {
        let station = &station;
        move || (station.sqlite("SELECT count(*) FROM run WHERE verdict NOT NULL") == count).then_some(())
    };
    wait_for("six verdicts", ended("6"));
    // everything out and in again; the second one is mended, those that passed are known
    drop(bench);
    // the links go too: the system gives the numbers of the ports to other tests' devices
    std::fs::remove_dir_all(station.beside("ports")).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let again =
        Bench::plug(&station, 6, "GW", &["--fault", "4:wrong-model", "--fault", "5:placeholder-serial"]);
    wait_for("six more verdicts", ended("12"));
    (station, serving, again)
}

#[test]
fn the_figures_of_a_report_are_what_happened() {
    let (station, serving, _bench) = after_a_shift();
    let count = |sql: &str| station.sqlite(sql);
    let by_verdict =
        count("SELECT group_concat(verdict || n) FROM (SELECT verdict, count(*) AS n FROM run GROUP BY 1)");
    let runs = count("SELECT id, slot, verdict, code, started FROM run");
    assert_eq!(by_verdict, "FAIL3,PASS4,SKIPPED5", "the scene is not as it was meant: {runs}");
    // a unit is a device, what it said its serial number is, or the run itself
    let units = "WITH tries AS (SELECT run.*, coalesce(device.serial_folded, lower(claimed), 'run ' || run.id) AS unit
        FROM run LEFT JOIN device ON device.id = run.device WHERE verdict <> 'SKIPPED'),
        ranked AS (SELECT *, row_number() OVER (PARTITION BY unit ORDER BY finished, id) AS nth FROM tries)";
    let tried = count(&format!("{units} SELECT count(DISTINCT unit) FROM tries"));
    let first = count(&format!("{units} SELECT count(*) FROM ranked WHERE nth = 1 AND verdict = 'PASS'"));
    let passed = count(&format!("{units} SELECT count(DISTINCT unit) FROM tries WHERE verdict = 'PASS'"));
    assert_eq!((passed.as_str(), first.as_str()), ("4", "3"), "one unit passed at its second try");
    let percent = |part: &str| {
        let tenths = part.parse::<u64>().unwrap() * 1000 / tried.parse::<u64>().unwrap();
        format!("{}.{}", tenths / 10, tenths % 10)
    };

    let mut eve = Browser::logged_in(&serving, "eve");
    for place in ["/reports/shift", "/reports/work-order/lot"] {
        let found = figures(&eve.get(&format!("{place}/figures.csv")).body);
        let figure = |name: &str| {
            found.get(name).unwrap_or_else(|| panic!("{place} has no {name}: {found:?}")).as_str()
        };
        assert_eq!((figure("runs/"), figure("units tried/")), ("12", tried.as_str()), "{place}");
        assert_eq!((figure("units passed/"), figure("units passed at the first try/")), ("4", "3"));
        assert_eq!(figure("yield percent/"), percent(&passed));
        assert_eq!(figure("first-pass yield percent/"), percent(&first));
        for verdict in ["PASS", "FAIL", "ERROR", "ABORTED", "SKIPPED", "QUARANTINE", "SCRAP"] {
            let counted = count(&format!("SELECT count(*) FROM run WHERE verdict = '{verdict}'"));
            assert_eq!(figure(&format!("runs by verdict/{verdict}")), counted, "{place}");
        }
        for (column, name) in [("stage", "step"), ("code", "code")] {
            let sql = format!(
                "SELECT {column} || '=' || count(*) FROM run
                WHERE verdict NOT IN ('PASS', 'SKIPPED') GROUP BY {column}"
            );
            for pair in count(&sql).lines() {
                let (of, counted) = pair.split_once('=').unwrap();
                assert_eq!(figure(&format!("failures by {name}/{of}")), counted, "{place}");
            }
        }
        let times = found.iter().filter(|(name, _)| name.starts_with("cycle time seconds/slot-"));
        assert_eq!(times.map(|(_, counted)| counted.parse::<u64>().unwrap()).sum::<u64>(), 4, "{found:?}");
        let person = count("SELECT DISTINCT person FROM run");
        assert_eq!(figure(&format!("runs by person/{person}")), "12");

        let page = eve.get(place).body;
        for said in [format!("{} %", percent(&passed)), format!("{} %", percent(&first))] {
            assert!(page.contains(&said), "{place} lacks {said}");
        }
        assert!(page.contains("<td class=\"number\" data-verdict=\"SKIPPED\">5</td>"), "{place}");
        assert_eq!(page.matches("data-run=\"").count(), 8, "{place} lists what did not pass");
        assert!(page.matches("<svg class=\"plot\" role=\"img\" aria-label=\"").count() >= 6, "{place}");
        assert!(!page.contains(" style=") && page.contains("data-print"), "{place}");
    }
    // what went wrong is told in the language of the page
    let english = count("SELECT message FROM run WHERE code = 'LS-ID-06' OR code = 'LS-ID-03' LIMIT 1");
    let english = english.trim_end_matches('.').to_owned();
    assert!(!english.is_empty() && eve.get("/reports/shift").body.contains(&english[..20]), "{english}");
    eve.post("/language", &[("language", "de"), ("place", "/reports/shift")]).goes_to("/reports/shift");
    assert!(!eve.get("/reports/shift").body.contains(&english[..20]), "{english}");
}

#[test]
fn the_csv_of_runs_holds_every_run_and_a_page_pins_the_log() {
    let (station, serving, _bench) = after_a_shift();
    let mut eve = Browser::logged_in(&serving, "eve");
    let runs = eve.get("/reports/work-order/lot/runs.csv");
    assert_eq!(runs.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(runs.header("content-disposition").unwrap().contains("runs-lot.csv"));
    let text = chunked(&runs.body);
    assert!(
        text.starts_with("run,started,finished,seconds,work_order,product,slot,person,serial,"),
        "{text}"
    );
    assert!(text.contains("+01:00,"), "times of the station's zone: {text}");
    let serials = station.sqlite(
        "SELECT group_concat(s) FROM (SELECT coalesce(device.serial, claimed, '') AS s FROM run
         LEFT JOIN device ON device.id = run.device ORDER BY run.id)",
    );
    assert_eq!(table(&text).iter().map(|row| row[8].as_str()).collect::<Vec<_>>().join(","), serials);
    // more runs than one piece holds, as if they had been made
    station.sqlite(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
         INSERT INTO run (work_order, person, started, stage, verdict, code, message, finished, slot, claimed)
         SELECT 'lot', '=ada', 1795000000000, 'identify', 'FAIL', 'LS-LINE-03', '=1+1', 1795000000000 + i % 7,
                'slot-1', '@S' || i FROM n",
    );
    for place in ["/reports/work-order/lot", "/reports/shift"] {
        let span = if place == "/reports/shift" { "?from=2026-01-01&to=2026-12-31" } else { "" };
        let text = chunked(&eve.get(&format!("{place}/runs.csv{span}")).body);
        let rows = table(&text);
        assert_eq!(rows.len(), 2512, "{place}");
        let ids: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
        assert_eq!(ids.len(), 2512, "{place}: each once");
        assert!(rows.iter().filter(|row| row[13] == "'=1+1" && row[7] == "'=ada").count() == 2500, "{place}");
        assert!(text.contains(",'@S17,"), "{place}");
        let page = eve.get(&format!("{place}{span}")).body;
        assert_eq!(page.matches("data-run=\"").count(), 200, "{place}: a bounded list");
    }

    let signed = || station.sqlite("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1");
    wait_for("a checkpoint", || (!signed().is_empty()).then_some(()));
    let note = signed();
    let page = eve.get("/reports/shift").body;
    let (_, foot) = page.split_once("id=\"audit-head\"").expect("the foot of the report");
    for line in note.lines().filter(|line| !line.is_empty()) {
        assert!(foot.contains(&line.replace('+', "&#43;")) || foot.contains(line), "{line} is not in {foot}");
    }
}

#[test]
fn a_span_is_what_a_person_means_by_it_and_an_operator_sees_the_shift_only() {
    let station = Station::found();
    station.set("zone = \"UTC\"", "zone = \"Europe/Berlin\"");
    let shifts = "[[shift]]\nname = \"früh\"\nbegins = \"06:00\"\n[[shift]]\nname = \"spät\"\nbegins = \"18:00\"\n[azure]";
    station.set("[azure]", shifts);
    station.add_person("bob", "operator");
    let run = |n: i64, millis: i64| {
        station.sqlite(&format!(
            "INSERT INTO run (id, person, started, stage, verdict, code, finished)
             VALUES ({n}, 'ada', {millis}, 'identify', 'FAIL', 'LS-LINE-03', {millis})"
        ))
    };
    // 06:00 on the wall is 05:00 in UTC: the last moment of a night and the first of a morning
    run(1, 1_795_323_599_999);
    run(2, 1_795_323_600_000);
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let page = admin.get("/reports?day=2026-11-22").body;
    let morning = "/reports/shift?from=2026-11-22T06:00:00&amp;to=2026-11-22T18:00:00";
    assert!(
        page.contains("früh")
            && (page.contains(morning) || page.contains(&morning.replace("&amp;", "&#38;")))
    );
    let report = admin.get("/reports/shift?from=2026-11-22T06:00:00&to=2026-11-22T18:00:00").body;
    assert!(report.contains("Shift report: früh"), "{report}");
    assert!(report.contains("data-run=\"2\"") && !report.contains("data-run=\"1\""), "{report}");
    assert!(report.contains("2026-11-22 06:00:00"), "{report}");
    for (query, said) in [
        ("from=yesterday&to=2026-11-22", "yesterday"),
        ("from=2026-11-22&to=2026-11-21", "does not lie after"),
        ("from=2020-01-01&to=2026-11-21", "longer than 366 days"),
    ] {
        let again = admin.get(&format!("/reports/shift?{query}"));
        assert!(
            again.status == 422 && again.body.contains(said) && again.body.contains("LS-REP-01"),
            "{again:?}"
        );
        let typed = query.split(['=', '&']).nth(1).unwrap();
        assert!(again.body.contains(&format!("name=\"from\" value=\"{typed}\"")), "{}", again.body);
        assert_eq!(admin.get(&format!("/reports/shift/runs.csv?{query}")).status, 422);
    }
    let mut bob = Browser::logged_in(&serving, "bob");
    assert_eq!(bob.get("/reports/shift").status, 200);
    assert_eq!(bob.get("/reports/shift/figures.csv").status, 200);
    assert!(!bob.get("/reports/shift").body.contains("id=\"csv-runs\""));
    for place in ["/reports", "/reports/work-order/lot", "/reports/shift/runs.csv"] {
        assert_eq!(bob.get(place).status, 403, "{place}");
    }
    assert_eq!(admin.get("/reports/work-order/lot").status, 404);
}

#[test]
fn a_unit_that_was_withdrawn_is_not_good_any_more_and_shows_as_such() {
    let station = Station::found();
    for n in 1..=3 {
        station.add_slot(&format!("slot-{n}"), &format!("GW0000{n}"));
    }
    station.release("lot", "demo-gateway", 3, 0);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 3, "GW", &[]);
    let passed = || station.sqlite("SELECT passed FROM work_order WHERE name = 'lot'");
    wait_for("three that passed", || (passed() == "3").then_some(()));
    let run = station.sqlite("SELECT max(id) FROM run");
    station.ok(&["run", "quarantine", &run, "--reason", "dented"]);
    let mut admin = Browser::logged_in(&serving, "admin");
    let mut of = |place: &str| {
        let found = figures(&admin.get(&format!("{place}/figures.csv")).body);
        let page = admin.get(place).body;
        assert!(page.contains("Withdrawn since"), "{page}");
        let names =
            ["units passed/", "units passed at the first try/", "units withdrawn since/", "yield percent/"];
        names.map(|name| found.get(name).unwrap_or_else(|| panic!("no {name} in {found:?}")).clone())
    };
    assert_eq!(of("/reports/work-order/lot"), [passed().as_str(), "2", "1", "66.6"]);
    assert_eq!(of("/reports/shift"), ["3", "3", "1", "100.0"]);
    assert_eq!(passed(), "2");
}

#[test]
fn long_reports_are_made_one_at_a_time_and_hold_up_neither_slots_nor_pages() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 2, 0);
    station.sqlite(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
         INSERT INTO run (person, started, stage, verdict, finished, slot, claimed)
         SELECT 'ada', 1768000000000, 'identify', 'FAIL', 1768000000000 + i, 'slot-1', 'S' || i FROM n",
    );
    let serving = station.serve();
    let (authority, cookies) = Browser::logged_in(&serving, "admin").connection();
    let asker = || Browser::with(&authority, &cookies);
    let span = "from=2026-01-01&to=2026-02-01";
    std::thread::scope(|scope| {
        let ask = || asker().get(&format!("/reports/shift?{span}"));
        let asked: Vec<_> = (0..14).map(|_| scope.spawn(ask)).collect();
        let whole = scope.spawn(|| asker().get(&format!("/reports/shift/runs.csv?{span}")));
        assert_eq!(asker().get("/work-orders").status, 200);
        let _bench = Bench::plug(&station, 1, "GW", &[]);
        let answers: Vec<_> = asked.into_iter().map(|asked| asked.join().unwrap()).collect();
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        let busy = answers.iter().filter(|answer| answer.status == 503);
        let told = busy.filter(|answer| answer.body.contains("LS-DB-05")).count();
        assert!(made >= 1 && told >= 1 && made + told == 14, "{made} made, {told} busy");
        // a list waits its turn instead of breaking off
        assert_eq!(table(&chunked(&whole.join().unwrap().body)).len(), 60_000);
        wait_for("a unit that passed", || {
            (station.sqlite("SELECT verdict FROM run WHERE device NOT NULL") == "PASS").then_some(())
        });
    });
    assert_eq!(station.sqlite("SELECT count(*) FROM run WHERE verdict = 'ERROR'"), "0");
}
