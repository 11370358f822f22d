//! The README's first conversation runs as written, and its output has the documented shape.

use std::path::Path;

use serde_json::Value;
use tests::binary;
use tests::feed::parse_cursor;
use tests::world::World;

const SECTION: &str = "## A first conversation";
/// The address and the program that the README names.
const README_ADDRESS: &str = "127.0.0.1:8080";
const README_PROGRAM: &str = "target/quick/tidings";
/// Stands for what the README leaves out: a value, or the remaining fields of an object.
const LEFT_OUT: &str = "...";

/// A command of the README and the output that it shows.
struct Example {
    command: String,
    output: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_conversation_runs_as_written() {
    let world = World::start().await;
    let section = section();
    let variables = adapt(&world, &blocks(&section, "sh").join("\n"));
    let examples: Vec<Example> = blocks(&section, "console")
        .iter()
        .flat_map(|block| examples(block))
        .collect();
    assert!(examples.len() >= 8, "only {} commands", examples.len());

    for Example { command, output } in examples {
        let printed = run(&world, &variables, &adapt(&world, &command)).await;
        let documented = parse(&output.replace(",...}", r#","...":null}"#));
        if let Err(difference) = compare(&documented, &parse(&printed)) {
            panic!("{command}\n{difference}\nprinted {printed}");
        }
    }
}

/// The text of the section, up to the next one.
fn section() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    let (_, rest) = readme.split_once(SECTION).expect(SECTION);
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The contents of the code blocks in one language.
fn blocks(section: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let starts = section.split(&fence).skip(1);
    starts
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// The commands of a console block. A backslash at the end of a line continues a command.
fn examples(block: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut continues = false;
    for line in block.lines() {
        let started = line.strip_prefix("$ ");
        if let Some(command) = started {
            examples.push(Example {
                command: command.to_owned(),
                output: String::new(),
            });
        } else {
            let example = examples.last_mut().expect("a block starts with a command");
            let text = if continues {
                &mut example.command
            } else {
                &mut example.output
            };
            text.push('\n');
            text.push_str(line);
        }
        continues = line.ends_with('\\') && (started.is_some() || continues);
    }
    examples
}

/// The commands of a console block, without their outputs.
pub(crate) fn example_commands(block: &str) -> Vec<String> {
    let found = examples(block).into_iter();
    found.map(|example| example.command).collect()
}

/// The same commands with the program under test and the address of this world.
fn adapt(world: &World, script: &str) -> String {
    let program = binary::path().to_str().expect("a path in UTF-8");
    script
        .replace(README_PROGRAM, &format!("'{program}'"))
        .replace(README_ADDRESS, &world.address())
}

/// Runs a command as a user does, after the variables are set, and returns what it prints.
async fn run(world: &World, variables: &str, command: &str) -> String {
    let output = tokio::process::Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{variables}\n{command}")])
        .envs(world.env())
        .output()
        .await
        .expect("bash runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command}: {}: {error}",
        output.status
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Whether the printed value has the documented shape: the same fields and values, except for
/// times, fractions, tags of cursors and what the README leaves out.
fn compare(documented: &Value, printed: &Value) -> Result<(), String> {
    let is_equal = match (documented, printed) {
        (Value::Object(_), Value::Object(_)) => return compare_fields(documented, printed),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            return one
                .iter()
                .zip(other)
                .try_for_each(|(one, other)| compare(one, other));
        }
        (Value::String(one), _) if one == LEFT_OUT => true,
        (Value::String(one), Value::String(other)) if is_time(one) => is_time(other),
        // Its tag differs from log to log.
        (Value::String(one), Value::String(other)) if parse_cursor(one).is_some() => {
            parse_cursor(one) == parse_cursor(other)
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() => other.is_f64(),
        _ => documented == printed,
    };
    if is_equal {
        Ok(())
    } else {
        Err(format!("the README shows {documented}, not {printed}"))
    }
}

/// Whether a text is a time such as `2026-11-22T07:31:32.820Z`.
fn is_time(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:dd.dddZ";
    text.len() == pattern.len()
        && text
            .chars()
            .zip(pattern.chars())
            .all(|(one, form)| match form {
                'd' => one.is_ascii_digit(),
                _ => one == form,
            })
}

fn compare_fields(documented: &Value, printed: &Value) -> Result<(), String> {
    let (Some(documented), Some(printed)) = (documented.as_object(), printed.as_object()) else {
        return Ok(());
    };
    for (name, value) in documented.iter().filter(|(name, _)| *name != LEFT_OUT) {
        let other = printed
            .get(name)
            .ok_or_else(|| format!("there is no field {name}"))?;
        compare(value, other).map_err(|difference| format!("{name}: {difference}"))?;
    }
    let others = printed.keys().find(|name| !documented.contains_key(*name));
    match others {
        Some(name) if !documented.contains_key(LEFT_OUT) => {
            Err(format!("the README does not show the field {name}"))
        }
        _ => Ok(()),
    }
}

#[test]
fn a_wrong_shape_is_found() {
    let documented =
        parse(r#"{"at": "...", "n": 1, "score": 0.5, "list": [{"a": 1, "...": null}]}"#);
    let same = r#"{"at": 7, "n": 1, "score": 0.7, "list": [{"a": 1, "b": 2}]}"#;
    let cursors = ["2.5f3a9c21", "2.00000000", "3.5f3a9c21"].map(Value::from);
    assert_eq!(compare(&cursors[0], &cursors[1]), Ok(()));
    assert!(compare(&cursors[0], &cursors[2]).is_err());
    assert_eq!(compare(&documented, &parse(same)), Ok(()));
    for other in [
        r#"{"at": 7, "n": 2, "score": 0.7, "list": [{"a": 1}]}"#,
        r#"{"at": 7, "n": 1, "score": 0.7, "list": []}"#,
        r#"{"at": 7, "n": 1, "score": "x", "list": [{"a": 1}]}"#,
        r#"{"at": 7, "n": 1, "score": 0.7, "list": [{"b": 1}]}"#,
        r#"{"at": 7, "n": 1, "score": 0.7, "list": [{"a": 1}], "more": true}"#,
        r#"{"at": 7, "score": 0.7, "list": [{"a": 1}]}"#,
    ] {
        assert!(compare(&documented, &parse(other)).is_err(), "{other}");
    }
}

#[test]
fn a_command_continues_after_a_backslash() {
    let block = "$ one \\\n    two\nout\n$ three\n";
    let found = examples(block);
    assert_eq!(found[0].command, "one \\\n    two");
    assert_eq!(found[0].output.trim(), "out");
    assert_eq!(found[1].command, "three");
}
