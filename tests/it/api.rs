//! What other systems are given over `/api/v1`: every answer is held against the station's own OpenAPI document by
//! a judge written by others.

pub mod caller;
pub mod judge;

use serde_json::{Value, json};

use self::caller::{Caller, token};
use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};
use crate::pages::browser::Browser;

fn order(name: &str, quantity: u32) -> Value {
    json!({ "name": name, "product": "demo-gateway", "quantity": quantity })
}

#[test]
fn a_mes_orders_asks_follows_and_closes() {
    let station = Station::found();
    for slot in ["1", "2"] {
        station.add_slot(&format!("slot-{slot}"), &format!("GW0000{slot}"));
    }
    let all = token(&station, "mes", "read,orders");
    let serving = station.serve();
    let mut mes = Caller::at(&serving.url, Some(&all));
    let may = |mes: &mut Caller, query: &str| mes.get(&format!("/api/v1/check?{query}")).json();
    let no = may(&mut mes, "serial=GW00001");
    assert_eq!((&no["allowed"], &no["code"]), (&json!(false), &json!("LS-WO-03")));

    let mut lot = order("lot-1", 2);
    lot["serials"] = json!(["GW00001", "gw00002", "GW00003"]);
    let added = mes.post("/api/v1/work-orders", &lot);
    assert_eq!((added.status, &added.json()["state"]), (201, &json!("planned")));
    assert!(added.head.contains("location: /api/v1/work-orders/lot-1"), "{}", added.head);
    lot["serials"] = json!(["GW00003", "GW00002", "GW00001", "GW00001"]);
    assert_eq!(mes.post("/api/v1/work-orders", &lot).status, 200, "asking twice is asking once");
    lot["serials"] = json!(["GW00003", "GW00002"]);
    mes.post("/api/v1/work-orders", &lot).is_problem(409, "LS-WO-02");
    lot = order("lot-1", 3);
    mes.post("/api/v1/work-orders", &lot).is_problem(409, "LS-WO-02");
    assert_eq!(station.events("work-order-added").len(), 1);
    assert_eq!(station.events("work-order-added")[0]["actor"], json!({ "by": "client", "name": "mes" }));

    mes.post("/api/v1/work-orders/lot-1/close", &json!({})).is_problem(409, "LS-WO-06");
    station.ok(&["work-order", "activate", "lot-1"]);
    let released = mes.get("/api/v1/work-orders/lot-1").json();
    assert_eq!(released["state"], "active");
    assert!(released["released_by"].is_string(), "{released}");
    assert_eq!(may(&mut mes, "serial=gw00001")["allowed"], true);
    assert_eq!(may(&mut mes, "serial=GW00009")["code"], "LS-WO-05");
    assert_eq!(may(&mut mes, "serial=GW00001&work_order=other")["code"], "LS-WO-01");
    assert_eq!(may(&mut mes, "serial=0000")["code"], "LS-ID-03");

    let bench = Bench::plug(&station, 2, "GW", &["--fault", "2:bad-csr"]);
    let results = wait_for("two results", || {
        let page = mes.get("/api/v1/results?after=0&limit=500").json();
        (page["results"].as_array().unwrap().len() == 2).then_some(page)
    });
    let (first, rest) = (&results["results"][0], mes.get("/api/v1/results?limit=1").json());
    assert_eq!((&rest["results"][0], &rest["next"]), (first, &first["seq"]));
    let cursor = rest["next"].as_u64().unwrap();
    let rest = mes.get(&format!("/api/v1/results?after={cursor}")).json();
    assert_eq!(rest["results"].as_array().unwrap(), &[results["results"][1].clone()]);
    let end = mes.get(&format!("/api/v1/results?after={}", results["next"])).json();
    assert_eq!((&end["results"], &end["next"]), (&json!([]), &results["next"]));
    let verdict = |serial: &str| {
        let all = results["results"].as_array().unwrap();
        all.iter().find(|result| result["serial"] == serial).unwrap()["verdict"].clone()
    };
    assert_eq!((verdict("GW00001"), verdict("GW00002")), (json!("PASS"), json!("FAIL")));

    assert_eq!(may(&mut mes, "serial=GW00001")["code"], "LS-RUN-05");
    let device = mes.get("/api/v1/devices/gw00001").json();
    assert_eq!((&device["state"], &device["serial"]), (&json!("provisioned"), &json!("GW00001")));
    assert_eq!(device["certificates"][0]["state"], "issued");
    let sha256 = station.sqlite("SELECT sha256 FROM certificate");
    assert_eq!(device["certificates"][0]["sha256"], json!(sha256));
    assert_eq!(device["enrollment"][0]["state"], "waiting");
    let mac = device["mac"].as_str().unwrap();
    let id = device["registration_id"].as_str().unwrap();
    for other in [mac, id] {
        assert_eq!(mes.get(&format!("/api/v1/devices/{other}")).json(), device, "{other}");
    }
    mes.get("/api/v1/devices/GW77777").is_problem(404, "LS-API-02");

    let status = mes.get("/api/v1/status").json();
    assert_eq!((&status["locked"], &status["outbox"]["waiting"]), (&json!(false), &json!(1)));
    assert_eq!(status["slots"][1]["verdict"], "FAIL");
    assert_eq!(status["work_order"]["passed"], 1);
    drop(bench);
    let passed = station.sqlite("SELECT id FROM run WHERE verdict = 'PASS'");
    station.ok(&["run", "quarantine", &passed]);
    assert_eq!(may(&mut mes, "serial=GW00001")["code"], "LS-RUN-06");

    assert_eq!(mes.post("/api/v1/work-orders", &order("lot-2", 5)).status, 201);
    let list = mes.get("/api/v1/work-orders").json();
    assert_eq!(list["work_orders"][0]["name"], "lot-2");
    assert_eq!(mes.get("/api/v1/work-orders/lot-2").json()["quantity"], 5);
    mes.get("/api/v1/work-orders/lot-3").is_problem(404, "LS-API-02");
    mes.post("/api/v1/work-orders/lot-3/close", &json!({})).is_problem(404, "LS-WO-01");
    assert_eq!(mes.all_as_documented(), 9);
}

