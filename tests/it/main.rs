//! Tests that use Lineside from outside, together with real parts: devices in QEMU, and whatever else `tests/run`
//! installs. One program, so that it is linked once. A part that is missing is an error.
//!
//! What needs QEMU lies in a module whose name begins with `qemu_`: `tests/run quick` leaves those out by name.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on says why and fails

mod factory;
mod qemu;

mod api;
mod audit_page;
mod audit_tampering;
mod batch_derive;
mod batch_export;
mod batch_import;
mod batch_issue;
mod batch_page;
mod batch_table;
mod ca_ceremony;
mod ca_page;
mod ca_profiles;
mod ca_sign;
mod cards;
mod cli_contract;
mod crash;
mod devices;
mod founding;
mod hooks;
mod keys;
mod labels;
mod line_page;
mod line_protocol;
mod linux_console;
mod metrics;
mod order_witness;
mod outbox;
mod outbox_page;
mod pages;
mod people;
mod provision_one;
mod qemu_boot;
mod qemu_provision;
mod reports;
mod scanning;
mod shift;
mod token;
mod two_certificates;
mod virtual_bench;
mod webhooks;
mod work_orders;
