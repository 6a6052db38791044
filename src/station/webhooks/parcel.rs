//! What a webhook is told next, and how it is signed.

use serde_json::{Value, json};

use crate::domain::hmac_key::HmacKey;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::settings::outside::Webhook;
use crate::store::audit::{checkpoint, log};
use crate::store::error::StoreError;
use crate::store::meta;
use crate::store::reader::Reader;

/// So many entries are looked through at once.
const AT_ONCE: u32 = 200;

/// One delivery.
#[derive(Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The same each time this is delivered, so that the receiver knows it again.
    pub id: String,
    /// The document.
    pub body: String,
}

/// What comes after a cursor.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing yet.
    Nothing,
    /// Nothing this webhook is to be told, up to this entry.
    Skip {
        /// Its number.
        seq: u64,
    },
    /// This is to be told; then the cursor stands there.
    Tell {
        /// The delivery.
        parcel: Parcel,
        /// The last entry told.
        seq: u64,
        /// The size of the last checkpoint told.
        checkpoint: u64,
    },
}

/// What this webhook is to be told after entry `seq` and the checkpoint of size `told`. A checkpoint comes after the
/// entries it covers.
pub fn next(r: &Reader<'_>, webhook: &Webhook, seq: u64, told: u64) -> Result<Next, StoreError> {
    let due = if webhook.checkpoints { checkpoint::after(r, told)? } else { None };
    let until = due.as_ref().map_or(u64::MAX, |(size, _, _)| *size);
    let origin = || meta::origin(r);
    let mut seen = seq;
    for (at, text) in log::after(r, seq, AT_ONCE)? {
        if at > until {
            break;
        }
        let entry: Value = serde_json::from_str(&text).map_err(|error| StoreError::Row {
            table: "audit",
            column: "entry",
            why: error.to_string(),
        })?;
        let kind = entry["event"].as_str().unwrap_or_default();
        if webhook.events.as_ref().is_none_or(|events| events.contains(kind)) {
            let origin = origin()?;
            let id = format!("{origin}/{at}");
            // members are sorted and numbers are whole: the entry stands here as it is hashed in the log
            let body = json!({ "origin": origin, "seq": at, "index": at - 1, "entry": entry }).to_string();
            return Ok(Next::Tell { parcel: Parcel { id, body }, seq: at, checkpoint: told });
        }
        seen = at;
    }
    match due {
        Some((size, signed_at, note)) if seen >= size => {
            let origin = origin()?;
            let id = format!("{origin}/checkpoint/{size}");
            let checkpoint = json!({ "size": size, "signed_at": signed_at, "note": note });
            let body = json!({ "origin": origin, "checkpoint": checkpoint }).to_string();
            Ok(Next::Tell { parcel: Parcel { id, body }, seq: seen, checkpoint: size })
        }
        _ if seen > seq => Ok(Next::Skip { seq: seen }),
        _ => Ok(Next::Nothing),
    }
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 under the secret over the time, a full stop and the body. The time is part of
/// it, so that a receiver may refuse what was recorded and played back later.
pub fn signature(secret: &Secret, now: UtcTime, body: &str) -> String {
    let time = now.seconds().to_string();
    let tag = HmacKey::new(secret.expose()).tag(&[time.as_bytes(), b".", body.as_bytes()]);
    format!("t={time},v1={}", hex::encode(*tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::testing::{Bench, now};
    use crate::store::audit::checkpoint::CheckpointKey;

    fn webhook(events: &[&str]) -> Webhook {
        let list = events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>().join(",");
        let text = format!(
            "name = \"l\"\n[[webhook]]\nname = \"mes\"\nurl = \"https://mes.example/\"\nevents = [{list}]"
        );
        let settings = crate::station::settings::Settings::parse(&text, std::path::Path::new("/")).unwrap();
        settings.webhooks.into_iter().next().unwrap()
    }

    #[test]
    fn the_log_is_told_in_order_and_a_checkpoint_after_what_it_covers() {
        let bench = Bench::new();
        let unlocked = bench.unlock().unwrap();
        let key: &CheckpointKey = &unlocked.checkpoint_key;
        let size = checkpoint::sign(&bench.store, key, now()).unwrap().size;
        drop(bench.unlock().unwrap());
        let webhook = webhook(&["vault-unlocked", "checkpoint"]);
        let (mut seq, mut told, mut heard) = (0, 0, Vec::new());
        loop {
            match bench.store.read(|r| next(r, &webhook, seq, told)).unwrap() {
                Next::Nothing => break,
                Next::Skip { seq: at } => seq = at,
                Next::Tell { parcel, seq: at, checkpoint } => {
                    (seq, told) = (at, checkpoint);
                    let body: Value = serde_json::from_str(&parcel.body).unwrap();
                    heard.push(
                        body["checkpoint"]["size"].as_u64().unwrap_or(body["seq"].as_u64().unwrap_or(0)),
                    );
                    if let Some(at) = body["seq"].as_u64() {
                        let entry = bench.store.read(|r| log::entry(r, at)).unwrap().unwrap();
                        assert!(parcel.body.contains(&entry), "the entry stands there as it was hashed");
                    }
                }
            }
        }
        assert_eq!(heard, [size, size, size + 1], "unlocked, its checkpoint, unlocked again");
    }

    #[test]
    fn the_signature_is_that_of_time_and_body() {
        // openssl: printf '1795000000.{}' | openssl dgst -sha256 -hmac key
        let secret = Secret::from("key".to_owned());
        let signature = signature(&secret, UtcTime::from_seconds(1_795_000_000), "{}");
        assert_eq!(
            signature,
            "t=1795000000,v1=71f6cd81e7ac967a6bfd8d621347e9ee7792b1fde3a9a64c3161a631437c7fb6"
        );
    }
}
