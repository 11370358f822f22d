//! Arranges the help texts: a command shows its own options first, then how it connects, and then,
//! if it runs services, their settings. All commands accept all settings; those that have no
//! effect are not shown.

use std::collections::BTreeSet;

use clap::{Arg, Args as _, Command};

use super::services::Services;
use super::system::SystemConfig;

/// The settings that every command needs.
const CONNECTION: [&str; 5] = ["data", "database_url", "nats_url", "log", "log_format"];

const CONNECTION_HEADING: &str = "Connection";
const SETTINGS_HEADING: &str = "Settings";

/// Where the settings are shown that a command does not show.
const SETTINGS_NOTE: &str = "`tidings up --help` has the settings of the services.";

/// The setting that is not an option, for the commands that show the settings.
const SECRET_NOTE: &str = "Only the environment sets TIDINGS_AUTH_SECRET, the secret of at least 32 \
                           bytes that signs tokens. Without it, one is generated in the data \
                           directory.";

/// An example for each command, by its path.
const EXAMPLES: &[(&str, &str)] = &[
    ("up", "tidings up --data ./tidings-data --print-token demo"),
    ("demo", "tidings demo --open"),
    ("command-svc", "tidings command-svc --listen 0.0.0.0:8081"),
    ("projector", "tidings projector"),
    (
        "query-api",
        "tidings query-api --listen 0.0.0.0:8082 --search-dir /var/lib/tidings/search",
    ),
    ("dispatcher", "tidings dispatcher"),
    (
        "migrate",
        "tidings migrate --database-url postgres://tidings:PASSWORD@db.example.com/tidings",
    ),
    ("token", "tidings token ann --ttl 1h"),
    ("account add", "tidings account add ann"),
    (
        "account reset-password",
        "tidings account reset-password ann",
    ),
    ("account close", "tidings account close ann"),
    ("doctor", "tidings doctor"),
    ("status", "tidings status --json"),
    ("import", "tidings import ./slack-export"),
    ("erase message", "tidings erase message general 17"),
    ("erase conversation", "tidings erase conversation general"),
    ("erase user", "tidings erase user ann"),
    ("erase files", "tidings erase files"),
    ("erase show", "tidings erase show"),
    ("export-user", "tidings export-user ann --out ann.jsonl"),
    ("backup", "tidings backup /backups/2026-11-28"),
    ("restore", "tidings restore /backups/2026-11-28"),
    ("rebuild", "tidings rebuild --keep"),
    ("verify", "tidings verify --search"),
    ("search", "tidings search 'from:ann invoice' --as bob"),
    ("psql", "tidings psql -- --file report.sql"),
    ("analytics grant", "tidings analytics grant metabase"),
    ("analytics revoke", "tidings analytics revoke metabase"),
    ("log tail", "tidings log tail --follow --type message_sent"),
    ("log show", "tidings log show 17"),
    ("log export", "tidings log export ./export --format parquet"),
    ("log verify", "tidings log verify --export ./export"),
    (
        "log stats",
        "tidings log stats --by sent_at --html stats.html",
    ),
    ("log key", "tidings log key"),
    ("log seal", "tidings log seal"),
    ("trace", "tidings trace team 17"),
    ("explain", "tidings explain bob team 17"),
    (
        "log unread",
        "tidings log unread --by user --every hour --csv",
    ),
    ("log load", "tidings log load ./export --data ./copy"),
    ("log replay", "tidings log replay --subject my.events"),
    (
        "webhooks add",
        "tidings webhooks add https://app.example.com/hooks --events message_sent",
    ),
    ("webhooks list", "tidings webhooks list --parked"),
    ("webhooks disable", "tidings webhooks disable 1"),
    ("webhooks enable", "tidings webhooks enable 1"),
    ("webhooks retry", "tidings webhooks retry 1"),
    ("webhooks replay", "tidings webhooks replay 1 --from 17"),
    ("webhooks remove", "tidings webhooks remove 1"),
    ("user show", "tidings user show ann"),
    (
        "user set",
        "tidings user set helper --kind bot --display-name Helper",
    ),
    ("user deactivate", "tidings user deactivate ann"),
    ("user reactivate", "tidings user reactivate ann"),
    ("user revoke", "tidings user revoke ann"),
    ("user lift", "tidings user lift mallory"),
    (
        "user restrict",
        "tidings user restrict ann silenced --reason spam --until 2030-01-01T00:00:00Z",
    ),
    (
        "switch off",
        "tidings switch off search --reason slow --until 2026-11-01T09:30:00Z",
    ),
    ("switch on", "tidings switch on search"),
    ("switch list", "tidings switch list"),
    (
        "moderation set-list",
        "tidings moderation set-list insults words.txt --action mask",
    ),
    ("moderation cases", "tidings moderation cases"),
    (
        "moderation case",
        "tidings moderation case case-0123456789abcdef0123456789abcdef",
    ),
    (
        "moderation reopen",
        "tidings moderation reopen case-0123456789abcdef0123456789abcdef",
    ),
    (
        "moderation resolve",
        "tidings moderation resolve case-0123456789abcdef0123456789abcdef silence --note again",
    ),
    ("moderation lists", "tidings moderation lists"),
    (
        "moderation remove-list",
        "tidings moderation remove-list insults",
    ),
    ("moderation holds", "tidings moderation holds"),
    ("servers env", "tidings servers env -- nats stream ls"),
    ("servers run", "tidings servers run -- psql"),
    ("servers doctor", "tidings servers doctor"),
    ("servers fetch", "tidings servers fetch"),
    ("servers path", "tidings servers path"),
    ("completions", "tidings completions bash"),
    ("man", "tidings man"),
];

