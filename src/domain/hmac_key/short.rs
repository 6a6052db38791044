//! HMAC-SHA256 of a message that fits one block with its padding: two compressions from states that the key leads to, and
//! nothing else. A million derived keys are made of these.

use sha2::block_api::compress256;
use zeroize::Zeroizing;

/// The longest message, in bytes: a block of 64 less one byte that ends it and eight for its length.
pub const LONGEST: usize = 55;

/// SHA-256 before the first block (FIPS 180-4, 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 after the block of the key, inner and outer (RFC 2104); wiped when dropped.
#[derive(Clone)]
pub struct Short {
    inner: Zeroizing<[u32; 8]>,
    outer: Zeroizing<[u32; 8]>,
}

impl Short {
    /// Expands a key that was filled up to a block.
    pub fn new(key: &[u8; 64]) -> Short {
        let after = |pad: u8| {
            let block = Zeroizing::new(key.map(|byte| byte ^ pad));
            let mut state = Zeroizing::new(START);
            compress256(&mut state, &[*block]);
            state
        };
        Short { inner: after(0x36), outer: after(0x5c) }
    }

    /// The tag of a message; none if it is longer than [`LONGEST`].
    pub fn tag(&self, message: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        if message.len() > LONGEST {
            return None;
        }
        let mut block = [0; 64];
        block[..message.len()].copy_from_slice(message);
        let inner = bytes(&*last_block(&self.inner, block, message.len())?);
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*inner);
        Some(bytes(&*last_block(&self.outer, *block, 32)?))
    }
}

/// The state after a last block with so many bytes of a message, of which 64 went before (FIPS 180-4, 5.1.1).
fn last_block(state: &[u32; 8], mut block: [u8; 64], length: usize) -> Option<Zeroizing<[u32; 8]>> {
    let bits = 8 * (64 + u64::try_from(length).ok()?);
    block[length] = 0x80;
    block[56..].copy_from_slice(&bits.to_be_bytes());
    let mut state = Zeroizing::new(*state);
    compress256(&mut state, &[block]);
    Some(state)
}

fn bytes(state: &[u32; 8]) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    for (place, word) in bytes.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}
