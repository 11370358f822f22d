//! What must not stand in a source file, and how long files and functions may be.

use std::path::Path;

use house_rules::source::Source;
use house_rules::workspace::{files, read};

/// Lines of the longest file.
const MAX_FILE_LINES: usize = 500;
/// Lines of the longest function: it fits on a screen.
const MAX_FUNCTION_LINES: usize = 70;
/// Columns of the longest line of a comment.
const MAX_COMMENT_COLUMNS: usize = 100;

/// What commands count.
const COUNTED_NOUNS: [&str; 17] = [
    "message",
    "event",
    "conversation",
    "user",
    "row",
    "seal",
    "finding",
    "file",
    "line",
    "key",
    "record",
    "word",
    "case",
    "hold",
    "token",
    "day",
    "device",
];

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    let mut functions = 0;
    for path in files(&["rs"]) {
        let source = Source::open(&path);
        let lines = source.text.lines().count();
        if lines > MAX_FILE_LINES {
            long.push(format!("{} has {lines} lines", path.display()));
        }
        for function in source.functions() {
            functions += 1;
            if function.lines > MAX_FUNCTION_LINES {
                long.push(format!(
                    "{}:{} `{}` has {} lines",
                    path.display(),
                    function.line,
                    function.name,
                    function.lines
                ));
            }
        }
    }
    assert!(functions > 1_000, "only {functions} functions were found");
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn comments_fit_the_width() {
    let mut wide = Vec::new();
    for path in files(&["rs"]) {
        for (index, line) in read(&path).lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            // A link or a path cannot be broken.
            let is_one_word = line.split_whitespace().count() <= 2;
            if is_comment && !is_one_word && line.chars().count() > MAX_COMMENT_COLUMNS {
                wide.push(format!("{}:{}", path.display(), index + 1));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "comments over {MAX_COMMENT_COLUMNS} columns:\n{}",
        wide.join("\n")
    );
}

#[test]
fn no_doc_comment_is_a_question_word() {
    let words = ["Why.", "When.", "Who.", "What.", "Where.", "How."];
    let mut found = Vec::new();
    for path in files(&["rs"]) {
        let mut is_continued = false;
        for (index, line) in read(&path).lines().enumerate() {
            let doc = line.trim_start().strip_prefix("/// ");
            let is_empty = doc.is_some_and(|doc| !is_continued && words.contains(&doc));
            if is_empty {
                found.push(format!("{}:{}", path.display(), index + 1));
            }
            is_continued = doc.is_some();
        }
    }
    assert!(
        found.is_empty(),
        "say of what, in a sentence or a noun phrase:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_doc_comment_has_code_that_only_a_doc_test_would_run() {
    // `make test` starts no doc tests: it would start rustdoc for 40 crates, and none has any.
    let attributes = ["rust", "ignore", "no_run", "should_panic", "compile_fail"];
    let mut found = Vec::new();
    for path in files(&["rs"]) {
        let mut is_inside = false;
        for (index, line) in read(&path).lines().enumerate() {
            let doc = line.trim_start();
            let doc = doc.strip_prefix("///").or_else(|| doc.strip_prefix("//!"));
            let Some(language) = doc.and_then(|doc| doc.trim_start().strip_prefix("```")) else {
                continue;
            };
            let is_rust =
                language.is_empty() || attributes.iter().any(|word| language.contains(word));
            if !is_inside && is_rust {
                found.push(format!("{}:{}", path.display(), index + 1));
            }
            is_inside = !is_inside;
        }
    }
    assert!(
        found.is_empty(),
        "make the code a test, or name another language, such as `text`:\n{}",
        found.join("\n")
    );
}

#[test]
fn nothing_is_unwrapped_unfinished_or_ignored() {
    // In two parts, so that this file does not contain them.
    let everywhere = [
        ["to", "do!("],
        ["unimple", "mented!("],
        ["FIX", "ME"],
        ["TO", "DO"],
        ["#[ig", "nore"],
    ];
    for path in files(&["rs"]) {
        let source = Source::open(&path);
        for [one, other] in everywhere {
            let word = format!("{one}{other}");
            assert!(
                !source.text.contains(&word),
                "{} has {word}",
                path.display()
            );
        }
        let is_program = path.components().any(|part| part.as_os_str() == "src");
        if is_program && !path.starts_with("tests") {
            let unwraps = source.code().contains(".unwrap()");
            assert!(!unwraps, "{} unwraps outside of tests", path.display());
        }
    }
}

#[test]
fn no_test_sleeps() {
    // It polls a condition for all of them.
    let polling = Path::new("crates/eventually/src/lib.rs");
    for path in files(&["rs"]) {
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        if is_test && path != polling && !path.starts_with("tests/house-rules") {
            let code = Source::open(&path).code();
            for call in ["sleep(", "interval("] {
                assert!(
                    !code.contains(call),
                    "{} calls {call}..): wait for a condition",
                    path.display()
                );
            }
        }
    }
}

/// `1 messages`: what is printed with a number takes its noun from `data_dir::format_count`.
#[test]
fn a_number_and_its_noun_agree() {
    let programs = [
        "tidings",
        "crates/demo",
        "crates/diagnostics",
        "crates/importer",
    ];
    let programs = [&programs[..], &["crates/log-tools", "crates/operator-api"]].concat();
    let mut found = Vec::new();
    for path in files(&["rs"]) {
        let is_printed = programs
            .iter()
            .any(|dir| path.starts_with(Path::new(dir).join("src")));
        if !is_printed {
            continue;
        }
        for (index, line) in read(&path).lines().enumerate() {
            let words = COUNTED_NOUNS
                .iter()
                .filter(|noun| counts_always_many(line, noun));
            found.extend(words.map(|noun| format!("{}:{}: {noun}", path.display(), index + 1)));
        }
    }
    assert!(
        found.is_empty(),
        "use `format_count`:\n{}",
        found.join("\n")
    );
}

/// Whether a format string has a number in front of a noun that is always in the plural.
fn counts_always_many(line: &str, noun: &str) -> bool {
    let plural = format!("}} {noun}s");
    line.match_indices(&plural).any(|(at, _)| {
        let rest = &line[at + plural.len()..];
        // `conversations and mailboxes`: two nouns for one number.
        let is_sum = rest.starts_with(" and ");
        // `2 conversations have this name`: only a number of at least two is named.
        let is_several = rest.starts_with(" have this name");
        // A kind, not a number: `{kind} messages`.
        let is_kind = line[..at].ends_with("kind");
        !rest.starts_with(char::is_alphabetic) && !is_sum && !is_several && !is_kind
    })
}

#[test]
fn a_number_with_a_fixed_plural_is_found() {
    assert!(counts_always_many(
        r#"outln!("{} messages", count)"#,
        "message"
    ));
    assert!(counts_always_many(r#"format!("{rows} rows, {n}")"#, "row"));
    assert!(!counts_always_many(
        r#"format!("{kind} messages up to")"#,
        "message"
    ));
    assert!(!counts_always_many(
        r#"outln!("a row of {} words")"#,
        "message"
    ));
}

#[test]
fn no_source_names_a_path_of_one_machine() {
    let homes = [
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/wo", "rk/"],
        ["/Us", "ers/"],
    ];
    for path in files(&["rs", "md", "toml", "sh", "py", "yml", "yaml"]) {
        for [one, other] in homes {
            // In tests, passwd files and the like name homes of invented people.
            let home = format!("\"{one}{other}");
            assert!(
                !read(&path).contains(&home),
                "{} names {home}",
                path.display()
            );
        }
    }
}