/// Arranges the help of all commands.
pub fn arrange(mut command: Command) -> Command {
    // Passes the global settings on to the subcommands, so that each can show them differently.
    command.build();
    let settings = SystemConfig::augment_args(Command::new("settings"));
    let settings: BTreeSet<String> = settings
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect();
    arrange_command(command, "", &settings)
}

fn arrange_command(command: Command, path: &str, settings: &BTreeSet<String>) -> Command {
    let runs_services = Services::ROLES.iter().any(|(role, _)| *role == path);
    let mut command =
        command.mut_args(|argument| arrange_argument(argument, runs_services, settings));
    if command.get_name() != "help" {
        let note = if runs_services {
            SECRET_NOTE
        } else {
            SETTINGS_NOTE
        };
        command = command.after_help(epilogue(path, note));
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|subcommand| subcommand.get_name().to_owned())
        .filter(|name| name != "help")
        .collect();
    for name in names {
        let path = format!("{path} {name}").trim().to_owned();
        command = command.mut_subcommand(&name, |subcommand| {
            arrange_command(subcommand, &path, settings)
        });
    }
    command
}

fn arrange_argument(argument: Arg, runs_services: bool, settings: &BTreeSet<String>) -> Arg {
    let id = argument.get_id().as_str();
    if CONNECTION.contains(&id) {
        argument.help_heading(CONNECTION_HEADING)
    } else if !settings.contains(id) {
        argument
    } else if runs_services {
        argument.help_heading(SETTINGS_HEADING)
    } else {
        argument.hide(true)
    }
}

fn epilogue(path: &str, note: &str) -> String {
    match find_example(path) {
        Some(example) => format!("{example}\n\n{note}"),
        None => note.to_owned(),
    }
}

fn find_example(path: &str) -> Option<String> {
    let example = EXAMPLES.iter().find(|(command, _)| *command == path);
    example.map(|(_, example)| format!("Example: {example}"))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::Cli;

    /// The help of each command that has no subcommands, by its path.
    fn helps() -> Vec<(String, String)> {
        fn collect(command: &Command, path: &str, helps: &mut Vec<(String, String)>) {
            if command.get_subcommands().next().is_none() && !path.is_empty() {
                let help = command.clone().render_long_help().to_string();
                helps.push((path.to_owned(), help));
            }
            for subcommand in command.get_subcommands() {
                if subcommand.get_name() != "help" {
                    let path = format!("{path} {}", subcommand.get_name());
                    collect(subcommand, path.trim(), helps);
                }
            }
        }
        let mut helps = Vec::new();
        collect(&arrange(Cli::command()), "", &mut helps);
        helps
    }

    #[test]
    fn a_command_shows_its_own_options_then_its_connection_and_an_example() {
        let helps = helps();
        assert!(helps.len() > 20);
        for (path, help) in helps {
            let runs_services = Services::ROLES.iter().any(|(role, _)| *role == path);
            assert_eq!(help.contains("--rate-limit"), runs_services, "{path}");
            assert_eq!(help.contains(SETTINGS_NOTE), !runs_services, "{path}");
            let secret = help.contains("TIDINGS_AUTH_SECRET");
            assert_eq!(secret, runs_services, "{path}:\n{help}");
            let example = format!("Example: tidings {path}");
            assert!(help.contains(&example), "{path} has no example:\n{help}");
            let connection = help.find("Connection:").expect("a connection");
            let options = help.find("Options:").expect("options");
            assert!(options < connection, "{path}:\n{help}");
            assert!(help[connection..].contains("--data"), "{path}:\n{help}");
            let lines = help.lines().count();
            assert!(runs_services || lines < 100, "{path} has {lines} lines");
        }
    }

    #[test]
    fn the_examples_are_valid() {
        let commands: Vec<String> = helps().into_iter().map(|(path, _)| path).collect();
        for (path, example) in EXAMPLES {
            assert!(commands.iter().any(|command| command == path), "{path}");
            assert!(example.starts_with(&format!("tidings {path}")), "{example}");
            // The quoted argument of a search counts as two, which it accepts too.
            let words = example.replace('\'', "");
            let parsed = Cli::try_parse_from(words.split_whitespace());
            assert!(parsed.is_ok(), "{example}: {parsed:?}");
        }
    }
}
