//! What CONTRIBUTING.md and other pages name exists: make targets, packages, files and tests.

use std::collections::BTreeSet;
use std::path::Path;

use house_rules::workspace::{files, packages, read, root};

const PAGE: &str = "CONTRIBUTING.md";
/// Words that stand for a name of the reader's choice.
const PLACEHOLDERS: [&str; 3] = ["NAME", "NNNN", "CRATE"];
/// Endings of names of sources and documents.
const ENDINGS: [&str; 4] = [".rs", ".md", ".toml", ".txt"];
/// A name with so many underscores is that of a test.
const UNDERSCORES_OF_A_TEST: usize = 3;

#[test]
fn make_targets_in_documents_exist() {
    let makefile = read(Path::new("Makefile"));
    let rules = makefile.lines().filter_map(|line| line.split_once(':'));
    let targets: BTreeSet<&str> = rules.map(|(target, _)| target).collect();
    let mut missing = Vec::new();
    let mut named = 0;
    for path in files(&["md"]) {
        for target in named_targets(&read(&path)) {
            named += 1;
            if !targets.contains(target.as_str()) {
                missing.push(format!("{}: make {target}", path.display()));
            }
        }
    }
    assert!(named > 50, "only {named} targets were found");
    assert!(missing.is_empty(), "no such targets: {missing:#?}");
}

#[test]
fn packages_and_tests_of_commands_exist() {
    let page = read(Path::new(PAGE));
    let packages = packages();
    let mut named = 0;
    for line in page.lines().filter(|line| line.contains("cargo ")) {
        let Some(name) = word_after(line, "-p ").filter(|name| !is_placeholder(name)) else {
            continue;
        };
        let package = packages.get(name);
        let package = package.unwrap_or_else(|| panic!("{line}: there is no package {name}"));
        named += 1;
        if let Some(test) = word_after(line, "--test ") {
            let dir = root().join(&package.dir);
            let manifest = read(&package.dir.join("Cargo.toml"));
            let exists = [format!("tests/{test}.rs"), format!("tests/{test}/main.rs")]
                .iter()
                .any(|file| dir.join(file).exists())
                || manifest.contains(&format!("name = \"{test}\""));
            assert!(exists, "{line}: {name} has no test {test}");
        }
    }
    assert!(named >= 4, "only {named} commands were found");
}

#[test]
fn files_and_tests_of_the_recipes_exist() {
    let mut sources = String::new();
    let mut known = BTreeSet::new();
    for path in files(&["rs", "md", "toml", "txt"]) {
        if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&read(&path));
        }
        known.insert(format!("/{}", path.display()));
    }
    let page = read(Path::new(PAGE));
    let mut missing = Vec::new();
    let mut named = 0;
    for word in page
        .split('`')
        .skip(1)
        .step_by(2)
        .flat_map(str::split_whitespace)
    {
        let exists = if ENDINGS.iter().any(|ending| word.ends_with(ending)) {
            is_placeholder(word) || known.iter().any(|file| file.ends_with(&format!("/{word}")))
        } else if word.matches('_').count() >= UNDERSCORES_OF_A_TEST && is_identifier(word) {
            sources.contains(&format!("fn {word}("))
        } else {
            continue;
        };
        named += 1;
        if !exists {
            missing.push(word.to_owned());
        }
    }
    assert!(named > 60, "only {named} names were found");
    assert!(missing.is_empty(), "no such files or tests: {missing:#?}");
}

/// The targets of `make` in the code of a page.
fn named_targets(text: &str) -> Vec<String> {
    let starts = ["`make ", "$ make ", "\nmake "];
    let rests = starts.iter().flat_map(|start| text.split(start).skip(1));
    let is_letter = |c: char| c.is_ascii_lowercase() || c == '-';
    rests
        .map(|rest| rest.chars().take_while(|c| is_letter(*c)).collect())
        .filter(|target: &String| target.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

fn word_after<'a>(line: &'a str, option: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {option}"))?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    rest.split(|c| !is_part(c)).next()
}

fn is_placeholder(name: &str) -> bool {
    PLACEHOLDERS.iter().any(|word| name.contains(word))
}

fn is_identifier(word: &str) -> bool {
    word.chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn targets_and_options_are_found() {
    let page = "Run `make a-b ARGS=1`, `make -j` or\n```sh\nmake c\n```\nThey make d.";
    let mut targets = named_targets(page);
    targets.sort();
    assert_eq!(targets, ["a-b", "c"]);
    let line = "cargo test -p tests --test it unread::'";
    assert_eq!(word_after(line, "-p "), Some("tests"));
    assert_eq!(word_after(line, "--test "), Some("it"));
    assert_eq!(word_after(line, "--bin "), None);
}
