//! The command line: one file per command. Commands turn words into use cases and results into text; the
//! rules live in `station`.

pub mod failure;
pub mod output;
pub mod passphrase;
pub mod progress;
pub mod session;

mod audit;
mod batch;
mod ca;
mod client;
mod demo;
mod enroll;
mod init;
mod key;
mod ports;
mod product;
mod provision;
mod run;
mod secret;
mod serve;
mod sim;
mod user;
mod work_order;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::cli::failure::Failure;
use crate::domain::name::Name;

/// Gives devices on a production line their identity, and keeps records an auditor can trust.
#[derive(Parser)]
#[command(name = "lineside", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options that work everywhere.
#[derive(clap::Args)]
pub struct Common {
    /// The station's folder [default: ./station]
    #[arg(long, global = true, env = "LINESIDE_STATION", value_name = "DIR")]
    pub station: Option<PathBuf>,
    /// File that holds the vault's passphrase (else systemd's credential `lineside-vault`, else a prompt)
    #[arg(long, global = true, value_name = "F")]
    pub passphrase_file: Option<PathBuf>,
    /// Your name, as it stands in the records beside the operating system's user
    #[arg(long = "as", global = true, value_name = "NAME")]
    pub as_name: Option<Name>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

impl Common {
    /// The station's folder.
    pub fn station_folder(&self) -> PathBuf {
        self.station.clone().unwrap_or_else(|| PathBuf::from("./station"))
    }
}

#[derive(Subcommand)]
enum Command {
    /// A whole plant on this machine: virtual devices, simulated Azure, the station and its page
    Demo(demo::Demo),
    /// Make a new station: root and issuing CA, vault, first administrator
    Init(init::Init),
    /// Run the station: slots, outbox, pages
    Serve(serve::Serve),
    /// What is plugged in
    Ports,
    /// Provision one device from the terminal
    Provision(provision::Provision),
    /// Lots to be made
    #[command(subcommand)]
    WorkOrder(work_order::WorkOrder),
    /// Attempts to provision a device, and what to do with unfinished ones
    #[command(subcommand)]
    Run(run::Run),
    /// The issuing CA
    #[command(subcommand)]
    Ca(ca::Ca),
    /// Group keys and the keys derived from them
    #[command(subcommand)]
    Key(key::Key),
    /// Secrets in the vault: dps, recipe passwords
    #[command(subcommand)]
    Secret(secret::Secrets),
    /// People
    #[command(subcommand)]
    User(user::User),
    /// Other systems that ask over the API
    #[command(subcommand)]
    Client(client::Client),
    /// Recipes for kinds of devices
    #[command(subcommand)]
    Product(product::Products),
    /// Identities in and out of files
    #[command(subcommand)]
    Batch(batch::Batch),
    /// The outbox to Azure
    #[command(subcommand)]
    Enroll(enroll::Enroll),
    /// The tamper-evident log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The outside world, simulated
    #[command(subcommand)]
    Sim(sim::Sim),
}

/// Runs the command; what it returns decides the exit code.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { common, command } = cli;
    match command {
        Command::Demo(demo) => demo.run(&common),
        Command::Init(init) => init.run(&common),
        Command::Serve(serve) => serve.run(&common),
        Command::Ports => ports::run(&common),
        Command::Provision(provision) => provision.run(&common),
        Command::WorkOrder(command) => command.run(&common),
        Command::Run(command) => command.run(&common),
        Command::Ca(command) => command.run(&common),
        Command::Key(command) => command.run(&common),
        Command::Secret(command) => command.run(&common),
        Command::User(command) => command.run(&common),
        Command::Client(command) => command.run(&common),
        Command::Product(command) => command.run(&common),
        Command::Batch(command) => command.run(&common),
        Command::Enroll(command) => command.run(&common),
        Command::Audit(command) => command.run(&common),
        Command::Sim(command) => command.run(&common),
    }
}
