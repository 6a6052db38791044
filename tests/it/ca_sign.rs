//! `lineside ca sign`: one certificate for one request, judged by openssl and by the records.

mod judged;
pub mod killed;
mod refused;

use std::fs;
use std::path::PathBuf;

use crate::factory::Station;

/// A request of the corpus.
fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/csr").join(name);
    path.to_str().unwrap().to_owned()
}

/// Writes a profile of the station's own that allows these kinds of key.
fn profile(station: &Station, name: &str, keys: &str) {
    let text = format!(
        "name = \"{name}\"\nvalidity_days = 365\nkeys = [{keys}]\nkey_usage = [\"digital-signature\"]\n\
         extended_key_usage = [\"client-auth\"]\n"
    );
    let folder = station.folder().join("profiles");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.toml")), text).unwrap();
}