#[test]
fn a_complete_order_is_closed_and_its_quota_is_spent() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    let mut lot = order("lot-1", 1);
    lot["spare"] = json!(0);
    let both = token(&station, "mes", "read,orders");
    let azure = Azure::of(&station);
    azure.faults().outage(true);
    let serving = station.serve();
    let mut mes = Caller::at(&serving.url, Some(&both));
    assert_eq!(mes.post("/api/v1/work-orders", &lot).status, 201);
    // a slot runs only what a person released
    for word in ["release", "activate"] {
        mes.post(&format!("/api/v1/work-orders/lot-1/{word}"), &json!({})).is_problem(404, "LS-API-02");
    }
    station.refused(2, "LS-SET-07", &["client", "add", "planner", "--may", "orders,release"]);
    station.ok(&["work-order", "activate", "lot-1"]);
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    wait_for("a device that passed", || {
        (mes.get("/api/v1/work-orders/lot-1").json()["passed"] == 1).then_some(())
    });
    assert_eq!(mes.get("/api/v1/check?serial=GW00002").json()["code"], "LS-WO-04");
    // a client has no reason to give: it waits until the cloud has everything
    mes.post("/api/v1/work-orders/lot-1/close", &json!({})).is_problem(409, "LS-WO-07");
    azure.faults().outage(false);
    wait_for("the enrollment to be sent", || {
        (mes.get("/api/v1/status").json()["outbox"]["waiting"] == 0).then_some(())
    });
    let closed = mes.post("/api/v1/work-orders/lot-1/close", &json!({})).json();
    assert_eq!(closed["state"], "closed");
    mes.post("/api/v1/work-orders/lot-1/close", &json!({})).is_problem(409, "LS-WO-06");
    assert_eq!(station.events("work-order-closed")[0]["actor"]["by"], "client");
    mes.all_as_documented();
}

