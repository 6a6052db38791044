//! Issuing many identities at once: what a batch writes for them.

pub mod bundle;
pub mod key_file;
pub mod recipients;
pub mod row_out;
