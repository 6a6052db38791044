//! The rows of a chunk, table by table and the random keys in their order: each part of a tree is visited once.

use super::cells::{Cell, Insertion};
use super::commit::{Common, HANDED_OVER, IssuedCertificate, IssuedRow};
use super::entry::{Entries, Issued};
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::pair::{Pair, Which};
use crate::domain::stage::Stage;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::verdict::Verdict;
use crate::store::certificates::{CertificateState, issue, thumbprint};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::devices::DeviceState;
use crate::store::error::StoreError;
use crate::store::row_digest::Table;

/// A row on record: numbers of its run and device, and the entry of each certificate.
pub(super) struct Written {
    pub(super) run: i64,
    pub(super) device: i64,
    pub(super) texts: Pair<String>,
}

/// A device's number, and the digest of its row if it is new.
struct Owner {
    device: i64,
    row: Option<Digest>,
}

/// Writes the certificates with their runs, and the devices that are not known: numbers of devices that are, by row.
pub(super) fn write(
    change: &Change<'_>,
    common: &Common<'_>,
    rows: &[IssuedRow<'_>],
    known: &[Option<i64>],
) -> Result<Vec<Written>, StoreError> {
    let owners = devices(change, rows, known)?;
    own_keys(change, rows, &owners)?;
    let written = certificates(change, common, rows, &owners)?;
    let mut thumbprints = Vec::with_capacity(2 * rows.len());
    for (row, issued) in written.iter().zip(rows) {
        for (_, one) in issued.certificates.each() {
            thumbprints.extend([(*one.sha1, row.run), (Thumbprint::Sha256(*one.sha256), row.run)]);
        }
    }
    thumbprint::enter_all(change, thumbprints)?;
    Ok(written)
}

fn next(change: &Change<'_>, sql: &str) -> Result<i64, StoreError> {
    change.count(sql, []).map(sql_id)
}

fn devices(
    change: &Change<'_>,
    rows: &[IssuedRow<'_>],
    known: &[Option<i64>],
) -> Result<Vec<Owner>, StoreError> {
    let mut insertion = Insertion::into(change, Table::Device)?;
    let mut device = next(change, "SELECT coalesce(max(id), 0) FROM device")?;
    let now = change.now().millis();
    let mut owners = Vec::with_capacity(rows.len());
    for (row, known) in rows.iter().zip(known) {
        if let Some(device) = *known {
            owners.push(Owner { device, row: None });
            continue;
        }
        device += 1;
        let digest = insertion.row(&[
            Cell::Number(device),
            Cell::Text(row.serial.as_str()),
            Cell::Text(&row.serial.folded()),
            Cell::optional(row.mac.map(MacAddress::to_string).as_deref()),
            Cell::Text(row.identity.registration_id.as_str()),
            Cell::Text(row.identity.device_id.as_str()),
            Cell::Text(DeviceState::Provisioned.as_str()),
            Cell::Number(now),
        ])?;
        owners.push(Owner { device, row: Some(digest) });
    }
    Ok(owners)
}

/// One public key belongs to one device; that the same device has it already is no fault.
fn own_keys(change: &Change<'_>, rows: &[IssuedRow<'_>], owners: &[Owner]) -> Result<(), StoreError> {
    let mut keys: Vec<(Digest, i64)> = Vec::with_capacity(rows.len());
    for (row, owner) in rows.iter().zip(owners) {
        keys.extend(row.certificates.each().map(|(_, one)| (*one.public_key, owner.device)));
    }
    keys.sort_unstable();
    let mut insert = change.connection().prepare_cached(
        "INSERT INTO public_key (digest, device) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING",
    )?;
    for (public_key, device) in keys {
        let digest = public_key.to_string();
        if insert.execute((&digest, device))? == 1 {
            continue;
        }
        let sql = "SELECT count(*) FROM public_key WHERE digest = ?1 AND device = ?2";
        if change.count(sql, (&digest, device))? == 0 {
            let why = "belongs to another device";
            return Err(StoreError::Conflict { table: "public_key", key: digest, why });
        }
        if issue::is_compromised(change, u64::try_from(device).unwrap_or(0), &public_key)? {
            return Err(StoreError::Conflict { table: "public_key", key: digest, why: "was compromised" });
        }
    }
    Ok(())
}

/// The rows of certificates, as they are written.
struct Certificates<'c> {
    primary: Insertion<'c>,
    /// Where a device gets two.
    secondary: Option<Insertion<'c>>,
    profile: String,
}

