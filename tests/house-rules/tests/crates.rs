//! How the root file of a crate begins.

use std::path::Path;

use house_rules::source::Source;
use house_rules::workspace::{packages, root};

#[test]
fn every_library_opens_with_a_map_and_demands_documentation() {
    let mut libraries = 0;
    let mut faults = Vec::new();
    for package in packages().into_values() {
        let path = package.dir.join("src/lib.rs");
        if !root().join(&path).exists() {
            continue;
        }
        libraries += 1;
        let source = Source::open(&path);
        let place = path.display();
        let header: Vec<&str> = source
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        if header.is_empty() {
            faults.push(format!("{place} does not open with `//!`"));
        }
        if !source.text.contains("\n#![deny(missing_docs)]\n") {
            faults.push(format!("{place} does not deny missing documentation"));
        }
        let map = header.join("\n");
        for module in source.public_modules() {
            if !map.contains(&format!("`{module}`")) && !map.contains(&format!("`{module}::")) {
                faults.push(format!(
                    "the map at the top of {place} lacks the module {module}"
                ));
            }
        }
    }
    assert!(libraries > 10, "only {libraries} libraries were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_program_says_what_it_is() {
    for package in packages().into_values() {
        let path = package.dir.join("src/main.rs");
        if root().join(&path).exists() {
            let text = Source::open(Path::new(&path)).text;
            assert!(
                text.starts_with("//! "),
                "{} does not open with `//!`",
                path.display()
            );
        }
    }
}
