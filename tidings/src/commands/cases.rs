//! `tidings moderation cases`, `case`, `resolve` and `reopen`.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_call::{call, call_with_query};
use crate::output::outln;
use settings::{ResolveArgs, SystemConfig};

const CASES: [&str; 3] = ["v1", "moderation", "cases"];

/// Shows the open cases, or all of them.
pub async fn list(config: &SystemConfig, all: bool) -> Result<()> {
    let mut after = String::new();
    loop {
        let mut query = vec![("limit", "200")];
        if !all {
            query.push(("state", "open"));
        }
        if !after.is_empty() {
            query.push(("after", &after));
        }
        let page = call_with_query(config, Method::GET, &CASES, &query, None).await?;
        for case in page["cases"].as_array().into_iter().flatten() {
            outln!("{}", describe(case))?;
        }
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return Ok(()),
        }
    }
}

/// Shows a case: what it is about, the messages around that, and what happened in it.
pub async fn show(config: &SystemConfig, id: &str) -> Result<()> {
    let case = call(config, Method::GET, &case_path(id, None), None).await?;
    outln!("{}", describe(&case))?;
    for message in case["context"].as_array().into_iter().flatten() {
        let body = match &message["body"] {
            Value::Null => "recalled or erased".to_owned(),
            body => body["text"]
                .as_str()
                .map_or_else(|| body.to_string(), str::to_owned),
        };
        let mark = if message["seq"] == case["target"]["seq"] {
            ">"
        } else {
            " "
        };
        outln!(
            "{mark} {} {}: {body}",
            message["seq"],
            text(message, "sender")
        )?;
    }
    for act in case["acts"].as_array().into_iter().flatten() {
        let mut data = act.clone();
        if let Some(fields) = data.as_object_mut() {
            fields.retain(|field, _| !["type", "at", "position"].contains(&field.as_str()));
        }
        outln!("{}  {} {data}", text(act, "at"), text(act, "type"))?;
    }
    Ok(())
}

/// Does something about a case, and closes it.
pub async fn resolve(config: &SystemConfig, args: &ResolveArgs) -> Result<()> {
    let decision = json!({
        "action": args.action.as_str(),
        "until": args.until,
        "note": args.note,
    });
    let path = case_path(&args.id, Some("resolve"));
    call(config, Method::POST, &path, Some(&decision)).await?;
    outln!("{} is closed", args.id)?;
    Ok(())
}

/// Undoes what was done about a case, and opens it again.
pub async fn reopen(config: &SystemConfig, id: &str) -> Result<()> {
    call(config, Method::POST, &case_path(id, Some("reopen")), None).await?;
    outln!("{id} is open")?;
    Ok(())
}

fn case_path<'a>(id: &'a str, action: Option<&'a str>) -> Vec<&'a str> {
    CASES.into_iter().chain([id]).chain(action).collect()
}

/// One line about a case.
fn describe(case: &Value) -> String {
    let target = &case["target"];
    let about = match text(target, "type") {
        "message" => format!(
            "message {} {}",
            text(target, "conversation_id"),
            target["seq"]
        ),
        "conversation" => format!("conversation {}", text(target, "conversation_id")),
        "user" => format!("user {}", text(target, "user")),
        _ => format!("held message {}", text(target, "held_id")),
    };
    format!(
        "{}  {} {}, {about} ({}), {} reports, since {}: {}",
        text(case, "id"),
        text(case, "state"),
        text(case, "kind"),
        text(target, "user"),
        case["reports"],
        text(case, "opened_at"),
        text(case, "excerpt"),
    )
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_one_line() {
        let case = json!({
            "id": "case-1", "kind": "report", "state": "open", "reports": 2,
            "opened_at": "2026-11-01T09:30:00.000Z", "excerpt": "buy now",
            "target": {"type": "message", "conversation_id": "lunch", "seq": 3, "user": "bob"},
        });
        assert_eq!(
            describe(&case),
            "case-1  open report, message lunch 3 (bob), 2 reports, \
             since 2026-11-01T09:30:00.000Z: buy now"
        );
    }
}
