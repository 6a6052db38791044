//! Names in a certificate beside its CN: parts of the subject and alternative names, each checked for what X.509 lets it be.

use super::template::{Template, Whom};

/// What the subject holds beside the CN, which is always the registration ID.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// C: two capital letters (ISO 3166).
    pub country: Option<String>,
    /// O.
    pub organization: Option<Template>,
    /// OU.
    pub unit: Option<Template>,
    /// serialNumber (X.520), as IEEE 802.1AR wants it.
    pub serial_number: Option<Template>,
}

/// A subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoCalled {
    /// Its kind.
    pub kind: Kind,
    /// The name.
    pub name: Template,
}

/// What a name must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text of the directory: up to 64 characters (RFC 5280 appendix A, ub-organization-name).
    Directory,
    /// A PrintableString of up to 64 characters (ub-serial-number).
    Printable,
    /// A DNS name (RFC 1034 §3.5): labels of up to 63 letters, digits and hyphens, 253 characters in all.
    Dns,
    /// A URI with a scheme (RFC 3986), up to 255 ASCII characters.
    Uri,
}

/// Why a text cannot stand in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each says itself what is wrong")]
pub enum BadText {
    #[error("the text is empty or has more than {0} characters")]
    Length(usize),
    #[error("“{0}” holds a control character")]
    Control(String),
    #[error("“{0}” holds other characters than letters, digits, space and ' ( ) + , - . / : = ?")]
    NotPrintable(String),
    #[error("“{0}” is not a DNS name")]
    NotDns(String),
    #[error("“{0}” is not a URI")]
    NotUri(String),
    #[error("“{0}” is not an address that begins with http://, where a revocation list is looked for")]
    NotHttp(String),
    #[error(
        "“{0}” may hold {{ca}} once, in its path, for the key identifier of the issuing CA, and no other brace"
    )]
    ListPlace(String),
    #[error("a country is two capital letters, such as DE")]
    Country,
    #[error("the device has no MAC address, and its certificate is to hold one")]
    NoMac,
}

/// Most characters of a text in the subject.
const LONGEST_TEXT: usize = 64;
/// Most characters of a DNS name.
const LONGEST_DNS: usize = 253;
/// Most characters of a URI.
const LONGEST_URI: usize = 255;

impl Kind {
    /// Whether this text may stand there.
    pub fn check(self, text: &str) -> Result<(), BadText> {
        let most = match self {
            Kind::Directory | Kind::Printable => LONGEST_TEXT,
            Kind::Dns => LONGEST_DNS,
            Kind::Uri => LONGEST_URI,
        };
        if text.is_empty() || text.chars().count() > most {
            return Err(BadText::Length(most));
        }
        let (good, fault): (bool, fn(String) -> BadText) = match self {
            Kind::Directory => (!text.chars().any(char::is_control), BadText::Control),
            Kind::Printable => (text.bytes().all(printable), BadText::NotPrintable),
            Kind::Dns => (text.split('.').all(is_label), BadText::NotDns),
            Kind::Uri => (is_uri(text), BadText::NotUri),
        };
        if good { Ok(()) } else { Err(fault(text.to_owned())) }
    }

    /// The name of this device, checked.
    pub fn fill(self, template: &Template, whom: &Whom<'_>) -> Result<String, BadText> {
        let text = template.fill(whom).ok_or(BadText::NoMac)?;
        self.check(&text)?;
        Ok(text)
    }
}

/// PrintableString (X.680 §41.4).
fn printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let rest_fits = rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    scheme_fits && !rest.is_empty() && rest_fits
}

/// Where a revocation list may be looked for: `http`, because whoever checks a chain for `https` would need it first.
pub fn url(text: &str) -> Result<(), BadText> {
    Kind::Uri.check(text)?;
    match text.strip_prefix("http://") {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(()),
        _ => Err(BadText::NotHttp(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_x509_takes() {
        for (kind, good, bad) in [
            (Kind::Directory, "Contoso Gerätebau", "a\u{7}"),
            (Kind::Printable, "SN-7/(a)", "SN_7"),
            (Kind::Dns, "sn-7.plant.example", "sn_7.example"),
            (Kind::Dns, "a", "a..b"),
            (Kind::Dns, "a-b", "-a"),
            (Kind::Uri, "urn:dev:mac:0011", "no-scheme"),
            (Kind::Uri, "https://x.example/a?b#c", "urn:a b"),
            (Kind::Uri, "x+y.z-1:1", "1x:y"),
        ] {
            assert_eq!(kind.check(good), Ok(()), "{good}");
            assert!(kind.check(bad).is_err(), "{bad}");
        }
        for kind in [Kind::Directory, Kind::Printable, Kind::Dns, Kind::Uri] {
            assert!(kind.check("").is_err());
            assert!(kind.check(&"a".repeat(256)).is_err());
        }
        assert_eq!(Kind::Dns.check(&"a".repeat(64)), Err(BadText::NotDns("a".repeat(64))));
        assert_eq!(url("http://crl.example/ca.crl"), Ok(()));
        for bad in ["https://crl.example", "ldap://x", "http://", "http:///x", "crl.example"] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
