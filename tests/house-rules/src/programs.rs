//! The sources of the product: every crate but those that test or measure it.

use crate::source::Source;
use crate::workspace::{files, packages};

/// Crates that only check or measure the program.
pub const OBSERVERS: [&str; 5] = [
    "tests",
    "test-database",
    "eventually",
    "benches",
    "house-rules",
];

/// One source file of the product.
pub struct ProductSource {
    /// The package it belongs to.
    pub package: String,
    /// The parsed file.
    pub source: Source,
}

/// Every file below `src` of every package but the observers, by package and path.
///
/// # Panics
/// If a file cannot be read or is not Rust.
pub fn programs() -> Vec<ProductSource> {
    let sources = files(&["rs"]);
    let mut programs = Vec::new();
    for package in packages().into_values() {
        if OBSERVERS.contains(&package.name.as_str()) {
            continue;
        }
        let src = package.dir.join("src");
        for path in sources.iter().filter(|path| path.starts_with(&src)) {
            programs.push(ProductSource {
                package: package.name.clone(),
                source: Source::open(path),
            });
        }
    }
    assert!(
        programs.len() > 200,
        "only {} sources were found",
        programs.len()
    );
    programs
}
