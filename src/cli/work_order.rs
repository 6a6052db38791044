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
use crate::station::authority::Engineering;
use crate::station::products;
use crate::station::work_orders::{self as orders, AskFirstArticle};
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
        /// Hold the slots after the first device that passes until somebody has looked at it
        #[arg(long)]
        first_article: bool,
    },
    /// Close it for ever
    Close {
        /// Its name
        name: Name,
        /// Close it although it is not complete
        #[arg(long)]
        short: bool,
        /// Close it whatever stands against it: unsent enrollments, runs without a verdict
        #[arg(long = "override", value_name = "REASON")]
        reason: Option<String>,
    },
    /// All work orders
    List,
}

impl WorkOrder {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let store = &session.store;
        let right = Engineering::at_the_terminal(session.actor.clone());
        match self {
            WorkOrder::Add { name, product, quantity, spare, serials } => {
                let rule = products::find(&session.folder, product)?.product.identify.serial_rule;
                let serials = match serials {
                    Some(path) => read_serials(path, &rule)?,
                    None => Vec::new(),
                };
                let order =
                    NewWorkOrder { name, product, quantity: *quantity, spare: *spare, serials: &serials };
                orders::add(store, &right, &order, false)?;
                output::report(common.json, &json!({ "work_order": name }), || {
                    format!("{name} is written down. Release it with `lineside work-order activate {name}`.")
                })
            }
            WorkOrder::Activate { name, first_article } => {
                let ask = match first_article {
                    true => AskFirstArticle::Always,
                    false => AskFirstArticle::OnlyIfOwed,
                };
                let asked = orders::activate(store, &right, name, ask)?;
                output::report(
                    common.json,
                    &json!({ "active": name, "first_article": asked }),
                    || match asked {
                        true => format!("The slots run {name} now, and wait after its first PASS."),
                        false => format!("The slots run {name} now."),
                    },
                )
            }
            WorkOrder::Close { name, short, reason } => {
                match reason {
                    Some(reason) => orders::close_despite(store, &right, name, reason)?,
                    None => orders::close(store, &right, name, *short)?,
                }
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
    let Progress { order, issued, passed, created, first_article } = progress;
    json!({
        "name": order.name, "product": order.product, "state": order.state, "quantity": order.quantity,
        "spare": order.spare, "issued": issued, "passed": passed, "released_by": order.released_by,
        "created": created, "first_article": first_article.as_ref().map(|article| article.state.as_str()),
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
    orders::serials(&text, rule)
        .map_err(|error| Failure::usage(Code::SerialInvalid, format!("{}: {error}", path.display())))
}
