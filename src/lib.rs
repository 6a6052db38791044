//! Lineside: identity for devices on a production line.

pub mod domain;
pub mod durable;
pub mod store;
