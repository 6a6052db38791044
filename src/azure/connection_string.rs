//! The connection string of a DPS shared access policy, as it is copied from Azure.

use std::net::Ipv6Addr;

use super::sas::{BadSasKey, SasKey};
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;

/// `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`, checked. The host name may carry `:port`, as the
/// simulator's does.
pub struct DpsConnectionString {
    host: String,
    port: Option<u16>,
    policy: String,
    key: SasKey,
}

/// Why a text is no DPS connection string. Only the host name is ever shown of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadConnectionString {
    /// Empty, over 4096 bytes, or not text.
    #[error("a connection string is one line of text of 1 to 4096 characters")]
    Form,
    /// A part is not there.
    #[error("the connection string has no {0}")]
    Missing(&'static str),
    /// A part stands twice.
    #[error("the connection string has {0} twice")]
    Twice(&'static str),
    /// Not a host name with an optional port.
    #[error("the connection string's HostName is not a host name")]
    Host,
    /// The port is not 1 to 65535.
    #[error("the port after “{0}” is not a number from 1 to 65535")]
    Port(String),
    /// Of an IoT Hub.
    #[error("“{0}” is an IoT Hub; enrollments need the connection string of the Device Provisioning Service")]
    Hub(String),
    /// Of one device.
    #[error("this is the connection string of a single device; enrollments need that of a DPS access policy")]
    Device,
    /// The policy's name is empty or over 128 characters.
    #[error("SharedAccessKeyName has 1 to 128 characters, this one has {0}")]
    Policy(usize),
    /// The key.
    #[error(transparent)]
    Key(#[from] BadSasKey),
}

impl Coded for BadConnectionString {
    fn code(&self) -> Code {
        Code::ConnectionStringInvalid
    }
}

impl DpsConnectionString {
    /// Reads the text; white space around it is left out, unknown parts are passed over.
    pub fn parse(text: &Secret) -> Result<DpsConnectionString, BadConnectionString> {
        let text = std::str::from_utf8(text.expose()).map_err(|_| BadConnectionString::Form)?.trim();
        if text.is_empty() || text.len() > 4096 || text.contains(char::is_control) {
            return Err(BadConnectionString::Form);
        }
        let (mut host, mut policy, mut key) = (None, None, None);
        for part in text.split(';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (place, name) = match name.trim().to_ascii_lowercase().as_str() {
                "hostname" => (&mut host, "HostName"),
                "sharedaccesskeyname" => (&mut policy, "SharedAccessKeyName"),
                "sharedaccesskey" => (&mut key, "SharedAccessKey"),
                "deviceid" => return Err(BadConnectionString::Device),
                _ => continue,
            };
            if place.replace(value.trim()).is_some() {
                return Err(BadConnectionString::Twice(name));
            }
        }
        let (host, port) = split_host(host.ok_or(BadConnectionString::Missing("HostName"))?)?;
        if host.ends_with(".azure-devices.net") {
            return Err(BadConnectionString::Hub(host));
        }
        let policy = policy.ok_or(BadConnectionString::Missing("SharedAccessKeyName"))?;
        let length = policy.chars().count();
        if !(1..=128).contains(&length) {
            return Err(BadConnectionString::Policy(length));
        }
        let key = key.ok_or(BadConnectionString::Missing("SharedAccessKey"))?;
        let key = SasKey::parse(&Secret::from(key.to_owned()))?;
        Ok(DpsConnectionString { host, port, policy: policy.to_owned(), key })
    }

    /// The host name alone, in lower case; an IPv6 address stands in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host name and, if one was given, `:port`: what a token names and where the base URL leads.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The name of the shared access policy.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The policy's key.
    pub fn key(&self) -> &SasKey {
        &self.key
    }
}

fn split_host(text: &str) -> Result<(String, Option<u16>), BadConnectionString> {
    let text = text.to_ascii_lowercase();
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or(BadConnectionString::Host)?;
            address.parse::<Ipv6Addr>().map_err(|_| BadConnectionString::Host)?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or(BadConnectionString::Host)?),
            };
            (format!("[{address}]"), port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (text, None),
        },
    };
    let bracketed = host.starts_with('[');
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if !bracketed && (host.len() > 253 || !host.split('.').all(label)) {
        return Err(BadConnectionString::Host);
    }
    match port {
        None => Ok((host, None)),
        Some(digits) => match digits.parse::<u16>() {
            Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Ok((host, Some(port))),
            _ => Err(BadConnectionString::Port(host)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<DpsConnectionString, BadConnectionString> {
        DpsConnectionString::parse(&Secret::from(text.to_owned()))
    }

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODw==";

    fn with_host(host: &str) -> Result<DpsConnectionString, BadConnectionString> {
        parse(&format!("HostName={host};SharedAccessKeyName=provisioningserviceowner;SharedAccessKey={KEY}"))
    }

    #[test]
    fn a_good_one_is_taken_in_any_order() {
        let plain = with_host("Plant.azure-devices-provisioning.net").ok().unwrap();
        assert_eq!(plain.authority(), "plant.azure-devices-provisioning.net");
        assert_eq!(plain.policy(), "provisioningserviceowner");
        let turned = format!(" SharedAccessKey={KEY};SharedAccessKeyName=p;HostName=127.0.0.1:8443;\n");
        assert_eq!(parse(&turned).ok().unwrap().authority(), "127.0.0.1:8443");
        assert_eq!(with_host("[::1]:8443").ok().unwrap().authority(), "[::1]:8443");
        assert_eq!(with_host("[::1]").ok().unwrap().host(), "[::1]");
    }

    #[test]
    fn the_string_of_a_hub_or_a_device_is_named_as_such() {
        let hub = with_host("plant.azure-devices.net").err().unwrap();
        assert_eq!(hub, BadConnectionString::Hub("plant.azure-devices.net".to_owned()));
        let device = format!("HostName=h;DeviceId=d;SharedAccessKey={KEY}");
        assert_eq!(parse(&device).err(), Some(BadConnectionString::Device));
    }

    #[test]
    fn each_fault_is_named_without_the_key() {
        let secret = "c2VjcmV0IGtleSBtYXRlcmlhbA";
        for (text, fault) in [
            (String::new(), BadConnectionString::Form),
            ("HostName=h;SharedAccessKeyName=p".to_owned(), BadConnectionString::Missing("SharedAccessKey")),
            (
                format!("HostName=h;SharedAccessKey={KEY}"),
                BadConnectionString::Missing("SharedAccessKeyName"),
            ),
            (format!("HostName=h;HostName=h;SharedAccessKey={KEY}"), BadConnectionString::Twice("HostName")),
            (
                format!("HostName=h;SharedAccessKeyName=p;SharedAccessKey={secret}"),
                BadConnectionString::Key(BadSasKey::Base64),
            ),
            (
                format!("HostName=h;SharedAccessKeyName=;SharedAccessKey={KEY}"),
                BadConnectionString::Policy(0),
            ),
        ] {
            let found = parse(&text).err().unwrap();
            assert!(!found.to_string().contains(secret));
            assert_eq!(found, fault, "{text}");
        }
        for host in ["", "a b", "h/x", "user@h", "a..b", "[::1", "[::1]x", "[zz]:1"] {
            assert_eq!(with_host(host).err(), Some(BadConnectionString::Host), "{host}");
        }
        for host in ["h:", "h:0", "h:65536", "h:+1", "h:1:2"] {
            assert_eq!(with_host(host).err(), Some(BadConnectionString::Port("h".to_owned())), "{host}");
        }
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(text in "(HostName=)?[\\PC;=]{0,80}") {
            let _ = parse(&text);
        }
    }
}
