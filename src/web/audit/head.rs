//! The newest signed head of the log: as a file for machines, and as a page to be printed and hung up.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::utc_time::UtcTime;
use crate::station::authority::Reading;
use crate::store::audit::checkpoint::{self, Checkpoint, CheckpointError};
use crate::store::meta;
use crate::web::access::Visit;
use crate::web::download;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::audit::AuditWords;

#[derive(Template)]
#[template(path = "audit-head.html")]
struct HeadPage {
    frame: Frame,
    t: &'static AuditWords,
    origin: String,
    head: Option<HeadView>,
    vkey: String,
}

struct HeadView {
    size: u64,
    root: String,
    signed_at: String,
    note: String,
}

type Newest = (String, Option<(Checkpoint, UtcTime)>, String);

async fn newest(visit: &Visit<Reading>) -> Result<Newest, Trouble> {
    let read = visit.act(|floor, _| {
        let vkey = floor.folder.read(&floor.folder.ca("audit.vkey")).unwrap_or_default();
        floor.store.read(|r| {
            let latest = checkpoint::latest(r)?;
            let head = latest
                .map(|(_, at, note)| {
                    Ok::<_, CheckpointError>((checkpoint::signed_head(&note, vkey.trim())?, at))
                })
                .transpose()?;
            Ok::<_, CheckpointError>((meta::origin(r)?, head, vkey.trim().to_owned()))
        })
    });
    read.await?.map_err(|error| Trouble::of(&error, visit.language))
}

/// `GET /audit/head`
pub async fn page(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let (origin, head, vkey) = newest(&visit).await?;
    let zone = visit.zone();
    Ok(show(&HeadPage {
        origin,
        head: head.map(|(head, at)| HeadView {
            size: head.size,
            root: head.root.to_string(),
            signed_at: zone.with_offset(at),
            note: head.note,
        }),
        vkey,
        frame: visit.frame(Place::Audit),
        t: AuditWords::of(visit.language),
    }))
}

/// `GET /audit/checkpoint`: the signed note.
pub async fn checkpoint(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let (_, head, _) = newest(&visit).await?;
    let Some((head, _)) = head else { return Err(Trouble::not_found(visit.language)) };
    Ok(download::file(&format!("checkpoint-{}.txt", head.size), download::TEXT, head.note))
}

/// `GET /audit/vkey`: the key that verifies the notes.
pub async fn vkey(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let (_, _, vkey) = newest(&visit).await?;
    Ok(download::file("audit.vkey", download::TEXT, format!("{vkey}\n")))
}
