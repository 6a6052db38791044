//! How the pages are reached: address, host names, TLS, how long somebody stays logged in and whether somebody must.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::domain::code::{Code, Coded};

/// The most further host names.
const MOST_HOSTS: usize = 16;

/// How the pages are reached.
#[derive(Debug, Clone)]
pub struct PagesSettings {
    /// Further names and addresses by which people reach the station, in lower case.
    pub hosts: Vec<String>,
    /// Whether TLS is spoken on loopback addresses, too.
    pub tls_always: bool,
    /// The owner's certificate; else the station makes its own.
    pub own_certificate: Option<OwnCertificate>,
    /// How long somebody may do nothing and stay logged in: 1 to 720 minutes.
    pub idle: Duration,
    /// Whether slots stand still while nobody is on the line.
    pub operator_required: bool,
}

/// The owner's certificate for the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCertificate {
    /// PEM file with the certificate, and those above it.
    pub certificate: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
}

impl PagesSettings {
    /// Whether TLS is spoken at this address: always, except on a loopback address if the settings do not say so.
    pub fn speaks_tls(&self, listen: SocketAddr) -> bool {
        self.tls_always || !listen.ip().is_loopback()
    }

    /// The host names and addresses that lead to this address, for the certificate and for the list of hosts.
    pub fn names(&self, listen: SocketAddr) -> Vec<String> {
        let mut names = vec!["localhost".to_owned()];
        if !listen.ip().is_unspecified() {
            names.push(listen.ip().to_string());
        }
        for host in &self.hosts {
            if !names.contains(host) {
                names.push(host.clone());
            }
        }
        names
    }

    /// Refuses an address that says not by which name people come, if the settings do not say so either.
    pub fn check(&self, listen: SocketAddr) -> Result<(), BadListen> {
        match listen.ip().is_unspecified() && self.hosts.is_empty() {
            true => Err(BadListen::Nameless(listen)),
            false => Ok(()),
        }
    }
}

/// Why nothing can be served at an address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadListen {
    /// Address and port are needed.
    #[error("“{0}” is not an address such as 127.0.0.1:8470")]
    Form(String),
    /// Every address of the machine, and none named in the settings.
    #[error(
        "{0} stands for every address of this machine; name those that people use in hosts in station.toml"
    )]
    Nameless(SocketAddr),
}

impl Coded for BadListen {
    fn code(&self) -> Code {
        Code::ListenRefused
    }
}

/// An address for the pages.
pub fn parse_listen(text: &str) -> Result<SocketAddr, BadListen> {
    text.parse().map_err(|_| BadListen::Form(text.to_owned()))
}

/// The `[tls]` part of the file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsPart {
    always: bool,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

/// The `[log_in]` part of a new file, explained.
pub(super) const LOG_IN_EXPLAINED: &str = r#"[log_in]
# Somebody who does nothing for this long (1 to 720 minutes) logs in again; the Line page stays to be seen.
idle_minutes = 30
# A run is that of whoever scanned for it, else of whoever is on the line. On a line without log-in the person
# responsible for its runs is who released the work order; with true nothing starts while nobody is on the line.
operator_required = false
"#;

/// The `[log_in]` part of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogInPart {
    idle_minutes: u64,
    operator_required: bool,
}

impl Default for LogInPart {
    fn default() -> Self {
        LogInPart { idle_minutes: 30, operator_required: false }
    }
}

/// Checks these parts; relative paths are taken from `folder`.
pub(super) fn checked(
    hosts: Vec<String>,
    tls: TlsPart,
    log_in: &LogInPart,
    folder: &Path,
) -> Result<PagesSettings, String> {
    if hosts.len() > MOST_HOSTS {
        return Err(format!("hosts: at most {MOST_HOSTS}"));
    }
    let hosts = hosts.iter().map(|host| host_name(host)).collect::<Result<Vec<_>, _>>()?;
    if !(1..=720).contains(&log_in.idle_minutes) {
        return Err("[log_in] idle_minutes: 1 to 720".to_owned());
    }
    let own_certificate = match (tls.certificate, tls.key) {
        (Some(certificate), Some(key)) => {
            Some(OwnCertificate { certificate: folder.join(certificate), key: folder.join(key) })
        }
        (None, None) => None,
        _ => return Err("[tls]: certificate and key belong together".to_owned()),
    };
    let idle = Duration::from_secs(60 * log_in.idle_minutes);
    let operator_required = log_in.operator_required;
    Ok(PagesSettings { hosts, tls_always: tls.always, own_certificate, idle, operator_required })
}

/// A host name or an address, in the form in which browsers send it.
fn host_name(text: &str) -> Result<String, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match text.len() <= 253 && text.split('.').all(label) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("hosts: “{text}” is neither a host name nor an address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(hosts: &[&str]) -> Result<PagesSettings, String> {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        checked(hosts, TlsPart::default(), &LogInPart::default(), Path::new("/station"))
    }

    #[test]
    fn only_loopback_is_served_without_tls() {
        let pages = parts(&[]).unwrap();
        for (listen, tls) in
            [("127.0.0.1:80", false), ("[::1]:80", false), ("192.0.2.7:80", true), ("0.0.0.0:80", true)]
        {
            assert_eq!(pages.speaks_tls(parse_listen(listen).unwrap()), tls, "{listen}");
        }
        let always = PagesSettings { tls_always: true, ..pages };
        assert!(always.speaks_tls(parse_listen("127.0.0.1:80").unwrap()));
    }

    #[test]
    fn names_are_those_people_come_by() {
        let pages = parts(&["Line-1.plant", "192.0.2.7"]).unwrap();
        let here = parse_listen("192.0.2.7:443").unwrap();
        assert_eq!(pages.names(here), ["localhost", "192.0.2.7", "line-1.plant"]);
        let everywhere = parse_listen("0.0.0.0:443").unwrap();
        assert_eq!(pages.names(everywhere), ["localhost", "line-1.plant", "192.0.2.7"]);
        assert!(pages.check(everywhere).is_ok());
        assert_eq!(parts(&[]).unwrap().check(everywhere), Err(BadListen::Nameless(everywhere)));
        for bad in ["", "a b", "https://line-1", "line-1:80", "-x", "x."] {
            assert!(parts(&[bad]).is_err(), "{bad}");
        }
    }
}
