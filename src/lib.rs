//! Lineside gives devices on a production line their identity: it reads who a device is, issues its
//! certificate or derives its key, puts it into the device, has the device prove it, enrolls it, and keeps
//! records an auditor can trust. `ARCHITECTURE.md` has the map in full; each room says what it owns.

pub mod azure;
pub mod ca;
pub mod cli;
pub mod device;
pub mod domain;
pub mod durable;
pub mod sim;
pub mod station;
pub mod store;
pub mod vault;
pub mod web;
