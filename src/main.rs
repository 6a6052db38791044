//! The `lineside` command: reads the command line, runs it, and is the only place that exits.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use lineside::cli::{self, Cli, output};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_env("LINESIDE_LOG").unwrap_or_else(|_| EnvFilter::new("warn,lineside=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    let done = match Cli::try_parse() {
        Ok(cli) => cli::run(cli),
        Err(error) => cli::failure::usage_or_help(&error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&format!("lineside: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
}
