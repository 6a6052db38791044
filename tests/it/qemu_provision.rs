//! A real Linux console is provisioned by the real program: from the terminal and in a slot, with the ready recipe as
//! it is shipped, with wrong passwords and pulled cables, beside kernel messages and over a bad line.

mod azure;
mod identity;

use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use lineside::domain::digest::Digest;
use serde_json::Value;

use self::azure::Azure;
use self::identity::Identity;
use crate::factory::process::{self, Ended, Process};
use crate::factory::{SOON, Station, wait_for};
use crate::qemu::LinuxDevice;
use crate::qemu::console::Console;
use crate::qemu::relay::{Relay, noisy, sound};

/// The recipe in the sources, which is built into the program.
const SHIPPED: &str = include_str!("../../src/station/recipes/linux-iotedge.toml");

/// How long a person leaves a cable out; the slot must be able to tell that from a contact that bounces.
const OUT: Duration = Duration::from_secs(2);

/// The longest one device may take: a damaged answer costs seconds, and a bad line damages many.
const LONGEST: Duration = Duration::from_secs(150);

/// How the station begins to send a file.
const A_FILE: &[u8] = b"<<'@EOF'\r";

/// Founds a station that knows this password for the consoles.
fn station_with_password(password: &str) -> Station {
    let station = Station::found();
    store_password(&station, password);
    station
}

fn store_password(station: &Station, password: &str) {
    let file = station.write("gateway-root", password);
    station.ok(&["secret", "set", "gateway-root", "--file", &file]);
}

