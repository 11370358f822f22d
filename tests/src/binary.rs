//! The `tidings` program under test.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The path of the program: `TIDINGS_BIN` if it is set. Otherwise the program is built in the
/// profile of this test program, which is quick unless something changed.
pub fn path() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| match std::env::var_os("TIDINGS_BIN") {
        Some(path) => path.into(),
        None => build_program(),
    })
}

fn build_program() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--quiet",
        "--package",
        "tidings",
        "--bin",
        "tidings",
    ]);
    command
        .arg("--message-format=json-render-diagnostics")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("cargo build: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let built = said
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let path = built
        .filter_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
        .next_back();
    path.unwrap_or_else(|| {
        panic!(
            "tidings does not build: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}