#[test]
fn only_a_token_opens_the_api_and_only_a_session_the_pages() {
    let station = Station::found();
    let read = token(&station, "monitor", "read");
    let orders = token(&station, "planner", "orders");
    let serving = station.serve();
    let mut monitor = Caller::at(&serving.url, Some(&read));
    assert_eq!(monitor.get("/api/v1/status").status, 200);
    monitor.post("/api/v1/work-orders", &order("lot", 1)).is_problem(403, "LS-AUTH-02");
    assert_eq!(station.events("refused")[0]["code"], "LS-AUTH-02");
    let mut planner = Caller::at(&serving.url, Some(&orders));
    planner.get("/api/v1/status").is_problem(403, "LS-AUTH-02");
    assert_eq!(planner.post("/api/v1/work-orders", &order("lot", 1)).status, 201);

    // a session is worth nothing here, a token nothing there
    let mut browser = Browser::logged_in(&serving, "admin");
    assert_eq!(browser.get("/api/v1/status").status, 401);
    for page in ["/", "/clients"] {
        let reply = monitor.get(page);
        assert_eq!(reply.status, 303, "{reply:?}");
        assert!(reply.head.contains("location: /login"), "{reply:?}");
    }
    let mut nobody = Caller::at(&serving.url, None);
    let refused = nobody.get("/api/v1/status");
    refused.is_problem(401, "LS-AUTH-06");
    assert!(refused.head.contains("www-authenticate: bearer"), "{}", refused.head);
    for headers in
        [["Authorization: Basic YWRtaW46YQ=="], ["Authorization: Bearer "], ["Authorization: Bearer"]]
    {
        nobody.ask("GET", "/api/v1/results", &headers, "").is_problem(401, "LS-AUTH-06");
    }
    let foreign = monitor.ask("GET", "/api/v1/status", &["Origin: https://evil.example"], "");
    assert!(!foreign.head.contains("access-control"), "{}", foreign.head);
    let preflight = nobody.ask(
        "OPTIONS",
        "/api/v1/work-orders",
        &["Origin: https://evil.example", "Access-Control-Request-Method: POST"],
        "",
    );
    assert!(!preflight.head.contains("access-control"), "{}", preflight.head);
    preflight.is_problem(405, "LS-API-01");

    // a disabled token ends at once, without a restart
    station.ok(&["client", "disable", "monitor"]);
    monitor.get("/api/v1/status").is_problem(401, "LS-AUTH-06");
    assert_eq!(planner.post("/api/v1/work-orders", &order("lot", 1)).status, 200);
    for mut caller in [monitor, planner, nobody] {
        caller.all_as_documented();
    }
    let ended = serving.end();
    assert!(!ended.err.contains(&read) && !ended.err.contains(&orders), "{}", ended.err);
    let file = std::fs::read(station.folder().join("station.db")).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!holds(&read) && !holds(&orders), "a token stands in the database");
    assert!(station.json(&["audit", "verify"])["sound"] == true);
}

