//! `lineside enroll status | push | retry`.

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::code::Code;
use crate::station::authority::Engineering;
use crate::station::clock;
use crate::station::outbox as sender;
use crate::station::outbox_decisions::{self as decisions, Which};
use crate::store::error::StoreError;
use crate::store::outbox::{self, OutboxRow, OutboxState};
use crate::store::reader::Reader;

/// The outbox to Azure.
#[derive(Subcommand)]
pub enum Enroll {
    /// What waits, what is in conflict, what is parked
    Status,
    /// Send what is due now, without `serve`
    Push,
    /// Let conflicts and parked rows be sent again
    Retry {
        /// Only this row
        row: Option<u64>,
    },
}

impl Enroll {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        match self {
            Enroll::Status => status(&session, common),
            Enroll::Push => {
                let (unlocked, _lock) = session.unlock_alone(common)?;
                let mut tried = 0;
                // a row that fails is not due again at once, so this ends
                loop {
                    let round = sender::send_due(&session.store, &unlocked, &session.settings)?;
                    tried += round.tried;
                    if round.tried == 0 || round.rest.is_some() {
                        break;
                    }
                }
                let (depth, code) =
                    session.store.read(|r| Ok::<_, StoreError>((outbox::depth(r)?, worst(r)?)))?;
                let left = depth.waiting + depth.conflict + depth.parked;
                output::report(common.json, &json!({ "tried": tried, "left": left }), || {
                    format!("{tried} tried, {left} left.")
                })?;
                if left > 0 {
                    let why = format!("{left} enrollments are not at Azure yet");
                    return Err(Failure::work(code, why));
                }
                Ok(())
            }
            Enroll::Retry { row } => {
                let which = row.map_or(Which::All, Which::One);
                let who = Engineering::at_the_terminal(session.actor.clone());
                let count = decisions::release_in(&session.store, &who, clock::now(), which, None)?;
                output::report(common.json, &json!({ "retried": count }), || {
                    format!("{count} rows wait to be sent again.")
                })
            }
        }
    }
}

/// Why something is left: what needs a person comes before what only needs time.
fn worst(r: &Reader<'_>) -> Result<Code, StoreError> {
    for state in [OutboxState::Conflict, OutboxState::Parked, OutboxState::Waiting] {
        let rows = outbox::list(r, Some(state), 100, None)?;
        if let Some(code) = rows.into_iter().find_map(|row| row.last_code) {
            return Ok(code);
        }
    }
    Ok(Code::CloudUnreachable)
}

fn status(session: &Session, common: &Common) -> Result<(), Failure> {
    let (depth, rows) = session.store.read(|r| {
        let mut rows = Vec::new();
        for row in outbox::list(r, None, 100, None)? {
            let held_by = outbox::held_by(r, &row)?;
            rows.push((row, held_by));
        }
        Ok::<_, StoreError>((outbox::depth(r)?, rows))
    })?;
    let value = json!({
        "waiting": depth.waiting, "conflict": depth.conflict, "parked": depth.parked, "oldest": depth.oldest,
        "rows": rows.iter().map(|(row, held_by)| as_json(row, held_by.as_ref())).collect::<Vec<_>>(),
    });
    output::report(common.json, &value, || {
        let table: Vec<Vec<String>> = rows
            .iter()
            .map(|(row, held_by)| {
                vec![
                    row.id.to_string(),
                    row.registration_id.to_string(),
                    row.operation.as_str().to_owned(),
                    row.state.as_str().to_owned(),
                    row.attempts.to_string(),
                    why(row, held_by.as_ref()),
                ]
            })
            .collect();
        let head = ["row", "registration ID", "operation", "state", "attempts", "why"];
        format!(
            "{} waiting, {} in conflict, {} parked\n{}",
            depth.waiting,
            depth.conflict,
            depth.parked,
            output::table(&head, &table)
        )
    })
}

/// What stands in a row's way.
fn why(row: &OutboxRow, held_by: Option<&OutboxRow>) -> String {
    let held = held_by.map(|older| format!("waits for row {}, which is {}", older.id, older.state));
    [held, row.last_error.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn as_json(row: &OutboxRow, held_by: Option<&OutboxRow>) -> serde_json::Value {
    json!({
        "row": row.id, "registration_id": row.registration_id, "operation": row.operation.as_str(),
        "state": row.state.as_str(), "attempts": row.attempts, "next_try": row.next_try,
        "created": row.created, "sent": row.sent, "last_error": row.last_error, "held_by": held_by.map(|older| older.id),
        "last_code": row.last_code.map(|code| code.as_str()),
    })
}
