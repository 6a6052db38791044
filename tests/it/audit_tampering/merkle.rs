//! RFC 6962 §2.1 and C2SP signed notes as an auditor would write them from the specifications, without any code
//! of the product.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

/// A hash of the tree.
pub type Hash = [u8; 32];

/// The hash of a leaf.
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of two subtrees.
pub fn node(left: Hash, right: Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over leaf hashes (or over roots of equally large subtrees and a smaller rest).
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            node(root(left), root(right))
        }
    }
}

/// The root that an audit path leads to from a leaf (RFC 9162 §2.1.3.2); none if the path does not fit.
pub fn root_of_path(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last, mut hash) = (index, size.checked_sub(1)?, leaf);
    if at > last {
        return None;
    }
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            hash = node(*sibling, hash);
            while at % 2 == 0 && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            hash = node(hash, *sibling);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0).then_some(hash)
}

/// How many hashes a tree of this many leaves has in all its complete subtrees.
pub fn stored_hashes(leaves: u64) -> u64 {
    (0..64).map(|level| leaves >> level).sum()
}

/// What a checkpoint says.
#[derive(Debug)]
pub struct Head {
    /// The log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

/// Reads a checkpoint whose signature by this verifier key is good; else says what is wrong.
pub fn open_checkpoint(note: &str, vkey: &str) -> Result<Head, String> {
    let mut parts = vkey.trim().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("{vkey} is no verifier key"));
    };
    let key = BASE64_STANDARD.decode(key).map_err(|error| error.to_string())?;
    let computed = Sha256::new().chain_update(name).chain_update("\n").chain_update(&key).finalize();
    if hex::encode(&computed[..4]) != id || key.first() != Some(&1) {
        return Err("the verifier key is not an Ed25519 key of this ID".to_owned());
    }
    let (text, signatures) = note.split_once("\n\n").ok_or("it has no signatures")?;
    let text = format!("{text}\n");
    let by_us = signatures.lines().find_map(|line| line.strip_prefix(&format!("— {name} ")));
    let signature =
        BASE64_STANDARD.decode(by_us.ok_or("nobody we know signed")?).map_err(|e| e.to_string())?;
    if signature.get(..4) != Some(&computed[..4]) {
        return Err("it is signed by a key of another ID".to_owned());
    }
    UnparsedPublicKey::new(&ED25519, &key[1..])
        .verify(text.as_bytes(), &signature[4..])
        .map_err(|_| "the signature is wrong".to_owned())?;
    let mut lines = text.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err("it is no checkpoint".to_owned());
    };
    let root = BASE64_STANDARD.decode(root).map_err(|error| error.to_string())?;
    Ok(Head {
        origin: origin.to_owned(),
        size: size.parse().map_err(|_| "its size is no number")?,
        root: root.try_into().map_err(|_| "its root is no hash")?,
    })
}

#[test]
fn the_auditors_own_tree_agrees_with_the_examples_of_certificate_transparency() {
    // the leaves and roots that the reference implementation of RFC 6962 tests itself with
    let leaves: Vec<Hash> =
        ["", "00", "10", "2021", "3031"].iter().map(|text| leaf(&hex::decode(text).unwrap())).collect();
    let known = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    ];
    for (count, known) in (1..).zip(known) {
        assert_eq!(hex::encode(root(&leaves[..count])), known, "{count} leaves");
    }
}
