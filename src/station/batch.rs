//! Batches: identities in and out of files, a million at a time.

pub mod derive;
pub mod desk;
pub mod export;
pub mod hand_out;
pub mod identity_cells;
pub mod import;
pub mod interrupted;
pub mod issue;
pub mod outcome;
pub mod output_file;
pub mod progress;
pub mod result_file;
pub mod shelf;
pub mod table;
pub mod upload;
