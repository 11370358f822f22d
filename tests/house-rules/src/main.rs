//! `house-rules inventory` prints `docs/inventory.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    if command.as_deref() != Some("inventory") {
        eprintln!("usage: house-rules inventory");
        return ExitCode::from(2);
    }
    print!("{}", house_rules::inventory::render());
    ExitCode::SUCCESS
}
