//! The issuing CA's key in a token: SoftHSM behind the real program, with OpenSC's spy between them where it is counted.

mod forgotten;
mod line;
mod lot;
mod pin;
mod renewal;
