//! The use cases. [`provision`] holds the life of one device; everything else stands around it.

pub mod authority;
pub mod board;
pub mod checkpoints;
pub mod clients;
pub mod clock;
pub mod counts;
pub mod crash_point;
pub mod decisions;
pub mod doorkeeper;
pub mod enrollment;
pub mod enrollment_record;
pub mod folder;
pub mod founding;
pub mod gauges;
pub mod group_key_rotation;
pub mod hooks;
pub mod keys;
pub mod mes;
pub mod outbox;
pub mod password;
pub mod people;
pub mod post;
pub mod products;
pub mod profiles;
pub mod provision;
pub mod refusals;
pub mod results;
pub mod revocation;
pub mod serving;
pub mod settings;
pub mod slots;
#[cfg(test)]
mod testing;
pub mod vault_changes;
pub mod webhooks;
pub mod zone;
