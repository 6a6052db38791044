//! Certificate serial numbers: time-ordered, so that the records grow at their end, with 80 random bits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hexadecimal;
use super::utc_time::UtcTime;

/// A certificate's serial number: 16 bytes, the first bit clear and the first byte not zero, so that it is
/// a positive DER integer of at most 20 octets (RFC 5280 §4.1.2.2). Printed as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertSerial([u8; 16]);

/// Why a text is no certificate serial number of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate serial number is 32 hexadecimal digits beginning with 1 to 7")]
pub struct BadCertSerial;

impl CertSerial {
    /// The serial number of a certificate made now: milliseconds, then these 80 random bits.
    pub fn new(now: UtcTime, random: [u8; 10]) -> CertSerial {
        let mut bytes = [0; 16];
        // 46 bits of milliseconds reach to the year 4199; the bit above keeps the first byte between 0x40 and 0x7f
        let millis = u64::try_from(now.millis()).unwrap_or(0) & 0x3fff_ffff_ffff | 0x4000_0000_0000;
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        CertSerial(bytes)
    }

    /// The 16 bytes as they stand in the certificate.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From a certificate's own bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<CertSerial, BadCertSerial> {
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| BadCertSerial)?;
        match bytes[0] {
            0x10..=0x7f => Ok(CertSerial(bytes)),
            _ => Err(BadCertSerial),
        }
    }
}

impl fmt::Display for CertSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal::show(&self.0, f)
    }
}

impl fmt::Debug for CertSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertSerial({self})")
    }
}

impl FromStr for CertSerial {
    type Err = BadCertSerial;
    /// Takes the digits with or without colons, in any case.
    fn from_str(text: &str) -> Result<CertSerial, BadCertSerial> {
        let bytes = hex::decode(text.replace(':', "")).map_err(|_| BadCertSerial)?;
        CertSerial::from_bytes(&bytes)
    }
}

impl TryFrom<String> for CertSerial {
    type Error = BadCertSerial;
    fn try_from(text: String) -> Result<CertSerial, BadCertSerial> {
        text.parse()
    }
}

impl From<CertSerial> for String {
    fn from(serial: CertSerial) -> String {
        serial.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_after_print_is_identity(millis in 0i64..70_000_000_000_000, random in any::<[u8; 10]>()) {
            let serial = CertSerial::new(UtcTime::from_millis(millis), random);
            prop_assert_eq!(serial.to_string().parse::<CertSerial>().unwrap(), serial);
            prop_assert!(serial.as_bytes()[0] & 0x80 == 0 && serial.as_bytes()[0] != 0);
        }

        #[test]
        fn later_certificates_have_greater_serials(millis in 0i64..70_000_000_000_000, a in any::<[u8; 10]>(), b in any::<[u8; 10]>()) {
            let earlier = CertSerial::new(UtcTime::from_millis(millis), a);
            let later = CertSerial::new(UtcTime::from_millis(millis + 1), b);
            prop_assert!(earlier < later);
        }
    }
}
