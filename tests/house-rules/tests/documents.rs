//! Widths, sizes and links of the Markdown documents.

use std::path::{Path, PathBuf};

use house_rules::workspace::{files, read, root};

const MAX_COLUMNS: usize = 100;
const MAX_README_LINES: usize = 120;
/// Words of README.md and ARCHITECTURE.md together: ten minutes of reading.
const MAX_WORDS: usize = 2_600;
/// Files in which something is decided on the way of a send.
const MAX_SEND_FILES: usize = 12;
/// Those of them that refuse a send, which the walkthrough must name.
const REFUSING_FILES: [&str; 4] = [
    "command-svc/src/commands/checked_send.rs",
    "command-svc/src/screening.rs",
    "domain/src/conversation/messages.rs",
    "domain/src/conversation/policy.rs",
];

#[test]
fn lines_fit_the_width() {
    let mut wide = Vec::new();
    for path in files(&["md"]) {
        let mut is_output = false;
        for (index, line) in read(&path).lines().enumerate() {
            if line.starts_with("```") {
                is_output = line == "```console";
            }
            // Tables, links and what a program prints cannot be wrapped.
            let is_printed = is_output && !line.starts_with("$ ") && !line.starts_with(' ');
            let is_exempt = is_printed || line.trim_start().starts_with('|') || line.contains("](");
            if !is_exempt && line.chars().count() > MAX_COLUMNS {
                wide.push(format!("{}:{}", path.display(), index + 1));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "lines over {MAX_COLUMNS} columns:\n{}",
        wide.join("\n")
    );
}

#[test]
fn the_first_two_documents_are_short() {
    let readme = read(Path::new("README.md"));
    let architecture = read(Path::new("ARCHITECTURE.md"));
    let lines = readme.lines().count();
    assert!(lines <= MAX_README_LINES, "README.md has {lines} lines");
    let words = readme.split_whitespace().count() + architecture.split_whitespace().count();
    assert!(
        words <= MAX_WORDS,
        "README.md and ARCHITECTURE.md have {words} words"
    );
}

#[test]
fn every_link_leads_to_a_file() {
    let mut broken = Vec::new();
    let mut links = 0;
    for path in files(&["md"]) {
        let dir = path.parent().unwrap_or(Path::new(""));
        for target in local_links(&read(&path)) {
            links += 1;
            if !root().join(dir).join(&target).exists() {
                broken.push(format!("{} links to {target}", path.display()));
            }
        }
    }
    assert!(links > 50, "only {links} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_walkthrough_of_a_send_names_at_most_twelve_files() {
    let architecture = read(Path::new("ARCHITECTURE.md"));
    let walkthrough = section(&architecture, "### A send");
    let mut sources: Vec<PathBuf> = local_links(walkthrough)
        .into_iter()
        .map(PathBuf::from)
        .filter(|target| {
            target
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .collect();
    sources.dedup();
    assert!(sources.len() >= 6, "the walkthrough names only {sources:?}");
    assert!(
        sources.len() <= MAX_SEND_FILES,
        "a send is decided in {} files",
        sources.len()
    );
    for file in REFUSING_FILES {
        let is_named = sources.iter().any(|source| source == Path::new(file));
        assert!(is_named, "the walkthrough does not name {file}");
    }
}

#[test]
fn every_test_that_a_decision_names_exists() {
    let mut sources = String::new();
    for path in files(&["rs"]) {
        sources.push_str(&read(&path));
    }
    let mut missing = Vec::new();
    let mut named = 0;
    for path in files(&["md"]) {
        if !path.starts_with("docs/decisions") || path.ends_with("README.md") {
            continue;
        }
        let text = read(&path);
        for line in section(&text, "## Which test holds it").lines() {
            let name = line
                .strip_prefix("- `")
                .and_then(|rest| rest.split('`').next());
            let is_identifier = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let Some(name) = name.filter(|name| name.chars().all(is_identifier)) else {
                continue;
            };
            named += 1;
            if !sources.contains(&format!("fn {name}(")) {
                missing.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(named > 30, "only {named} tests were found");
    assert!(missing.is_empty(), "no such tests:\n{}", missing.join("\n"));
}

/// The text from a heading to the next one of the same level.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text
        .find(heading)
        .unwrap_or_else(|| panic!("there is no heading {heading:?}"));
    let body = &text[start + heading.len()..];
    let end = ["\n## ", "\n### "]
        .iter()
        .filter_map(|next| body.find(next))
        .min();
    &body[..end.unwrap_or(body.len())]
}

/// The targets of links into this repository, without their fragments.
fn local_links(text: &str) -> Vec<String> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .collect()
}
