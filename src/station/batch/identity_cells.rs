//! The cells that say which device a row is about, parsed under the rules of a recipe or the usual ones; import,
//! issue and derivation read them alike.

use super::outcome::RowFault;
use super::table::{Column, Header, Row};
use crate::domain::code::{Code, Coded};
use crate::domain::mac_address::{BadMac, MacAddress};
use crate::domain::product::Product;
use crate::domain::registration_id::{BadRegistrationId, IdTemplate, RegistrationId};
use crate::domain::serial_number::{BadSerial, SerialNumber, SerialRule};

/// By what rules the cells are read.
#[derive(Debug, Clone, Default)]
pub struct IdentityRule {
    serial: SerialRule,
    template: Option<IdTemplate>,
}

/// Which device a row is about; at least one of the three is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its serial number.
    pub serial: Option<SerialNumber>,
    /// Its MAC address.
    pub mac: Option<MacAddress>,
    /// Its registration ID: as the row gives it, else as the recipe forms it.
    pub registration_id: Option<RegistrationId>,
}

/// Why cells do not say which device it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadIdentity {
    #[error(
        "“{text}” is no {what} any more: a spreadsheet has turned it into a number, and its last digits are lost"
    )]
    Number { what: &'static str, text: String },
    #[error(transparent)]
    Serial(#[from] BadSerial),
    #[error(transparent)]
    Mac(#[from] BadMac),
    #[error(transparent)]
    RegistrationId(#[from] BadRegistrationId),
    #[error("the row names no device: it has no serial number and no registration ID")]
    Nobody,
    #[error("the row has no registration ID")]
    NoId,
    #[error("the recipe forms the registration ID from the MAC address, and the row has none")]
    NoMac,
    #[error("the row's registration ID is “{given}”, the recipe forms “{formed}”")]
    Disagrees { given: RegistrationId, formed: RegistrationId },
}

impl Coded for BadIdentity {
    fn code(&self) -> Code {
        match self {
            BadIdentity::Number { .. } => Code::TurnedIntoNumber,
            BadIdentity::Serial(bad) => bad.code(),
            BadIdentity::Mac(bad) => bad.code(),
            BadIdentity::RegistrationId(bad) => bad.code(),
            BadIdentity::Nobody | BadIdentity::NoId | BadIdentity::NoMac => Code::IdentityMissing,
            BadIdentity::Disagrees { .. } => Code::IdentityDisagrees,
        }
    }
}

/// Whether this is how a spreadsheet writes a number that was too long for its column, such as `1.23E+11`. A minus
/// alone does not tell, since serial numbers have dashes: `12E-45` is one, `1.2E-44` is not.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let marked = mantissa.split_once(['.', ',']);
    let is_number = match marked {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(mantissa),
    };
    let signed = match (exponent.strip_prefix('+'), exponent.strip_prefix('-')) {
        (Some(power), _) => digits(power),
        (None, Some(power)) => marked.is_some() && digits(power),
        (None, None) => false,
    };
    is_number && signed
}

fn not_a_number<'a>(what: &'static str, cell: Option<&'a str>) -> Result<Option<&'a str>, BadIdentity> {
    match cell {
        Some(text) if is_scientific(text) => Err(BadIdentity::Number { what, text: text.to_owned() }),
        other => Ok(other),
    }
}

/// The registration ID that a row gives, whatever its other cells say.
///
/// # Errors
/// A cell that is none, or is empty.
pub fn registration_id(header: &Header, row: &Row) -> Result<RegistrationId, RowFault> {
    given_id(header, row)
        .and_then(|id| id.ok_or(BadIdentity::NoId))
        .map_err(|bad| RowFault::new(row.line, &bad))
}

fn given_id(header: &Header, row: &Row) -> Result<Option<RegistrationId>, BadIdentity> {
    let cell = not_a_number("registration ID", row.get(header, Column::RegistrationId))?;
    Ok(cell.map(str::parse::<RegistrationId>).transpose()?)
}

impl IdentityRule {
    /// The rules of this recipe: which serial numbers it takes, and how it forms the registration ID.
    pub fn of(product: &Product) -> IdentityRule {
        let template = Some(product.registration_id.clone());
        IdentityRule { serial: product.identify.serial_rule.clone(), template }
    }

    /// Which device the row is about.
    ///
    /// # Errors
    /// A cell that breaks its rule, or no cell that names a device.
    pub fn read(&self, header: &Header, row: &Row) -> Result<Identity, RowFault> {
        self.parse(header, row).map_err(|bad| RowFault::new(row.line, &bad))
    }

    fn parse(&self, header: &Header, row: &Row) -> Result<Identity, BadIdentity> {
        let serial = not_a_number("serial number", row.get(header, Column::Serial))?;
        let serial = serial.map(|text| self.serial.parse(text)).transpose()?;
        let mac = not_a_number("MAC address", row.get(header, Column::Mac))?;
        let mac = mac.map(str::parse::<MacAddress>).transpose()?;
        let given = given_id(header, row)?;
        let formed = match (&self.template, &serial) {
            (Some(template), Some(_)) if template.names_mac() && mac.is_none() && given.is_none() => {
                return Err(BadIdentity::NoMac);
            }
            (Some(template), Some(_)) if template.names_mac() && mac.is_none() => None,
            (Some(template), Some(serial)) => Some(template.registration_id(serial, mac.as_ref())?),
            (None, _) | (_, None) => None,
        };
        let registration_id = match (given, formed) {
            (Some(given), Some(formed)) if given != formed => {
                return Err(BadIdentity::Disagrees { given, formed });
            }
            (given, formed) => given.or(formed),
        };
        if serial.is_none() && registration_id.is_none() {
            return Err(BadIdentity::Nobody);
        }
        Ok(Identity { serial, mac, registration_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::batch::table::Table;

    fn read(rule: &IdentityRule, text: &str) -> Result<Identity, RowFault> {
        let mut table = Table::read(text.as_bytes()).unwrap();
        let mut row = Row::default();
        assert!(table.next(&mut row).unwrap());
        rule.read(table.header(), &row)
    }

    fn rule(template: &str) -> IdentityRule {
        IdentityRule { serial: SerialRule::default(), template: Some(template.parse().unwrap()) }
    }

    fn code(rule: &IdentityRule, text: &str) -> Code {
        read(rule, text).unwrap_err().code
    }

    #[test]
    fn numbers_of_spreadsheets_are_told_from_serial_numbers() {
        for lost in ["1.23E+11", "1,23E+11", "1e+16", "4.57e-05", "9E+00"] {
            assert!(is_scientific(lost), "{lost}");
        }
        for serial in ["123E4567", "12E-45", "1.2", "E+11", "SN1.2E+11", "1.E+3", "1.2E+", "", "1E5"] {
            assert!(!is_scientific(serial), "{serial}");
        }
        let lost = read(&IdentityRule::default(), "serial\n1.23E+11\n").unwrap_err();
        assert_eq!((lost.line, lost.code), (2, Code::TurnedIntoNumber));
        assert!(lost.message.contains("spreadsheet"), "{}", lost.message);
        assert_eq!(code(&IdentityRule::default(), "serial,mac\nSN1,1.12E+11\n"), Code::TurnedIntoNumber);
        assert_eq!(code(&IdentityRule::default(), "device_id\n1.12E+11\n"), Code::TurnedIntoNumber);
    }

    #[test]
    fn the_usual_rule_takes_what_the_cells_say() {
        let usual = IdentityRule::default();
        let found = read(&usual, "cn;sn;eth_mac\n SN-1 ;007;A0B2C3D4E5F6\n").unwrap();
        assert_eq!(found.serial.unwrap().as_str(), "007");
        assert_eq!(found.mac.unwrap().to_string(), "a0:b2:c3:d4:e5:f6");
        assert_eq!(found.registration_id.unwrap().as_str(), "sn-1");
        assert_eq!(read(&usual, "serial\n007\n").unwrap().registration_id, None);
        assert_eq!(code(&usual, "serial\n0000\n"), Code::Placeholder);
        assert_eq!(code(&usual, "serial\n=1+1\n"), Code::SerialInvalid);
        assert_eq!(code(&usual, "serial,mac\nSN1,ff:ff:ff:ff:ff:ff\n"), Code::Placeholder);
        assert_eq!(code(&usual, "registration_id\nsn 1\n"), Code::RegistrationIdInvalid);
        assert_eq!(code(&usual, "mac,note\na0b2c3d4e5f6,x\n"), Code::IdentityMissing);
    }

    #[test]
    fn a_recipe_forms_the_id_and_no_row_may_contradict_it() {
        let simple = rule("sn-{serial}");
        let formed = read(&simple, "serial\nAB7\n").unwrap();
        assert_eq!(formed.registration_id.unwrap().as_str(), "sn-ab7");
        let both = read(&simple, "serial,device_id\nAB7,SN-AB7\n").unwrap();
        assert_eq!(both.registration_id.unwrap().as_str(), "sn-ab7");
        assert_eq!(code(&simple, "serial,device_id\nAB7,sn-ab8\n"), Code::IdentityDisagrees);
        assert!(read(&simple, "device_id\nsn-ab8\n").is_ok());
        let long = rule("sn-{serial}-mac-{mac}");
        assert_eq!(code(&long, "serial\nAB7\n"), Code::IdentityMissing);
        assert!(read(&long, "serial,device_id\nAB7,sn-ab7\n").is_ok(), "without a MAC nothing is formed");
        let formed = read(&long, "serial,mac\nAB7,a0b2c3d4e5f6\n").unwrap();
        assert_eq!(formed.registration_id.unwrap().as_str(), "sn-ab7-mac-a0-b2-c3-d4-e5-f6");
    }
}
