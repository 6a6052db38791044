//! `lineside batch issue` and `lineside batch cancel`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde_json::json;

use crate::cli::Common;
use crate::cli::batch::told;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, progress};
use crate::domain::batch::BatchState;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::station::authority::Engineering;
use crate::station::batch::issue::ask::{IssueAsk, Keys, Under};
use crate::station::batch::issue::recipients::Recipients;
use crate::station::batch::issue::{self, Bench};
use crate::station::batch::progress::Progress;
use crate::station::keys::Unlocked;

/// A certificate for each row of a table.
///
/// The rows hold serial numbers (serial, serial_number, sn), where the recipe needs it MAC addresses (mac, mac_address,
/// eth_mac), under a profile alone registration IDs (registration_id, device_id, cn). With a column csr the keys are the
/// devices'; else the station makes them, and they are sealed to whom you name. Where the recipe gives two certificates,
/// a row gets both (columns secondary_…), and requests stand in the columns csr and secondary_csr. The same command after
/// a crash or Ctrl-C goes on where it ended.
#[derive(Args)]
#[command(group(ArgGroup::new("under").required(true).args(["product", "profile"])))]
pub struct Issue {
    /// The recipe: it says how IDs are formed and which certificate profile applies
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
    /// A certificate profile alone
    #[arg(long, value_name = "NAME")]
    profile: Option<Name>,
    /// The work order whose units are used; without IN its list of serial numbers is issued [default: one of exact size]
    #[arg(long, value_name = "NAME")]
    work_order: Option<Name>,
    /// Seal the keys to this age recipient (age1…); may be given several times
    #[arg(long, value_name = "AGE_RECIPIENT")]
    keys_to: Vec<String>,
    /// Write the private keys in clear into OUT, on record
    #[arg(long, conflicts_with = "keys_to")]
    plaintext_keys: bool,
    /// Also a folder for each device in DIR: certificate, chain, key, the recipe's files
    #[arg(long, value_name = "DIR")]
    folders: Option<PathBuf>,
    /// The same as one archive
    #[arg(long, value_name = "FILE")]
    tar: Option<PathBuf>,
    /// IN and OUT; OUT alone with --work-order
    #[arg(required = true, num_args = 1..=2, value_name = "IN OUT")]
    files: Vec<PathBuf>,
}

fn bench<'a>(session: &'a Session, keys: &'a Unlocked) -> Bench<'a> {
    Bench { folder: &session.folder, settings: &session.settings, store: &session.store, keys }
}

impl Issue {
    /// Issues and fails if a row was refused.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let (unlocked, _lock) = session.unlock_alone(common)?;
        let right = Engineering::at_the_terminal(session.actor.clone());
        let bench = bench(&session, &unlocked);
        let ask = self.ask(&session)?;
        let (input, output) = match self.files.as_slice() {
            [input, output] => (input.clone(), output),
            [output] => {
                let Some(order) = &self.work_order else {
                    let why =
                        "IN may be left out only with --work-order, whose serial numbers are issued then";
                    return Err(Failure::usage(Code::Usage, why));
                };
                (issue::serials::write(&session.store, &ask, order, output)?, output)
            }
            _ => return Err(Failure::usage(Code::Usage, "give IN and OUT")),
        };
        let shared = Progress::default();
        let person = session.person();
        let issued = progress::watch(&shared, "issued", common.json, || {
            let job = issue::Job { ask: &ask, person: &person, input: &input, output, interruptible: true };
            issue::run(&bench, &right, &job, &shared)
        });
        let issued = issued.map_err(|error| session.refused("batch issue", error))?;
        if issued.resumed {
            let void = match issued.void {
                0 => String::new(),
                void => format!("; {void} numbers that may have been signed went on the CRL"),
            };
            output::note(&format!("resumed where it was cut off{void}"));
        }
        let more = json!({ "resumed": issued.resumed, "void": issued.void });
        let (good, refused) = (issued.outcome.good, issued.outcome.refused);
        let what = if ask.is_two() { "rows with two certificates each" } else { "certificates" };
        told::show(common, &issued.outcome, &format!("{good} {what}, {refused} rows refused"), more)?;
        told::must_be_whole(&issued.outcome)
    }

    fn ask(&self, session: &Session) -> Result<IssueAsk, Failure> {
        let under = match (&self.product, &self.profile) {
            (Some(product), _) => Under::Product(product.clone()),
            (None, Some(profile)) => Under::Profile(profile.clone()),
            (None, None) => return Err(Failure::usage(Code::Usage, "give --product or --profile")),
        };
        let keys = match (self.plaintext_keys, self.keys_to.is_empty()) {
            (true, _) => Keys::Clear,
            (false, true) => Keys::FromRequests,
            (false, false) => Keys::Sealed(Recipients::parse(&self.keys_to)?),
        };
        let ask = IssueAsk::new(&session.folder, &under, self.work_order.clone(), keys)?;
        Ok(IssueAsk { folders: self.folders.clone(), tar: self.tar.clone(), ..ask })
    }
}

/// Gives up a batch that was cut off.
#[derive(Args)]
pub struct Cancel {
    /// Its number
    batch: u64,
}

impl Cancel {
    /// Ends it; what it issued stays issued.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let (unlocked, _lock) = session.unlock_alone(common)?;
        let right = Engineering::at_the_terminal(session.actor.clone());
        let bench = bench(&session, &unlocked);
        let void = issue::start::cancel(&bench, &right, self.batch)
            .map_err(|error| session.refused("batch cancel", error))?;
        let told = json!({ "batch": self.batch, "state": BatchState::Cancelled, "void": void });
        output::report(common.json, &told, || {
            format!(
                "Batch {} is cancelled; {void} numbers that may have been signed are on the CRL. Rows and keys in its \
                 output that are not on record are void.",
                self.batch
            )
        })
    }
}
