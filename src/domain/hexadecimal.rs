//! Bytes as lower-case hexadecimal digits where there are so many that a text for each would be felt.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends two digits a byte.
pub fn append(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 0xf)]);
    }
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
