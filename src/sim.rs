//! The world outside the station, for demonstration, training and tests: devices that can be plugged in and
//! go wrong in known ways.

pub mod device;
