//! The packages of this workspace and the files that Git tracks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// One package of the workspace.
pub struct Package {
    /// Its name in `Cargo.toml`.
    pub name: String,
    /// The directory of its `Cargo.toml`, relative to the root of the repository.
    pub dir: PathBuf,
    /// The names of its dependencies outside of tests and build scripts.
    pub dependencies: BTreeSet<String>,
}

/// The root of the repository.
///
/// # Panics
/// If this crate is not two directories below the root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).expect("the root of the repository");
    assert!(
        root.join("Cargo.lock").exists(),
        "no Cargo.lock at the root"
    );
    root.to_owned()
}

/// Every package of the workspace, by name.
///
/// # Panics
/// If `cargo metadata` fails.
pub fn packages() -> BTreeMap<String, Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| (text(&package["name"]), parse(package)))
        .collect()
}

fn parse(package: &Value) -> Package {
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let dir = manifest.parent().expect("a manifest is in a directory");
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    Package {
        name: text(&package["name"]),
        dir: dir
            .strip_prefix(root())
            .expect("a package of this repository")
            .to_owned(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// Every file in the repository with one of `extensions`, relative to the root, sorted.
///
/// # Panics
/// If the repository cannot be read.
pub fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root(), extensions, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no file with one of {extensions:?}");
    found
}

fn collect(dir: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            let skipped = ["target", ".git", "node_modules", "tidings-data", "corpus"];
            if !skipped.iter().any(|skip| name == **skip) {
                collect(&path, extensions, found);
            }
        } else if path
            .extension()
            .is_some_and(|found| extensions.iter().any(|one| found == *one))
        {
            found.push(
                path.strip_prefix(root())
                    .expect("below the root")
                    .to_owned(),
            );
        }
    }
}

/// The text of a file, by its path relative to the root.
///
/// # Panics
/// If the file cannot be read.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}
