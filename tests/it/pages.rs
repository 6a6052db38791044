//! The pages of `lineside serve`, seen by a plain HTTP client: who gets in and who does not, what every answer
//! carries, what the Line page shows, and that unlocking sets the slots going.

pub mod browser;
pub mod kept;
pub mod live;

use serde_json::Value;

use self::browser::{Answer, Browser};
use crate::factory::bench::Bench;
use crate::factory::process::Process;
use crate::factory::{PASSPHRASE, PASSWORD, Station, wait_for};

/// The cookie of a session.
const SESSION: &str = "lineside-session";

/// How often log-ins were refused, as the log adds up.
fn refused(station: &Station) -> u64 {
    station.events("login-refused").iter().map(|entry| entry["times"].as_u64().unwrap()).sum()
}

/// The text of a tile on the Line page, as somebody reads it.
fn tile(page: &Answer, slot: &str) -> String {
    let (_, rest) = page.body.split_once(&format!("<li id=\"tile-{slot}\"")).expect("the slot has a tile");
    let (tile, _) = rest.split_once("</li>").unwrap();
    words(&format!("<li {tile}"))
}

/// The text of some HTML, as somebody reads it.
pub fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for ch in html.chars() {
        match ch {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            ch if !inside => text.push(ch),
            _ => {}
        }
    }
    let text = text.replace("&#39;", "'").replace("&#34;", "\"").replace("&#60;", "<").replace("&#38;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn health_tells_a_supervisor_whether_the_station_is_locked_and_nothing_else() {
    let station = Station::found();
    let serving = station.serve_locked();
    assert!(serving.locked);
    let mut browser = Browser::at(&serving.url);
    let health: Value = serde_json::from_str(&browser.get("/healthz").body).unwrap();
    assert_eq!(health, serde_json::json!({ "ok": true, "locked": true }));
    browser.get("/").goes_to("/unlock");
    serving.end();
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    let health: Value = serde_json::from_str(&browser.get("/healthz").body).unwrap();
    assert_eq!(health, serde_json::json!({ "ok": true, "locked": false }));
    browser.get("/").goes_to("/login");
    browser.get("/unlock").goes_to("/");
}

#[test]
fn the_right_password_opens_a_session_and_a_wrong_one_is_in_the_log() {
    let station = Station::found();
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    let wrong = browser.log_in("admin", "a wrong password");
    assert_eq!(wrong.status, 200);
    assert!(wrong.body.contains("LS-AUTH-01") && wrong.body.contains("role=\"alert\""), "{}", wrong.body);
    assert!(browser.cookie(SESSION).is_none());
    browser.get("/").goes_to("/login");
    assert_eq!(refused(&station), 1);
    assert_eq!(station.events("login-refused")[0]["name"], "admin");

    let right = browser.log_in("admin", PASSWORD);
    right.goes_to("/");
    let set: Vec<&String> =
        right.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, v)| v).collect();
    assert_eq!(set.len(), 1, "{right:?}");
    let attributes: Vec<&str> = set[0].split("; ").skip(1).collect();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.contains(&attribute), "{attribute} is not in {set:?}");
    }
    let page = browser.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("line-1") && page.body.contains("admin"), "{}", page.body);
    assert_eq!(station.events("login-accepted")[0]["name"], "admin");

    let mut stranger = Browser::at(&serving.url);
    stranger.get("/").goes_to("/login");
    let ended = serving.end();
    assert!(!ended.err.contains(PASSWORD) && !ended.err.contains("a wrong password"), "{}", ended.err);
}

#[test]
fn the_door_closes_after_five_failures_for_every_spelling_of_a_name_and_all_are_in_the_log() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    for name in ["admin", "ADMIN", "Admin", "aDMIN", "admin"] {
        let answer = browser.log_in(name, "a wrong password");
        assert!(answer.body.contains("Name or password is wrong"), "{}", answer.body);
    }
    for name in ["admin", "Admin"] {
        let answer = browser.log_in(name, PASSWORD);
        assert!(answer.body.contains("door is closed for a minute"), "{}", answer.body);
        assert!(browser.cookie(SESSION).is_none());
    }
    browser.log_in("ada", PASSWORD).goes_to("/");
    // the first was written at once, the others in one entry when the station ends
    assert_eq!(refused(&station), 1);
    assert_eq!(serving.end().exit, 0);
    assert_eq!(refused(&station), 7);
    assert_eq!(station.events("login-refused").len(), 2, "one entry a name and minute, not one a failure");
}

#[test]
fn another_host_name_gets_nothing() {
    let station = Station::found();
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "admin");
    for host in ["evil.example", "127.0.0.1.evil.example", "192.168.0.7:80", "localhost.", ""] {
        for path in ["/", "/login", "/healthz", "/static/style.css"] {
            let answer = browser.get_as(path, host);
            // actix itself refuses a request with an empty host
            assert!(answer.status == 421 || (host.is_empty() && answer.status == 400), "{host} {answer:?}");
            assert!(!answer.body.contains('<'), "{host} {path}: {}", answer.body);
        }
    }
    let port = serving.url.rsplit_once(':').unwrap().1;
    assert_eq!(browser.get_as("/healthz", &format!("localhost:{port}")).status, 200);
}

