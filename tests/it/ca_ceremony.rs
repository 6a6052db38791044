//! Ceremonies of the CA from outside: a root made with the openssl command, renewal with an overlap, two people, the
//! record; and every form a certificate is exported in, judged by openssl.

mod exports;
mod external_root;
pub mod killed;
mod lists;
pub mod openssl;
mod refusals;
mod renewal;
mod two_people;