/// The station's own recipe: the shipped one with some texts replaced, each of which must be there.
fn own_recipe(station: &Station, name: &str, changes: &[(&str, &str)]) {
    let mut text = SHIPPED.replace("name = \"linux-iotedge\"", &format!("name = \"{name}\""));
    for (from, to) in changes {
        assert!(text.contains(from), "the recipe has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(station.folder().join(format!("products/{name}.toml")), text).unwrap();
}

/// One device from the terminal, with every log line: how the command ended, and the JSON it printed.
fn provision(station: &Station, port: &str, product: &str) -> (Ended, Value) {
    let mut command = station.command(&["provision", "--port", port, "--product", product, "--json"]);
    command.env("LINESIDE_LOG", "trace");
    let ended = Process::start(command).wait_for(LONGEST);
    let ending = serde_json::from_str(&ended.out)
        .unwrap_or_else(|error| panic!("{:?} is not JSON: {error}; {}", ended.out, ended.err));
    (ended, ending)
}

/// The device passed, and its run is on record with a proof by its key.
fn passed(station: &Station, ending: &Value, log: &str) {
    assert_eq!(ending["verdict"], "PASS", "{ending}\n{log}");
    let run = station.json(&["run", "show", &ending["run"].to_string()]);
    assert_eq!((&run["verdict"], &run["proof"]), (&"PASS".into(), &"sign-nonce".into()), "{run}");
    assert_eq!(run["certificate"]["state"], "issued");
}

/// The run ended with this verdict and code, and the command says so.
fn refused((ended, ending): &(Ended, Value), verdict: &str, code: &str) {
    assert_eq!((&ending["verdict"], &ending["code"]), (&verdict.into(), &code.into()), "{ending} {ended:?}");
    ended.is_refused(1, code);
}

/// How many certificates the station ever intended.
fn certificates(station: &Station) -> String {
    station.sqlite("SELECT count(*) FROM certificate")
}

/// Nothing of an identity lies on the device, which is logged out.
fn nothing_is_on(port: &std::path::Path) {
    let mut console = Console::log_in(port);
    assert_eq!(console.words("find /etc/aziot /root /tmp /var -type f"), [""; 0]);
    console.log_out();
}

#[test]
fn a_linux_gets_its_identity_from_the_terminal_with_the_recipe_as_shipped() {
    let id = "sn-gw-000123-mac-02-00-5e-10-20-31";
    let mut device = LinuxDevice::boot("GW-000123", "02:00:5e:10:20:31");
    let station = station_with_password("factory1");
    let azure = Azure::of(&station);

    // what is tested is what is shipped, and what the README tells people to use
    assert_eq!(std::fs::read_dir(station.folder().join("products")).map_or(0, Iterator::count), 0);
    assert_eq!(station.json(&["product", "show", "linux-iotedge"])["text"], SHIPPED);
    assert!(include_str!("../../README.md").contains("--product linux-iotedge"));

    device.wait_for_login();
    let (ended, ending) = provision(&station, device.port().to_str().unwrap(), "linux-iotedge");
    passed(&station, &ending, &ended.err);
    assert_eq!((ended.exit, &ending["serial"]), (0, &"GW-000123".into()));
    let used = station.events("product-used");
    assert_eq!(used.len(), 1);
    assert_eq!(used[0]["digest"], Digest::of(SHIPPED.as_bytes()).to_string());

    let identity = identity::on_device(device.port(), &station, id, (&azure.id_scope, &azure.endpoint));
    let run = station.json(&["run", "show", &ending["run"].to_string()]);
    assert_eq!(run["certificate"]["sha256"], identity.sha256.as_str());
    identity.key_is_not_with(&station);
    identity.is_not_told_by(&ended.err);

    // the enrollment waits in the outbox until somebody sends it
    assert!(azure.enrollment(id).is_none());
    assert_eq!(station.json(&["enroll", "push"])["left"], 0);
    let enrollment = azure.enrollment(id).expect("it was sent");
    assert!(enrollment.is_edge() && enrollment.is_enabled());
    assert_eq!(enrollment.device_id(), id);
    let certificates = enrollment.attestation.x509.unwrap().client_certificates.unwrap();
    let thumbprint = certificates.primary.unwrap().info.unwrap().sha256_thumbprint.unwrap();
    assert_eq!(thumbprint.to_lowercase(), identity.sha256);
}

#[test]
fn a_slot_refuses_what_is_not_right_survives_a_pulled_cable_and_passes_on_the_next_try() {
    let id = "sn-gw-000124-mac-02-00-5e-10-20-32";
    let mut device = LinuxDevice::boot("GW-000124", "02:00:5e:10:20:32");
    let station = station_with_password("not the password");
    let azure = Azure::of(&station);
    std::fs::create_dir(station.beside("ports")).unwrap();
    let link = station.beside("ports").join("gateway");
    device.wait_for_login();

    // a wrong password is tried once: the device itself says how often it was asked
    let cable = Relay::plug(device.port(), &link, sound, sound);
    refused(&provision(&station, cable.port(), "linux-iotedge"), "FAIL", "LS-LINE-07");
    assert_eq!(cable.heard().matches("Login incorrect").count(), 1, "{}", cable.heard());
    assert_eq!(cable.heard().matches("Password:").count(), 1, "{}", cable.heard());

    // a wrong product is not ours: it is left as it was, logged out
    store_password(&station, "factory1");
    let model = "model = \"cat /sys/class/dmi/id/product_name\"\nexpect_model = \"Gateway 9\"\nuser = ";
    own_recipe(&station, "gateway-9", &[("user = ", model)]);
    refused(&provision(&station, cable.port(), "gateway-9"), "SKIPPED", "LS-ID-06");
    drop(cable);
    assert_eq!(certificates(&station), "0");
    nothing_is_on(device.port());

    // in a slot, and the cable is pulled in the middle of a file
    station.add_slot("slot-1", "gateway");
    station.release("lot-1", "linux-iotedge", 1, 1);
    let mut serving = station.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
    serving.env("LINESIDE_LOG", "trace");
    let mut serving = Process::start(serving);
    assert_eq!(serving.json_line()["locked"], false);
    let (tell, pull) = channel();
    let (mut recent, mut left) = (Vec::new(), None);
    let cutting = move |byte| {
        recent.push(byte);
        if recent.ends_with(A_FILE) {
            left = Some(500_u32);
        }
        left = left.map(|left| left.saturating_sub(1));
        if left != Some(0) {
            return Some(byte);
        }
        // nobody listens any more once the cable was pulled
        let _ = tell.send(());
        None
    };
    let cable = Relay::plug(device.port(), &link, cutting, sound);
    pull.recv_timeout(SOON).expect("a file is on its way");
    device.unplug();
    drop(cable);
    let aborted = verdict_of(&station, 3);
    assert_eq!(
        (&aborted["verdict"], &aborted["code"]),
        (&"ABORTED".into(), &"LS-LINE-02".into()),
        "{aborted}"
    );
    assert_eq!((&aborted["slot"], &aborted["stage"]), (&"slot-1".into(), &"inject".into()));
    let revoked = &station.json(&["run", "show", "3"])["certificate"];
    assert_eq!(revoked["state"], "revoked");

    // the device is still logged in, in the middle of that file; a cable that is out for a blink is a loose contact
    std::thread::sleep(OUT);
    device.replug();
    let cable = Relay::plug(device.port(), &link, sound, sound);
    passed(&station, &verdict_of(&station, 4), "");
    assert!(cable.heard().contains("> "), "the file that was cut off is still asked for: {}", cable.heard());
    wait_for("the enrollment", || azure.enrollment(id));
    drop(cable);
    let identity = identity::on_device(device.port(), &station, id, (&azure.id_scope, &azure.endpoint));
    assert_eq!(station.sqlite("SELECT state FROM certificate ORDER BY run"), "revoked\nissued");

    station.ok(&["ca", "crl"]);
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["crl", "-noout", "-text", "-in"]).arg(station.folder().join("ca/crl.pem"));
    let listed = process::run(openssl).out;
    let serial = revoked["serial"].as_str().unwrap().to_uppercase();
    assert!(listed.contains(&serial), "{serial} is not in {listed}");
    let log = serving.terminate();
    assert_eq!(log.exit, 0, "{log:?}");
    identity.key_is_not_with(&station);
    identity.is_not_told_by(&log.err);
}

/// The run, once it has its verdict.
fn verdict_of(station: &Station, run: u64) -> Value {
    let number = run.to_string();
    wait_for("the verdict of the run", || {
        let shown = station.run(&["run", "show", &number, "--json"]);
        let shown: Value = serde_json::from_str(&shown.out).ok()?;
        shown["verdict"].is_string().then_some(shown)
    })
}

/// Endless words of the kernel, from the moment this shell has ended until shortly after the identity is in place.
const TALKATIVE: &str = "{ setsid sh -c \"while [ -d /proc/$$ ]; do usleep 20000; done; n=900; while [ \\$n -gt 0 ]; do \
    echo usb 1-1: new device > /dev/kmsg; usleep 80000; n=\\$((n-1)); \
    [ -e /etc/aziot/config.toml ] && [ \\$n -gt 25 ] && n=25; done\" & }";

/// A Linux that is given an identity again and again, each time by a station that has never seen it.
struct Gateway(LinuxDevice);

impl Gateway {
    const ID: &str = "sn-gw-000125-mac-02-00-5e-10-20-33";
    /// What a station knows that was told nothing about Azure but an ID scope.
    const SCOPE: (&str, &str) = ("0ne00000000", "https://global.azure-devices-provisioning.net");

    fn boot() -> Gateway {
        let mut device = LinuxDevice::boot("GW-000125", "02:00:5e:10:20:33");
        device.wait_for_login();
        Gateway(device)
    }

    fn port(&self) -> &str {
        self.0.port().to_str().unwrap()
    }

    fn identity(&self, station: &Station) -> Identity {
        identity::on_device(self.0.port(), station, Gateway::ID, Gateway::SCOPE)
    }
}

#[test]
fn kernel_messages_a_key_made_by_the_station_and_a_bad_line_do_no_harm() {
    let gateway = Gateway::boot();
    passes_while_the_kernel_talks(&gateway);
    passes_with_a_key_that_the_station_forgets(&gateway);
    passes_on_a_line_that_damages_bytes_now_and_then(&gateway);
    keeps_its_identity_when_the_line_breaks_down_while_a_new_one_is_sent(&gateway);
}

fn passes_while_the_kernel_talks(gateway: &Gateway) {
    let station = station_with_password("factory1");
    let mut console = Console::log_in(gateway.0.port());
    console.run("dmesg -n 8");
    console.run(TALKATIVE);
    console.send("exit");
    console.until("usb 1-1: new device", SOON);
    drop(console);
    let (ended, ending) = provision(&station, gateway.port(), "linux-iotedge");
    passed(&station, &ending, &ended.err);
    let words = ended.err.matches("usb 1-1").count();
    assert!(words > 20, "the kernel said next to nothing: {}", ended.err);
    Console::open(gateway.0.port()).silence();
    gateway.identity(&station);
}

fn passes_with_a_key_that_the_station_forgets(gateway: &Gateway) {
    let station = station_with_password("factory1");
    let key = "[[inject]]\npath = \"/etc/aziot/keys/device-id.key.pem\"\ntemplate = \"private-key\"\nmode = \"0600\"";
    let changes = [("key = \"on-device\"", "key = \"station\""), ("[prove]", &format!("{key}\n\n[prove]"))];
    own_recipe(&station, "station-key", &changes);
    let (ended, ending) = provision(&station, gateway.port(), "station-key");
    passed(&station, &ending, &ended.err);
    let identity = gateway.identity(&station);
    identity.key_is_not_with(&station);
    identity.is_not_told_by(&ended.err);
}

/// A station with a recipe that does not wait long for answers, and the place of its port.
fn bad_line_station() -> (Station, PathBuf) {
    let station = station_with_password("factory1");
    own_recipe(&station, "bad-line", &[("user = ", "answer_seconds = 3\nuser = ")]);
    let link = station.beside("bad-line");
    (station, link)
}

fn passes_on_a_line_that_damages_bytes_now_and_then(gateway: &Gateway) {
    let (station, link) = bad_line_station();
    // log-in is left alone: a password is typed once only, and a damaged one is a refused one
    let cable = Relay::plug(gateway.0.port(), &link, noisy(2500, 60), noisy(2500, 300));
    let (ended, ending) = provision(&station, cable.port(), "bad-line");
    drop(cable);
    passed(&station, &ending, &ended.err);
    assert!(ended.err.contains("asking again"), "nothing was damaged: {}", ended.err);
    gateway.identity(&station);
}

fn keeps_its_identity_when_the_line_breaks_down_while_a_new_one_is_sent(gateway: &Gateway) {
    let before = identity::fingerprint(gateway.0.port());
    let (station, link) = bad_line_station();
    let (mut recent, mut noise, mut broken) = (Vec::new(), noisy(40, 0), false);
    let breaking = move |byte| {
        recent.push(byte);
        broken |= recent.ends_with(A_FILE);
        if broken { noise(byte) } else { Some(byte) }
    };
    let cable = Relay::plug(gateway.0.port(), &link, breaking, sound);
    let (ended, ending) = provision(&station, cable.port(), "bad-line");
    drop(cable);
    let (verdict, code) = (ending["verdict"].as_str().unwrap(), ending["code"].as_str().unwrap());
    assert!(["FAIL", "ERROR"].contains(&verdict) && code.starts_with("LS-LINE-"), "{ending}");
    ended.is_refused(1, code);
    assert_eq!(station.sqlite("SELECT state FROM certificate"), "revoked");
    Console::clear(gateway.0.port());
    assert_eq!(identity::fingerprint(gateway.0.port()), before);
}