#[test]
fn a_form_without_its_token_does_nothing() {
    let station = Station::found();
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    let fields = [("name", "admin"), ("password", PASSWORD)];
    assert_eq!(browser.post("/login", &fields).status, 400);
    let csrf = browser.get("/login").csrf();
    for token in ["", "00", &csrf[1..]] {
        let answer = browser.post("/login", &[&fields[..], &[("csrf", token)]].concat());
        assert!(answer.body.contains("The page was too old"), "{}", answer.body);
    }
    // a token of somebody else's page does not do either
    let mut other = Browser::at(&serving.url);
    let theirs = other.get("/login").csrf();
    let answer = browser.post("/login", &[&fields[..], &[("csrf", &theirs)]].concat());
    assert!(answer.body.contains("The page was too old"), "{}", answer.body);
    assert!(browser.cookie(SESSION).is_none());
    assert_eq!(station.events("login-accepted").len() + station.events("login-refused").len(), 0);

    browser.log_in("admin", PASSWORD).goes_to("/");
    let token = browser.get("/").csrf();
    assert_eq!(browser.post("/logout", &[]).status, 400);
    browser.post("/logout", &[("csrf", "00")]).goes_to("/login");
    assert_eq!(browser.get("/").status, 200, "still logged in");
    browser.post("/logout", &[("csrf", &token)]).goes_to("/login");
    browser.get("/").goes_to("/login");
}

#[test]
fn every_answer_carries_the_security_headers_and_no_page_an_inline_script_or_style() {
    let station = Station::found();
    let locked = station.serve_locked();
    let mut answers = vec![("unlock", Browser::at(&locked.url).get("/unlock"))];
    locked.end();
    station.add_slot("slot-1", "GW00001");
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    answers.push(("login", browser.get("/login")));
    answers.push(("login refused", browser.log_in("admin", "a wrong password")));
    answers.push(("logged in", browser.log_in("admin", PASSWORD)));
    answers.push(("line", browser.get("/")));
    answers.push(("no such page", browser.get("/no/such/page")));
    answers.push(("bad form", browser.post("/login", &[])));
    answers.push(("wrong host", browser.get_as("/", "evil.example")));
    answers.push(("health", browser.get("/healthz")));
    answers.push(("style", browser.get("/static/style.css")));
    answers.push(("icon", Browser::at(&serving.url).get("/favicon.ico")));
    let statuses: Vec<u16> = answers.iter().map(|(_, answer)| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 303, 200, 404, 400, 421, 200, 200, 200]);
    for (name, answer) in &answers {
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{name}: no policy"));
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{name}: {policy}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{name}");
        }
        let kept = if matches!(*name, "style" | "icon") { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(kept), "{name}");
        let page = answer.body.to_ascii_lowercase();
        for inline in [
            "<script>",
            "<style",
            " style=",
            "javascript:",
            "http://",
            "https://",
            " onclick",
            " onload",
            " hx-on",
        ] {
            assert!(matches!(*name, "style" | "icon") || !page.contains(inline), "{name} holds {inline}");
        }
    }
}

#[test]
fn copies_of_checkpoints_that_cannot_be_made_are_a_warning_on_the_line_page() {
    let station = Station::found();
    let mount = station.beside("mount");
    station.set("# checkpoint_copies = \"/mnt/records\"", &format!("checkpoint_copies = {mount:?}"));
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "admin");
    let page = browser.get("/").body;
    let warning = page.split("class=\"warning\"").nth(1).expect("there is a warning");
    assert!(warning.contains(mount.to_str().unwrap()), "{warning}");
}

#[test]
fn unlocking_by_the_page_sets_the_slots_going() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 1, 0);
    let serving = station.serve_locked();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    let mut browser = Browser::at(&serving.url);
    let page = browser.get("/unlock");
    assert!(page.body.contains("is locked") && page.body.contains("issues nothing"), "{}", page.body);
    let wrong = browser.unlock("incorrect horse");
    assert!(wrong.body.contains("LS-VAULT-02"), "{}", wrong.body);
    assert_eq!(station.events("unlock-refused").len(), 1);
    let without_token = browser.post("/unlock", &[("csrf", "00"), ("passphrase", PASSPHRASE)]);
    assert!(without_token.body.contains("The page was too old"), "{}", without_token.body);
    assert_eq!(station.sqlite("SELECT count(*) FROM run"), "0", "a locked station issues nothing");

    browser.unlock(PASSPHRASE).goes_to("/");
    wait_for("a device that passes", || {
        (station.sqlite("SELECT count(*) FROM run WHERE verdict = 'PASS'") == "1").then_some(())
    });
    browser.log_in("admin", PASSWORD).goes_to("/");
    assert!(tile(&browser.get("/"), "slot-1").contains("PASS"));
    let ended = serving.end();
    assert!(!ended.err.contains(PASSPHRASE) && !ended.err.contains("incorrect"), "{}", ended.err);
    assert_eq!(station.events("login-refused").len(), 0, "a wrong passphrase is no log-in");
}

