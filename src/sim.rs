//! The outside world, simulated: virtual devices that can go wrong in known ways, and Azure's side of the wire,
//! for the demo, for training and for tests. What is simulated judges what the station sends by its own rules
//! and shares no code with the sender's side.

pub mod azure;
pub mod device;
