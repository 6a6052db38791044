//! The message a device proves its credential over. The device builds it itself from the parts, and its
//! fixed first line keeps a proof from ever serving as a token.

use super::name::Name;
use super::registration_id::RegistrationId;

/// The parts of a proof message; each is free of line feeds by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The station that asks.
    pub station: Name,
    /// The run it asks for.
    pub run: u64,
    /// The identity to be proven.
    pub registration_id: RegistrationId,
    /// 32 fresh random bytes.
    pub nonce: [u8; 32],
}

impl Challenge {
    /// The nonce as the device sees it: 64 lower-case hexadecimal digits.
    pub fn nonce_text(&self) -> String {
        hex::encode(self.nonce)
    }

    /// `lineside-prove-v1\n{station}\n{run}\n{registration}\n{nonce}`, without a line feed at the end.
    pub fn message(&self) -> Vec<u8> {
        format!(
            "lineside-prove-v1\n{}\n{}\n{}\n{}",
            self.station,
            self.run,
            self.registration_id,
            self.nonce_text()
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_station_run_identity_and_nonce() {
        let challenge = Challenge {
            station: "line-3".parse().unwrap(),
            run: 17,
            registration_id: "sn-1".parse().unwrap(),
            nonce: [0xab; 32],
        };
        let text = String::from_utf8(challenge.message()).unwrap();
        assert_eq!(text, format!("lineside-prove-v1\nline-3\n17\nsn-1\n{}", "ab".repeat(32)));
    }
}