#[test]
fn a_station_started_with_an_old_passphrase_waits_on_its_unlock_page() {
    let station = Station::found();
    std::fs::write(station.beside("passphrase"), "the passphrase of last year").unwrap();
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    browser.get("/").goes_to("/unlock");
    browser.unlock(PASSPHRASE).goes_to("/");
    let ended = serving.end();
    assert!(ended.err.contains("stays locked") && ended.err.contains("LS-VAULT-02"), "{}", ended.err);
}

#[test]
fn guessing_the_passphrase_is_slowed_down() {
    let station = Station::found();
    let serving = station.serve_locked();
    let mut browser = Browser::at(&serving.url);
    for _ in 0..5 {
        assert!(browser.unlock("incorrect horse").body.contains("LS-VAULT-02"));
    }
    assert!(browser.unlock(PASSPHRASE).body.contains("wait a minute"));
    assert_eq!(station.events("unlock-refused").len(), 5);
    browser.get("/").goes_to("/unlock");
}

#[test]
fn guesses_of_the_passphrase_that_come_together_are_counted_one_by_one() {
    let station = Station::found();
    let serving = station.serve_locked();
    let guesses: Vec<_> = (0..12)
        .map(|n| {
            let url = serving.url.clone();
            std::thread::spawn(move || Browser::at(&url).unlock(&format!("guess number {n}")).body)
        })
        .collect();
    let answers: Vec<String> = guesses.into_iter().map(|guess| guess.join().unwrap()).collect();
    let tried = answers.iter().filter(|body| body.contains("LS-VAULT-02")).count();
    let slowed = answers.iter().filter(|body| body.contains("wait a minute")).count();
    assert_eq!((tried, slowed), (5, 7), "{answers:?}");
    assert_eq!(station.events("unlock-refused").len(), 5);
}

#[test]
fn somebody_who_was_disabled_is_logged_out_at_once() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "ada");
    assert_eq!(browser.get("/").status, 200);
    station.ok(&["user", "disable", "ada"]);
    browser.get("/").goes_to("/login");
}

#[test]
fn the_line_page_shows_slots_verdicts_outbox_and_runs_that_wait_for_a_decision() {
    let station = Station::found();
    // a station that died in the middle of a run
    station.release("lot", "demo-gateway", 3, 0);
    let slow = Bench::plug(&station, 1, "GX", &["--seed", "3", "--fault", "slow"]);
    let mut dying =
        Process::start(station.command(&["provision", "--port", slow.port(), "--product", "demo-gateway"]));
    wait_for("a run with a certificate and no verdict", || {
        let sql = "SELECT count(*) FROM run JOIN certificate ON run = run.id WHERE verdict IS NULL AND der NOT NULL";
        (station.sqlite(sql) == "1").then_some(())
    });
    dying.kill();
    drop(slow);

    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GW00002");
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "admin");
    let page = browser.get("/");
    let text = words(&page.body);
    assert!(text.contains("lot · demo-gateway 0 of 3") && text.contains("Cloud all sent"), "{text}");
    assert!(text.contains("Runs without a verdict") && text.contains("GX00001"), "{text}");
    assert!(page.body.contains("<a href=\"/runs/1\">run 1</a>"), "{}", page.body);
    wait_for("a slot that asks for a unit", || {
        tile(&browser.get("/"), "slot-1").ends_with("slot-1 READY Plug a unit in.").then_some(())
    });

    let bench = Bench::plug(&station, 2, "GW", &["--fault", "2:bad-csr"]);
    let page = wait_for("two verdicts on the page", || {
        let page = browser.get("/");
        let held = ["slot-1", "slot-2"].map(|slot| tile(&page, slot)).concat();
        (held.contains("PASS") && held.contains("FAIL")).then_some(page)
    });
    let (good, bad) = (tile(&page, "slot-1"), tile(&page, "slot-2"));
    assert!(
        good.contains("GW00001") && good.contains("PASS") && good.contains("Take the unit out."),
        "{good}"
    );
    assert!(bad.contains("GW00002") && bad.contains("FAIL") && bad.contains("LS-CA-02"), "{bad}");
    wait_for("figures of both units", || {
        let text = words(&browser.get("/").body);
        let told = ["Cloud 1 waiting", "lot · demo-gateway 1 of 3", "50 % good 1 of 2 units"];
        told.iter().all(|figure| text.contains(figure)).then_some(())
    });
    drop(bench);
    wait_for("slots that are ready again", || {
        let page = browser.get("/");
        ["slot-1", "slot-2"].iter().all(|slot| tile(&page, slot).contains("READY")).then_some(())
    });
    station.ok(&["work-order", "close", "lot", "--override", "broken off"]);
    wait_for("slots that say what is missing", || {
        tile(&browser.get("/"), "slot-1").contains("NOT READY No work order is active.").then_some(())
    });
    station.ok(&["run", "supersede", "1"]);
    wait_for("a page on which nothing waits for a decision", || {
        (!browser.get("/").body.contains("Runs without a verdict")).then_some(())
    });
}