#[test]
fn wrong_tokens_are_slowed_down_counted_and_shut_nobody_else_out() {
    let station = Station::found();
    let read = token(&station, "monitor", "read");
    let serving = station.serve();
    let mut guess = Caller::at(&serving.url, Some("lst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    for _ in 0..5 {
        guess.get("/api/v1/status").is_problem(401, "LS-AUTH-06");
    }
    for _ in 0..3 {
        let reply = guess.get("/api/v1/status");
        reply.is_problem(429, "LS-AUTH-06");
        assert!(reply.head.contains("retry-after: 60"), "{}", reply.head);
    }
    assert_eq!(Caller::at(&serving.url, Some(&read)).get("/api/v1/status").status, 200);
    Browser::logged_in(&serving, "admin");
    guess.all_as_documented();
    serving.end();
    let entries = station.events("token-refused");
    let times: u64 = entries.iter().map(|entry| entry["times"].as_u64().unwrap()).sum();
    assert_eq!((times, entries.len(), &entries[0]["from"]), (8, 2, &json!("127.0.0.1")));
}

#[test]
fn a_faulty_request_is_a_problem_and_changes_nothing() {
    let station = Station::found();
    let all = token(&station, "mes", "read,orders");
    let serving = station.serve();
    let mut mes = Caller::at(&serving.url, Some(&all));
    let orders = "/api/v1/work-orders";
    let json = ["Content-Type: application/json"];
    for body in
        ["", "{", "[]", "{\"name\":\"a\"}", "{\"name\":\"../a\",\"product\":\"demo-gateway\",\"quantity\":1}"]
    {
        mes.ask("POST", orders, &json, body).is_problem(400, "LS-API-01");
    }
    let mut unknown = order("lot", 1);
    unknown["quantitty"] = json!(2);
    mes.post(orders, &unknown).is_problem(400, "LS-API-01");
    let mut huge = order("lot", 1);
    huge["quantity"] = json!(-1);
    mes.post(orders, &huge).is_problem(400, "LS-API-01");
    mes.post(orders, &order("lot", 0)).is_problem(422, "LS-SET-07");
    let mut product = order("lot", 1);
    product["product"] = json!("no-such-product");
    mes.post(orders, &product).is_problem(422, "LS-SET-02");
    let mut serials = order("lot", 1);
    serials["serials"] = json!(["GW1", "To be filled by O.E.M."]);
    mes.post(orders, &serials).is_problem(422, "LS-ID-03");
    mes.ask("POST", orders, &["Content-Type: text/plain"], "{}").is_problem(415, "LS-API-01");
    let long = " ".repeat(9 * 1024 * 1024);
    mes.ask("POST", orders, &json, &long).is_problem(413, "LS-API-01");
    for query in
        ["check", "check?serial=a&serail=b", "results?limit=501", "results?limit=0", "results?after=-1"]
    {
        mes.get(&format!("/api/v1/{query}")).is_problem(400, "LS-API-01");
    }
    mes.get("/api/v1/nothing").is_problem(404, "LS-API-02");
    mes.get("/api/v1/work-orders/..%2fx").is_problem(400, "LS-API-01");
    let wrong = mes.ask("DELETE", orders, &[], "");
    wrong.is_problem(405, "LS-API-01");
    assert!(wrong.head.contains("allow: get, post"), "{}", wrong.head);
    assert_eq!(station.sqlite("SELECT count(*) FROM work_order"), "0");
    mes.all_as_documented();
}

#[test]
fn every_route_is_in_the_document_and_every_operation_a_route() {
    let source = include_str!("../../src/web/api.rs");
    let mut routes: Vec<String> = Vec::new();
    for part in source.split(".service(").skip(1) {
        let (_, path) = part.split_once("(\"").expect("a path");
        let path = path.split('"').next().unwrap();
        for method in ["get", "post"] {
            if part.contains(&format!("web::{method}()")) {
                routes.push(format!("{method} /api/v1{path}"));
            }
        }
    }
    routes.sort();
    let document: Value = serde_json::from_str(include_str!("../../static/openapi.json")).unwrap();
    let mut documented: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        documented.extend(item.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    documented.sort();
    assert_eq!(routes, documented);
    assert_eq!(routes.len(), 9);
}

#[test]
fn an_administrator_gives_and_takes_tokens_on_the_clients_page() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let serving = station.serve();
    let mut engineer = Browser::logged_in(&serving, "ada");
    assert_eq!(engineer.get("/clients").status, 403);
    assert!(!engineer.get("/people").body.contains("href=\"/clients\""));
    let mut browser = Browser::logged_in(&serving, "admin");
    assert!(browser.get("/people").body.contains("href=\"/clients\""));
    let page = browser.get("/clients");
    assert!(page.body.contains("<a href=\"/people\">") && !page.body.contains("name=\"release\""));
    let csrf = page.csrf();
    let none = browser.post("/clients", &[("csrf", &csrf), ("name", "mes")]);
    assert!(none.body.contains("at least one right") && none.body.contains("value=\"mes\""), "{}", none.body);
    let bad = browser.post("/clients", &[("csrf", &csrf), ("name", "../mes"), ("read", "yes")]);
    assert!(bad.body.contains("LS-SET-06"), "{}", bad.body);
    let page = browser.post("/clients", &[("csrf", &csrf), ("name", "mes"), ("read", "yes")]);
    let (_, rest) = page.body.split_once("<code id=\"token\">").expect("the token");
    let token = rest.split('<').next().unwrap().to_owned();
    assert!(!browser.get("/clients").body.contains(&token), "it is shown once");
    let mut mes = Caller::at(&serving.url, Some(&token));
    assert_eq!(mes.get("/api/v1/status").status, 200);
    let twice = browser.post("/clients", &[("csrf", &csrf), ("name", "MES"), ("read", "yes")]);
    assert!(twice.body.contains("LS-AUTH-07"), "{}", twice.body);
    let gone = engineer.post("/clients/disable", &[("csrf", "00"), ("name", "mes")]);
    assert_eq!(gone.status, 403);
    browser.post("/clients/disable", &[("csrf", &csrf), ("name", "mes")]).goes_to("/clients");
    assert!(browser.get("/clients").body.contains("mes is refused from now on."));
    mes.get("/api/v1/status").is_problem(401, "LS-AUTH-06");
    assert_eq!(station.events("client-disabled")[0]["actor"], json!({ "by": "person", "name": "admin" }));
    let list = station.json(&["client", "list"]);
    assert_eq!((&list[0]["may"], &list[0]["disabled"]), (&json!("read"), &json!(true)));
    station.refused(1, "LS-AUTH-08", &["client", "disable", "mes"]);
    browser.post("/clients/disable", &[("csrf", &csrf), ("name", "mes")]).goes_to("/clients");
    // each refusal is on record once, whichever way it was asked for
    let refused = station.events("refused");
    let said = refused.iter().map(|entry| format!("{} {}", entry["actor"]["by"], entry["what"]));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            "\"person\" \"new client MES\"",
            "\"person\" \"POST /clients/disable\"",
            "\"command-line\" \"disabling of client mes\"",
            "\"person\" \"disabling of client mes\"",
        ]
    );
    station.refused(2, "LS-SET-07", &["client", "add", "other", "--may", "everything"]);
}
