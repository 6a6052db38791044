//! Pure types and rules. Everything here is parsed once, at the door, and knows nothing of files,
//! clocks, databases or wires.

pub mod audit_entry;
pub mod audit_event;
pub mod badge;
pub mod batch;
pub mod cert_serial;
pub mod client;
pub mod code;
pub mod device_id;
pub mod digest;
pub mod endorsement_key;
pub mod first_article;
pub mod hexadecimal;
pub mod hmac_key;
pub mod label;
pub mod language;
pub mod mac_address;
pub mod name;
pub mod pair;
pub mod person;
pub mod product;
pub mod proof;
pub mod reason;
pub mod registration_id;
pub mod revocation_reason;
pub mod secret;
pub mod serial_number;
pub mod stage;
pub mod step;
pub mod thumbprint;
pub mod toml_fault;
pub mod utc_time;
pub mod verdict;
pub mod work_order;
