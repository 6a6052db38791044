//! Named points of the spine, of a batch, of an installation and of a revocation list, at which a test can have the station killed. Without the feature
//! `crash-points` this is nothing at all.

/// Every point, in the order of the spine.
pub const POINTS: [&str; 14] = [
    "identified",
    "prepared",
    "before-intent",
    "after-intent",
    "signed",
    "after-certificate",
    "before-inject",
    "between-files",
    "after-inject",
    "after-read-back",
    "after-commit",
    "after-prove",
    "after-finish",
    "after-verdict",
];

/// The points of a chunk of `batch issue`, in their order.
pub const BATCH_POINTS: [&str; 5] =
    ["batch-before-intent", "batch-after-intent", "batch-signed", "batch-written", "batch-on-record"];

/// The points of a renewal or an installation of the issuing CA, in their order.
pub const INSTALL_POINTS: [&str; 10] = [
    "renew-key-made",
    "install-laid-down",
    "install-on-record",
    "install-vault-written",
    "install-root-written",
    "install-published",
    "install-settled",
    "install-told",
    "install-listed",
    "install-unstaged",
];

/// The points of the erasure of a key of a past issuing CA, in their order; a request that is withdrawn has all but the
/// first.
pub const ERASE_POINTS: [&str; 5] =
    ["erase-listed", "erase-on-record", "erase-vault-written", "erase-told", "erase-settled"];

/// The points at which a renewal makes its key in a token, before those of [`INSTALL_POINTS`].
pub const TOKEN_POINTS: [&str; 2] = ["token-key-intended", "token-key-made"];

/// The points of revocation lists and of a proof of possession.
pub const LIST_POINTS: [&str; 3] = ["crl-signed", "crl-on-record", "proof-signed"];

/// Stands still for ever at `point` if `LINESIDE_CRASH_AT` names it, after saying so on standard error, so
/// that a test can end the process with SIGKILL exactly here.
#[cfg(feature = "crash-points")]
pub fn reached(point: &str) {
    let known = [&POINTS[..], &BATCH_POINTS, &INSTALL_POINTS, &TOKEN_POINTS, &ERASE_POINTS, &LIST_POINTS];
    debug_assert!(known.iter().any(|points| points.contains(&point)), "{point} is not in a list");
    if std::env::var("LINESIDE_CRASH_AT").is_ok_and(|wanted| wanted == point) {
        use std::io::Write;
        // the test that waits for this line ends the process; if it is gone, so is the point of it
        let _ = writeln!(std::io::stderr(), "crash-point {point}");
        loop {
            std::thread::park();
        }
    }
}

/// Nothing, in a shipped build.
#[cfg(not(feature = "crash-points"))]
pub fn reached(_point: &str) {}
