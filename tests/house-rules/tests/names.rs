//! One meaning per type name, in the words of GLOSSARY.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use house_rules::glossary::Glossary;
use house_rules::programs::programs;
use house_rules::source::Source;
use house_rules::workspace::{files, read};

/// Names that every Rust reader expects to see more than once.
const SHARED_NAMES: &[&str] = &["Row", "Inner", "Error", "Args", "State"];

/// Words that the parts of a type's name may be besides those of the glossary.
const COMMON_WORDS: &str = "tests/house-rules/tests/common_words.txt";

/// Names of functions that say nothing about what the function does.
const VAGUE_FUNCTIONS: [&str; 4] = ["of", "take", "look", "it"];
/// `CaseId::of(target)`: the only id that a target has.
const DERIVED_IDS: &str = "domain/src/case/target.rs";

/// Participles that do not end in "ed". "Read" is left out: `MarkRead` is a command.
const IRREGULAR_PARTICIPLES: [&str; 11] = [
    "Kept", "Sent", "Built", "Found", "Seen", "Left", "Made", "Held", "Taken", "Lost", "Written",
];
/// Nouns that end in "ed".
const NOUNS_IN_ED: [&str; 3] = ["Feed", "Seed", "Speed"];
/// Error types that have a better noun, which says of what they are.
const ERRORS_OF_ANOTHER_NAME: [&str; 2] = ["Refusal", "SealFinding"];

/// Whether a file belongs to a library or a program, and not to a test file next to it.
fn is_below_src(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "src")
}

#[test]
fn a_type_name_has_one_meaning() {
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files(&["rs"]).into_iter().filter(|path| is_below_src(path)) {
        for found in Source::open(&path).types() {
            homes.entry(found.name).or_default().push(path.clone());
        }
    }
    assert!(
        homes.len() > 500,
        "only {} type names were found",
        homes.len()
    );
    let shared: Vec<String> = homes
        .iter()
        .filter(|(name, homes)| homes.len() > 1 && !SHARED_NAMES.contains(&name.as_str()))
        .map(|(name, homes)| format!("{name}: {homes:?}"))
        .collect();
    assert!(
        shared.is_empty(),
        "names with several meanings:\n{}",
        shared.join("\n")
    );
}

/// The last of two schemas with one name would replace the other in the OpenAPI document.
#[test]
fn a_schema_has_a_name_of_its_own() {
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files(&["rs"]).into_iter().filter(|path| is_below_src(path)) {
        for line in read(&path).lines() {
            let attribute = line.trim_start().strip_prefix("#[schema(as = ");
            let name = attribute.and_then(|rest| rest.split([',', ')']).next());
            if let Some(name) = name {
                homes.entry(name.to_owned()).or_default().push(path.clone());
            }
        }
    }
    assert!(homes.len() > 50, "only {} schemas were found", homes.len());
    homes.retain(|_, paths| paths.len() > 1);
    assert!(homes.is_empty(), "schemas with one name: {homes:#?}");
}

#[test]
fn public_types_are_named_in_the_words_of_the_glossary() {
    let glossary = Glossary::open();
    let common: BTreeSet<String> = read(Path::new(COMMON_WORDS))
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let mut types = 0;
    let mut strangers = Vec::new();
    for program in programs() {
        for found in program.source.types() {
            if !found.is_public || glossary.lists(&found.name) {
                continue;
            }
            types += 1;
            let words = camel_words(&found.name);
            let unknown: Vec<&String> = words
                .iter()
                .filter(|word| !glossary.defines(word) && !common.contains(*word))
                .collect();
            if !unknown.is_empty() {
                let place = format!("{}:{}", program.source.path.display(), found.line);
                strangers.push(format!("{place}: {} {unknown:?}", found.name));
            }
        }
    }
    assert!(types > 20, "only {types} types were looked at");
    assert!(
        strangers.is_empty(),
        "GLOSSARY.md neither lists these types nor defines these words:\n{}",
        strangers.join("\n")
    );
}

/// Events are the exception: their names say what has happened.
#[test]
fn a_type_is_a_noun() {
    let is_event = |path: &Path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        path.starts_with("domain/src") && stem.is_some_and(|stem| stem.ends_with("event"))
    };
    let mut participles = Vec::new();
    for path in files(&["rs"]).into_iter().filter(|path| is_below_src(path)) {
        let types = Source::open(&path).types();
        let found = types.into_iter().filter(|found| is_participle(&found.name));
        for found in found.filter(|_| !is_event(&path)) {
            participles.push(format!("{}:{}: {}", path.display(), found.line, found.name));
        }
    }
    assert!(participles.is_empty(), "{}", participles.join("\n"));
}

#[test]
fn a_participle_is_recognised() {
    assert!(["Appended", "FilesSeen", "Kept"].map(is_participle) == [true; 3]);
    assert!(["LiveFeed", "ReplaySpeed", "MarkRead", "KeptBuild"].map(is_participle) == [false; 4]);
}

/// Whether the last word of a type's name is a participle.
fn is_participle(name: &str) -> bool {
    let start = name.rfind(|c: char| c.is_ascii_uppercase());
    let last = &name[start.unwrap_or(0)..];
    (last.ends_with("ed") && !NOUNS_IN_ED.contains(&last)) || IRREGULAR_PARTICIPLES.contains(&last)
}

#[test]
fn an_error_type_ends_in_error() {
    let mut others = Vec::new();
    let mut errors = 0;
    for path in files(&["rs"]).into_iter().filter(|path| is_below_src(path)) {
        let text = read(&path);
        for rest in text.split("thiserror::Error").skip(1) {
            let is_item = |part: &&str| part.contains("enum ") || part.contains("struct ");
            let item = rest.split(['{', ';', '(']).find(is_item);
            let mut words = item.unwrap_or_default().split_whitespace();
            let name = words
                .find(|word| ["enum", "struct"].contains(word))
                .and(words.next());
            let Some(name) = name else { continue };
            errors += 1;
            if !name.ends_with("Error") && !ERRORS_OF_ANOTHER_NAME.contains(&name) {
                others.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(errors > 30, "only {errors} error types were found");
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn the_glossary_lists_only_types_that_exist() {
    // Macros define types too, and some are of other crates or languages: any mention counts.
    let mut words = BTreeSet::new();
    for path in files(&["rs", "py", "ts"]) {
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let code = if is_rust {
            Source::open(&path).code()
        } else {
            read(&path)
        };
        words.extend(
            code.split(|c: char| !c.is_alphanumeric() && c != '_')
                .map(str::to_owned),
        );
    }
    let gone: Vec<String> = Glossary::open()
        .types()
        .filter(|name| !words.contains(*name))
        .cloned()
        .collect();
    assert!(
        gone.is_empty(),
        "GLOSSARY.md lists types that do not exist: {}",
        gone.join(", ")
    );
}

#[test]
fn functions_are_named_by_what_they_do() {
    let mut vague = Vec::new();
    for path in files(&["rs"]).into_iter().filter(|path| is_below_src(path)) {
        if path == Path::new(DERIVED_IDS) {
            continue;
        }
        for function in Source::open(&path).functions() {
            if VAGUE_FUNCTIONS.contains(&function.name.as_str()) {
                vague.push(format!(
                    "{}:{} `{}`",
                    path.display(),
                    function.line,
                    function.name
                ));
            }
        }
    }
    assert!(vague.is_empty(), "name what they do:\n{}", vague.join("\n"));
}

fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        if c.is_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}
