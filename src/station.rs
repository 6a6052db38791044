//! The use cases. [`provision`] holds the life of one device; everything else stands around it.

pub mod amendment;
pub mod authority;
pub mod board;
pub mod ca_material;
pub mod checkpoints;
pub mod clock;
pub mod crash_point;
pub mod decisions;
pub mod doorkeeper;
pub mod enrollment;
pub mod enrollment_record;
pub mod folder;
pub mod founding;
pub mod group_key_rotation;
pub mod keys;
pub mod outbox;
pub mod outbox_decisions;
pub mod outbox_look;
pub mod password;
pub mod people;
pub mod possession;
pub mod products;
pub mod profiles;
pub mod provision;
pub mod refusals;
pub mod revocation;
pub mod serving;
pub mod settings;
pub mod slots;
#[cfg(test)]
mod testing;
pub mod vault_changes;
pub mod verification;
pub mod zone;
