//! How the station is, in figures that a monitoring server follows.

use crate::ca::certificate::Certificate;
use crate::domain::utc_time::UtcTime;
use crate::station::counts::Verdicts;
use crate::station::slots::Floor;
use crate::store::audit::{checkpoint, log};
use crate::store::error::StoreError;
use crate::store::outbox::Depth;
use crate::store::{crl, outbox, runs, webhooks};

/// The figures of one moment.
#[derive(Debug)]
pub struct Gauges {
    /// What is still to be told to the cloud.
    pub outbox: Depth,
    /// Runs without a verdict.
    pub unfinished: u64,
    /// Runs on record by verdict, at most a minute old.
    pub recorded: Verdicts,
    /// Entries of the audit log.
    pub entries: u64,
    /// When the newest checkpoint was signed.
    pub signed_at: Option<UtcTime>,
    /// The end of the issuing CA's certificate; none if it cannot be read.
    pub ca_until: Option<UtcTime>,
    /// When the next list of revoked certificates is due.
    pub crl_until: Option<UtcTime>,
    /// Webhooks by name: how often the next delivery was tried in vain.
    pub webhooks: Vec<(String, u32)>,
}

/// Takes the figures.
pub fn take(floor: &Floor) -> Result<Gauges, StoreError> {
    let recorded = floor.counts.recorded(&floor.store)?;
    let issuing = floor.folder.read(&floor.folder.ca("issuing.pem")).ok();
    let ca_until = issuing.and_then(|pem| Certificate::from_pem(&pem).ok()).map(|ca| ca.not_after());
    floor.store.read(|r| {
        let mut hooks = Vec::new();
        for webhook in &floor.settings.webhooks {
            let attempts = webhooks::get(r, &webhook.name)?.map_or(0, |cursor| cursor.attempts);
            hooks.push((webhook.name.to_string(), attempts));
        }
        Ok(Gauges {
            outbox: outbox::depth(r)?,
            unfinished: runs::count_unfinished(r)?,
            recorded,
            entries: log::size(r)?,
            signed_at: checkpoint::latest(r)?.map(|(_, at, _)| at),
            ca_until,
            crl_until: crl::latest(r)?.map(|list| list.next_update),
            webhooks: hooks,
        })
    })
}
