//! `tidings moderation`: word lists, legal holds and cases.

use anyhow::{Context as _, Result};
use data_dir::format_count;
use reqwest::Method;
use serde_json::{Value, json};
use settings::{ModerationCommand, SetListArgs, SystemConfig};

use super::admin_call::call;
use super::cases;
use crate::output::outln;

/// Runs the subcommand against the running system. Every process follows within a second.
pub async fn run(config: &SystemConfig, command: ModerationCommand) -> Result<()> {
    let lists = ["v1", "moderation", "lists"];
    match command {
        ModerationCommand::Lists => {
            let all = call(config, Method::GET, &lists, None).await?;
            for list in all["lists"].as_array().into_iter().flatten() {
                let places = serde_json::to_string(&list["in"])?;
                outln!(
                    "{}  {} {}, match {}, in {places}",
                    text(list, "name"),
                    text(list, "action"),
                    format_count(list["word_count"].as_u64().unwrap_or_default(), "word"),
                    text(list, "match"),
                )?;
            }
        }
        ModerationCommand::SetList(args) => set_list(config, &args).await?,
        ModerationCommand::RemoveList { name } => {
            let path = [&lists[..], &[name.as_str()]].concat();
            call(config, Method::DELETE, &path, None).await?;
            outln!("there is no list {name} now")?;
        }
        ModerationCommand::Cases { all } => cases::list(config, all).await?,
        ModerationCommand::Case { id } => cases::show(config, &id).await?,
        ModerationCommand::Resolve(args) => cases::resolve(config, &args).await?,
        ModerationCommand::Reopen { id } => cases::reopen(config, &id).await?,
        ModerationCommand::Holds => {
            let all = call(config, Method::GET, &["v1", "admin", "holds"], None).await?;
            for hold in all["holds"].as_array().into_iter().flatten() {
                outln!(
                    "{}  {}: {} ({}, {})",
                    text(hold, "name"),
                    describe_scope(hold),
                    text(hold, "reason"),
                    text(hold, "by"),
                    text(hold, "at"),
                )?;
            }
        }
    }
    Ok(())
}

/// What a hold covers: a conversation, a user, or the messages of the user there.
fn describe_scope(hold: &Value) -> String {
    let part = |field: &str| hold[field].as_str().map(|id| format!("{field} {id}"));
    let parts: Vec<String> = ["conversation", "user"]
        .into_iter()
        .filter_map(part)
        .collect();
    parts.join(", ")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

async fn set_list(config: &SystemConfig, args: &SetListArgs) -> Result<()> {
    let file = std::fs::read_to_string(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let words = parse_words(&file);
    let body = json!({
        "action": args.action.as_str(),
        "match": if args.anywhere { "anywhere" } else { "word" },
        "words": words,
    });
    let path = ["v1", "moderation", "lists", args.name.as_str()];
    call(config, Method::PUT, &path, Some(&body)).await?;
    outln!(
        "list {} has {}",
        args.name,
        format_count(words.len(), "word")
    )?;
    Ok(())
}

/// The words of a file: one on each line, without comments.
fn parse_words(file: &str) -> Vec<&str> {
    let lines = file.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_words() {
        let file = "# names\nrogue\n\n  two words \r\n#x\n";
        assert_eq!(parse_words(file), ["rogue", "two words"]);
    }

    #[test]
    fn a_hold_names_only_what_it_covers() {
        let hold = json!({ "conversation": "lunch", "user": null });
        assert_eq!(describe_scope(&hold), "conversation lunch");
        let hold = json!({ "conversation": "lunch", "user": "ann" });
        assert_eq!(describe_scope(&hold), "conversation lunch, user ann");
    }
}