impl Certificates<'_> {
    /// Writes a certificate's row; its digest.
    fn row(
        &mut self,
        which: Which,
        (run, device, registration_id): (i64, i64, &str),
        one: &IssuedCertificate<'_>,
    ) -> Result<Digest, StoreError> {
        let (serial, key) = (one.cert_serial.to_string(), one.public_key.to_string());
        let (body, sha256) = (one.to_be_signed.to_string(), one.sha256.to_string());
        let cells = [
            Cell::Text(&serial),
            Cell::Number(run),
            Cell::Number(device),
            Cell::Text(registration_id),
            Cell::Text(&body),
            Cell::Text(&key),
            Cell::Text(&self.profile),
            Cell::Number(one.not_before.millis()),
            Cell::Number(one.not_after.millis()),
            Cell::Text(CertificateState::Issued.as_str()),
            Cell::Blob(one.der),
            Cell::Text(&sha256),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::optional(issue::column(which)),
        ];
        match (which, &mut self.secondary) {
            (Which::Secondary, Some(insertion)) => insertion.row(&cells),
            // whoever has no secondary has nothing in the last column
            (Which::Primary | Which::Secondary, _) => self.primary.row(&cells[..cells.len() - 1]),
        }
    }
}

fn certificates(
    change: &Change<'_>,
    common: &Common<'_>,
    rows: &[IssuedRow<'_>],
    owners: &[Owner],
) -> Result<Vec<Written>, StoreError> {
    let entries = Entries::of(change.actor(), change.now(), common.batch)?;
    let mut runs = Insertion::into(change, Table::Run)?;
    let two = rows.iter().any(|row| row.certificates.is_two());
    let mut certificates = Certificates {
        primary: Insertion::into(change, Table::Certificate)?,
        secondary: two.then(|| Insertion::into_all(change, Table::Certificate)).transpose()?,
        profile: common.profile.to_string(),
    };
    let product = common.product.map(|(name, digest)| (name.as_str(), digest.to_string()));
    let (key_origin, _) = common.credential.details();
    let now = change.now().millis();
    let mut run = next(change, "SELECT coalesce(max(id), 0) FROM run")?;
    let mut written = Vec::with_capacity(rows.len());
    for (row, owner) in rows.iter().zip(owners) {
        run += 1;
        let run_row = runs.row(&[
            Cell::Number(run),
            Cell::Number(owner.device),
            Cell::Text(common.work_order.as_str()),
            Cell::optional(product.as_ref().map(|(name, _)| *name)),
            Cell::optional(product.as_ref().map(|(_, digest)| digest.as_str())),
            Cell::Null,
            Cell::Text(common.person),
            Cell::Text(common.credential.as_str()),
            Cell::optional(key_origin),
            Cell::Null,
            Cell::Number(common.started.millis()),
            Cell::Text(Stage::Finished.as_str()),
            Cell::Text(Verdict::Pass.as_str()),
            Cell::Null,
            Cell::Text(""),
            Cell::Text(HANDED_OVER),
            Cell::Number(now),
            Cell::Number(0),
        ])?;
        let texts = row.certificates.as_ref().try_map(|which, one| {
            let id = &row.identity.registration_id;
            let certificate = certificates.row(which, (run, owner.device, id.as_str()), one)?;
            // run and device are named by the first entry
            let is_first = which == Which::Primary;
            Ok::<_, StoreError>(entries.text(&Issued {
                cert_serial: one.cert_serial,
                registration_id: id,
                run,
                sha256: one.sha256,
                certificate,
                device: owner.row.filter(|_| is_first).map(|digest| (owner.device, digest)),
                run_row: is_first.then_some(run_row),
            }))
        })?;
        written.push(Written { run, device: owner.device, texts });
    }
    Ok(written)
}
