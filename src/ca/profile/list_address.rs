//! Where a certificate says that the revocation list of its issuing CA is to be found. `{ca}` in it stands for the key
//! identifier of that CA: each issuing CA has a list of its own, and another one takes its place some day.

use super::names::{BadText, url};

/// What stands for the key identifier of the issuing CA, in lower-case hexadecimal digits.
const PLACE: &str = "{ca}";
/// The most bytes a key identifier is taken to have when an address is read: those of a SHA-256.
const LONGEST_KEY_ID: usize = 32;

/// An address of a list, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAddress(String);

impl ListAddress {
    /// Reads an address: `http`, at most 255 characters once it is filled, `{ca}` at most once and in its path.
    pub fn parse(text: &str) -> Result<ListAddress, BadText> {
        let address = ListAddress(text.to_owned());
        url(&address.of(&[0xff; LONGEST_KEY_ID])?)?;
        let misplaced = || BadText::ListPlace(text.to_owned());
        if let Some((before, behind)) = text.split_once(PLACE) {
            // behind the host, and before what is asked or pointed at
            let host_ends = before.trim_start_matches("http://").contains('/');
            if !host_ends || before.contains(['?', '#']) || behind.contains(PLACE) {
                return Err(misplaced());
            }
        }
        Ok(address)
    }

    /// Whether each issuing CA has an address of its own.
    pub fn tells_apart(&self) -> bool {
        self.0.contains(PLACE)
    }

    /// The address of the list of the CA with this key identifier.
    pub fn of(&self, key_id: &[u8]) -> Result<String, BadText> {
        let filled = self.0.replace(PLACE, &hex::encode(key_id));
        match filled.contains(['{', '}']) {
            true => Err(BadText::ListPlace(self.0.clone())),
            false => Ok(filled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_ca_once_in_its_path_or_not_at_all() {
        for (text, apart, filled) in [
            ("http://crl.example/{ca}.crl", true, "http://crl.example/0aff.crl"),
            ("http://crl.example/{ca}", true, "http://crl.example/0aff"),
            ("http://a/x/{ca}/list.crl?v=1", true, "http://a/x/0aff/list.crl?v=1"),
            ("http://crl.example/issuing.crl", false, "http://crl.example/issuing.crl"),
        ] {
            let address = ListAddress::parse(text).unwrap();
            assert_eq!((address.tells_apart(), address.of(&[0x0a, 0xff])), (apart, Ok(filled.to_owned())));
        }
        for bad in [
            "http://{ca}/x.crl",
            "http://{ca}.example/x.crl",
            "http://crl.example{ca}",
            "http://crl.example/x?ca={ca}",
            "http://crl.example/x#{ca}",
            "http://crl.example/{ca}/{ca}",
            "http://crl.example/{serial}.crl",
            "http://crl.example/{CA}.crl",
            "http://crl.example/{ca",
            "http://crl.example/ca}",
            "http://crl.example/{{ca}}",
            "https://crl.example/{ca}.crl",
            "{ca}",
            "",
        ] {
            assert!(ListAddress::parse(bad).is_err(), "{bad}");
        }
        // the longest identifier must fit
        let with = |length: usize| ListAddress::parse(&format!("http://a/{}{{ca}}", "x".repeat(length)));
        assert!(with(255 - 9 - 64).is_ok());
        assert_eq!(with(255 - 9 - 63), Err(BadText::Length(255)));
    }
}
