//! Bytes as lower-case hexadecimal digits where there are so many that a text for each would be felt.

use std::fmt;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends two digits a byte.
pub fn append(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 0xf)]);
    }
}

/// Writes two digits a byte; more than 32 bytes are not for this.
pub(super) fn show(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = [0; 64];
    let digits = digits.get_mut(..bytes.len() * 2).ok_or(fmt::Error)?;
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]]);
    }
    f.write_str(std::str::from_utf8(digits).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_the_hex_crate() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut out = b"x".to_vec();
        append(&bytes, &mut out);
        assert_eq!(out, format!("x{}", hex::encode(&bytes)).into_bytes());
    }
}
