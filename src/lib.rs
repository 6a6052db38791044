//! Lineside: identity for devices on a production line.

pub mod device;
pub mod domain;
pub mod durable;
pub mod sim;
