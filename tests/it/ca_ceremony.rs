//! Ceremonies of the CA from outside: a root made with the openssl command, renewal with an overlap, two people, the
//! record; and every form a certificate is exported in, judged by openssl.

mod exports;
mod external_root;
mod forgotten;
pub mod killed;
mod list_addresses;
mod lists;
pub mod openssl;
mod refusals;
mod renewal;
mod requests;
mod two_people;
