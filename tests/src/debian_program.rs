//! Programs that Debian has: the one on this machine, or one that is fetched once.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The path of a program. `tests/clients/debian.py` finds or fetches it.
///
/// # Panics
/// If there is no such program: a test that needs it must not pass without it.
pub fn debian_program(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/debian.py");
    let output = Command::new("python3").arg(script).arg(name).output();
    let output = output.unwrap_or_else(|error| panic!("python3: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().into()
}
