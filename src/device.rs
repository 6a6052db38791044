//! The device at the other end of the line: ports, the conversation over them, one driver for each kind of
//! device, and the rendering of the files it is given. What to do with a device, and in which order, is not
//! known here; a driver only knows how.

pub mod driver;
pub mod error;
pub mod lineside;
pub mod link;
pub mod linux_shell;
pub mod port;
pub mod render;
