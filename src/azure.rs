//! Azure: tokens, the shapes of DPS's documents, a client for its service side, and the rule for when to
//! send again. The client blocks and belongs on a thread of its own, never inside an async runtime.
//! Sources: the OpenAPI documents of the Device Provisioning Service, 2021-10-01, and Azure's pages.

pub mod certificate_text;
pub mod connection_string;
pub mod dps;
pub mod dps_error;
pub mod enrollment;
pub mod https;
pub mod key_text;
pub mod percent;
pub mod retry_after;
pub mod same_credential;
pub mod sas;
pub mod schedule;
