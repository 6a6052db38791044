//! `lineside work-order add | activate | close | list`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::serial_number::{SerialNumber, SerialRule};
use crate::station::clock;
use crate::station::products;
use crate::store::work_orders::{self, NewWorkOrder, Progress};

/// Lots to be made.
#[derive(Subcommand)]
pub enum WorkOrder {
    /// Write a new work order down
    Add {
        /// Its name
        name: Name,
        /// The recipe it runs
        #[arg(long)]
        product: Name,
        /// How many devices are to pass
        #[arg(long)]
        quantity: u32,
        /// How many more credentials re-work may use
        #[arg(long, default_value_t = 0)]
        spare: u32,
        /// File with the serial numbers it may hold, one a line (else any)
        #[arg(long, value_name = "F")]
        serials: Option<PathBuf>,
    },
    /// Release it: the slots run it from now on, in your name
    Activate {
        /// Its name
        name: Name,
    },
    /// Close it for ever
    Close {
        /// Its name
        name: Name,
        /// Close it although it is not complete
        #[arg(long)]
        short: bool,
    },
    /// All work orders
    List,
}

impl WorkOrder {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let (store, actor, now) = (&session.store, &session.actor, clock::now());
        match self {
            WorkOrder::Add { name, product, quantity, spare, serials } => {
                let rule = products::find(&session.folder, product)?.product.identify.serial_rule;
                let serials = match serials {
                    Some(path) => read_serials(path, &rule)?,
                    None => Vec::new(),
                };
                let order =
                    NewWorkOrder { name, product, quantity: *quantity, spare: *spare, serials: &serials };
                store
                    .change(actor, now, |change| work_orders::add(change, &order))
                    .map_err(|error| session.refused(&format!("new work order {name}"), error))?;
                output::report(common.json, &json!({ "work_order": name }), || {
                    format!("{name} is written down. Release it with `lineside work-order activate {name}`.")
                })
            }
            WorkOrder::Activate { name } => {
                let person = session.person();
                store
                    .change(actor, now, |change| work_orders::activate(change, name, &person))
                    .map_err(|error| session.refused(&format!("activation of work order {name}"), error))?;
                output::report(common.json, &json!({ "active": name }), || {
                    format!("The slots run {name} now.")
                })
            }
            WorkOrder::Close { name, short } => {
                store
                    .change(actor, now, |change| work_orders::close(change, name, *short))
                    .map_err(|error| session.refused(&format!("closing of work order {name}"), error))?;
                output::report(common.json, &json!({ "closed": name }), || format!("{name} is closed."))
            }
            WorkOrder::List => {
                let orders = store.read(|r| work_orders::list(r, 1000, None))?;
                let value: Vec<_> = orders.iter().map(as_json).collect();
                output::report(common.json, &value, || {
                    let rows: Vec<Vec<String>> = orders.iter().map(as_row).collect();
                    output::table(
                        &["work order", "product", "state", "passed", "ordered", "issued", "quota"],
                        &rows,
                    )
                })
            }
        }
    }
}

fn as_json(progress: &Progress) -> serde_json::Value {
    let Progress { order, issued, passed, created } = progress;
    json!({
        "name": order.name, "product": order.product, "state": order.state, "quantity": order.quantity,
        "spare": order.spare, "issued": issued, "passed": passed, "released_by": order.released_by,
        "created": created,
    })
}

fn as_row(progress: &Progress) -> Vec<String> {
    let Progress { order, issued, passed, .. } = progress;
    vec![
        order.name.to_string(),
        order.product.to_string(),
        order.state.to_string(),
        passed.to_string(),
        order.quantity.to_string(),
        issued.to_string(),
        order.quota().to_string(),
    ]
}

fn read_serials(path: &std::path::Path, rule: &SerialRule) -> Result<Vec<SerialNumber>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(Code::FileUnreadable, format!("{} cannot be read: {error}", path.display()))
    })?;
    let mut serials = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let serial = rule.parse(line).map_err(|error| {
            Failure::usage(Code::SerialInvalid, format!("{} line {}: {error}", path.display(), at + 1))
        })?;
        serials.push(serial);
    }
    Ok(serials)
}
