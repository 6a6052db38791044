//! Lineside: identity for devices on a production line.

pub mod ca;
pub mod domain;
pub mod durable;
