//! `lineside batch issue` from outside: its outputs as other people's tools read them, and what is left of them when it
//! is killed.

mod bundles;
mod changed;
pub mod csr_column;
mod key_files;
pub mod kill;
pub mod lot;
pub mod opened;
mod pairs;
mod places;
mod points;
mod rehearsed;
