//! The entry point of the `tidings` program. `lib.rs` has a map of the crate.

use std::process::ExitCode;

use clap::Parser;
use data_dir::UsageError;
use tidings::config::Cli;

/// The global allocator. A request makes around a hundred small allocations, freed on the thread
/// that finishes it. The C library's allocator spent a quarter of the service's time on them, much
/// of it waiting for its own locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tidings::logging::init(&cli.config).and_then(|()| run(cli));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidings: {error:#}");
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(tidings::commands::run(cli));
    // Do not wait for tasks that are still running: a forced stop must take effect immediately.
    runtime.shutdown_background();
    outcome
}
