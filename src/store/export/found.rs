//! One row of an export, its columns read only when they are asked for and without a copy.

use rusqlite::Row;

use crate::domain::utc_time::UtcTime;
use crate::store::error::StoreError;

/// One device as it is read. Whatever was not asked for is not there.
pub struct Found<'r> {
    pub(super) row: &'r Row<'r>,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($place:literal, $table:literal);)*) => {
        impl<'r> Found<'r> {$(
            $(#[$doc])*
            pub fn $name(&self) -> Result<columns!(@$kind 'r), StoreError> {
                self.$kind($place, $table, stringify!($name))
            }
        )*}
    };
    (@text $life:lifetime) => { &$life str };
    (@optional $life:lifetime) => { Option<&$life str> };
    (@number $life:lifetime) => { Option<u64> };
    (@time $life:lifetime) => { Option<UtcTime> };
    (@bytes $life:lifetime) => { Option<&$life [u8]> };
}

columns! {
    /// Its number in the records.
    id: number(0, "device");
    /// Its serial number.
    serial: text(1, "device");
    /// Its MAC address.
    mac: optional(2, "device");
    /// Its registration ID.
    registration_id: text(3, "device");
    /// Its device ID.
    device_id: text(4, "device");
    /// Where it stands.
    state: text(5, "device");
    /// The number of its newest run.
    run: number(6, "run");
    /// The work order of that run.
    work_order: optional(7, "run");
    /// The recipe's name.
    product: optional(8, "run");
    /// The digest of the recipe's text.
    product_digest: optional(9, "run");
    /// How it ended.
    verdict: optional(10, "run");
    /// When it began.
    started: time(11, "run");
    /// When it ended.
    finished: time(12, "run");
    /// Who was responsible.
    person: optional(13, "run");
    /// In which slot.
    slot: optional(14, "run");
    /// What kind of credential it was to have.
    credential: optional(15, "run");
    /// The serial number of the certificate it stands under.
    cert_serial: optional(16, "certificate");
    /// The first second it is valid in.
    not_before: time(17, "certificate");
    /// The last second it is valid in.
    not_after: time(18, "certificate");
    /// SHA-256 of its DER.
    sha256: optional(19, "certificate");
    /// The certificate itself.
    der: bytes(20, "certificate");
    /// The batch that announced it; of announced devices only, as are the next two.
    batch: number(21, "announced");
    /// The cells of the columns that mean nothing to us, a JSON array.
    extra: optional(22, "announced");
    /// The public part of its TPM's endorsement key (TPM2B_PUBLIC).
    endorsement_key: bytes(23, "announced");
    /// The serial number of its secondary certificate.
    secondary_cert_serial: optional(24, "certificate");
    /// The first second that one is valid in.
    secondary_not_before: time(25, "certificate");
    /// The last second that one is valid in.
    secondary_not_after: time(26, "certificate");
    /// SHA-256 of its DER.
    secondary_sha256: optional(27, "certificate");
    /// The secondary certificate itself.
    secondary_der: bytes(28, "certificate");
}

impl<'r> Found<'r> {
    fn optional(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<&'r str>, StoreError> {
        let value = self.row.get_ref(place)?;
        value.as_str_or_null().map_err(|error| bad(table, column, &error))
    }

    fn text(&self, place: usize, table: &'static str, column: &'static str) -> Result<&'r str, StoreError> {
        let value = self.row.get_ref(place)?;
        value.as_str().map_err(|error| bad(table, column, &error))
    }

    fn number(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<u64>, StoreError> {
        let value = self.row.get_ref(place)?.as_i64_or_null().map_err(|error| bad(table, column, &error))?;
        value.map(u64::try_from).transpose().map_err(|error| bad(table, column, &error))
    }

    fn time(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<UtcTime>, StoreError> {
        let value = self.row.get_ref(place)?.as_i64_or_null().map_err(|error| bad(table, column, &error))?;
        Ok(value.map(UtcTime::from_millis))
    }

    fn bytes(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<&'r [u8]>, StoreError> {
        self.row.get_ref(place)?.as_blob_or_null().map_err(|error| bad(table, column, &error))
    }
}

pub(super) fn bad(table: &'static str, column: &'static str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Row { table, column, why: why.to_string() }
}
