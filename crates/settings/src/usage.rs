//! Explains wrong invocations where the words of the parser do not help: it names a flag for a
//! wrong variable, and cuts a value that begins with a hyphen into letters.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

/// The same error in words that help. `words` is the command line, with the name of the program.
pub fn explain(mut error: Error, command: &Command, words: &[OsString]) -> Error {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if error.kind() == ErrorKind::UnknownArgument {
        explain_hyphens(&mut error, command, &words);
    } else {
        for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
            name_variable(&mut error, kind, command, &words);
        }
    }
    error
}

/// Names the variable instead of the flag, if that is what has given the value.
fn name_variable(error: &mut Error, kind: ContextKind, command: &Command, words: &[String]) {
    let Some(ContextValue::String(shown)) = error.get(kind) else {
        return;
    };
    let flag = shown.split([' ', '=']).next().unwrap_or_default();
    let is_given = |word: &String| word == flag || word.starts_with(&format!("{flag}="));
    if words.iter().any(is_given) {
        return;
    }
    let variable = find_flag(command, flag).and_then(Arg::get_env);
    if let Some(variable) = variable.filter(|name| std::env::var_os(name).is_some()) {
        let name = variable.to_string_lossy().into_owned();
        error.insert(kind, ContextValue::String(name));
    }
}

/// The argument with this long flag, of the command or of one of its subcommands.
fn find_flag<'a>(command: &'a Command, flag: &str) -> Option<&'a Arg> {
    let name = flag.strip_prefix("--")?;
    let mut own = command.get_arguments();
    own.find(|argument| argument.get_long() == Some(name))
        .or_else(|| {
            command
                .get_subcommands()
                .find_map(|sub| find_flag(sub, flag))
        })
}

/// Says how a word that begins with one hyphen becomes a value, and shows the whole word.
fn explain_hyphens(error: &mut Error, command: &Command, words: &[String]) {
    let Some(ContextValue::String(letter)) = error.get(ContextKind::InvalidArg) else {
        return;
    };
    let is_meant = |word: &&String| word.starts_with(letter.as_str()) && !word.starts_with("--");
    let mut later = words.iter().enumerate().skip(1);
    let Some((index, word)) = later.find(|(_, word)| is_meant(word)) else {
        return;
    };
    let before = &words[index - 1];
    let takes_value = |argument: &Arg| argument.get_action().takes_values();
    let tip = if find_flag(command, before).is_some_and(takes_value) {
        Some(format!(
            "to pass '{word}' to {before}, write '{before}={word}'"
        ))
    } else if error.get(ContextKind::Suggested).is_some() {
        let command: Vec<&str> = words[..index].iter().map(String::as_str).collect();
        let command = command.join(" ");
        Some(format!(
            "to pass '{word}' as a value, write it after '--': {command} -- {word}"
        ))
    } else {
        None
    };
    let word = word.clone();
    error.insert(ContextKind::InvalidArg, ContextValue::String(word));
    if let Some(tip) = tip {
        let tips = vec![StyledStr::from(tip)];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::Cli;

    /// The explanation of a wrong invocation.
    fn explained(words: &[&str]) -> String {
        let words: Vec<OsString> = ["tidings"]
            .iter()
            .chain(words)
            .map(OsString::from)
            .collect();
        let mut command = Cli::command();
        let error = command
            .try_get_matches_from_mut(&words)
            .expect_err("a wrong invocation");
        explain(error, &command, &words).to_string()
    }

    #[test]
    fn a_value_that_begins_with_a_hyphen_is_shown_whole_with_what_to_write() {
        let found = explained(&["search", "tea", "-coffee"]);
        assert!(
            found.contains("unexpected argument '-coffee' found"),
            "{found}"
        );
        assert!(found.contains("tidings search tea -- -coffee"), "{found}");
        let found = explained(&["import", "a.jsonl", "--prefix", "-x"]);
        assert!(found.contains("write '--prefix=-x'"), "{found}");
        let found = explained(&["status", "-coffee"]);
        assert!(
            found.contains("'-coffee'") && !found.contains("tip:"),
            "{found}"
        );
    }

    #[test]
    fn other_mistakes_keep_their_words() {
        let found = explained(&["up", "--rate-limit", "many"]);
        assert!(found.contains("'many' for '--rate-limit <N>'"), "{found}");
        let found = explained(&["search", "tea", "--limt", "5"]);
        assert!(found.contains("'--limit'"), "{found}");
    }
}
