//! What becomes of keys in a token that the station is to forget: their names leave the vault, and the words say that the keys
//! themselves are destroyed with the token's own tool.

use std::fs;

use crate::ca_ceremony::openssl::{attempt, export, issue, verifies};
use crate::factory::token::Token;

#[test]
fn a_past_key_in_a_token_is_forgotten_and_named_for_the_tokens_own_tool() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    let ca = |file: &str| station.folder().join("ca").join(file).to_str().unwrap().to_owned();
    let objects = || token.tool(&["--list-objects", "--type", "privkey"]).matches("label:").count();
    issue(&station, "b", &["B1"]);
    station.ok(&["ca", "renew"]);
    station.refused(1, "LS-CER-30", &["ca", "forget", "issuing-1"]);
    let forgotten = station.run(&["ca", "forget", "issuing-1", "--before-its-end", "--json"]);
    assert_eq!(forgotten.exit, 0, "{forgotten:?}");
    assert!(forgotten.err.contains("token's own tool"), "{}", forgotten.err);
    let told: serde_json::Value = serde_json::from_str(&forgotten.out).unwrap();
    assert_eq!(told["in_vault"], false);
    let sheet = fs::read_to_string(told["record"].as_str().unwrap()).unwrap();
    assert!(sheet.contains("its object in the token issuing\n"), "{sheet}");
    assert_eq!(objects(), 2, "the station destroys nothing in a token");
    let (list, old) = (ca("crl-1.pem"), ca("issuing-1.pem"));
    let judged = attempt(&station, &["crl", "-in", &list, "-CAfile", &old, "-noout", "-verify"]);
    assert!(judged.exit == 0 && judged.err.contains("verify OK"), "{judged:?}");
    let last = fs::read(&list).unwrap();
    station.ok(&["ca", "crl"]);
    assert_eq!(fs::read(&list).unwrap(), last);
    export(&station, "sn-b1", "b1");
    verifies(&station, "b1", &ca("root.pem"));

    // a request for a key in a token is given up in the same words
    station.ok(&["ca", "renew", "--csr"]);
    station.refused(1, "LS-CER-33", &["ca", "renew"]);
    let told = station.ok(&["ca", "csr", "--withdraw"]);
    assert!(told.contains("lies in the token still"), "{told}");
    assert_eq!(objects(), 3);
    let renewed = station.json(&["ca", "renew"]);
    assert!(renewed["installed"]["subject"].as_str().unwrap().contains("G3"), "{renewed}");
    assert_eq!(objects(), 4);
    issue(&station, "a", &["A1"]);
    station.ok(&["audit", "verify"]);
}
