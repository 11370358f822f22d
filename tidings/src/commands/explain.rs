//! `tidings explain`: why a user sees a message or not.

use std::fmt::Write as _;

use anyhow::Result;
use data_dir::{OperatorDatabase, with_migrated_database};
use query_api::explanation::{VisibilityExplanation, VisibilityQuestion, explain_visibility};
use settings::{ExplainArgs, SystemConfig};

use crate::output::{out, outln};

/// Prints the explanation. That a user does not see a message is an answer and no failure.
pub async fn run(config: &SystemConfig, args: &ExplainArgs) -> Result<()> {
    let question = VisibilityQuestion {
        user: args.user.clone(),
        conversation: args.conversation.clone(),
        seq: args.seq,
        as_of: None,
    };
    let explanation = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| Ok(explain_visibility(&database.pool, &question).await?),
    );
    let explanation = explanation.await?;
    if args.json {
        outln!("{}", serde_json::to_string(&explanation)?)?;
    } else {
        out!("{}", render(&explanation))?;
    }
    Ok(())
}

fn render(explanation: &VisibilityExplanation) -> String {
    let VisibilityExplanation {
        user,
        conversation_id,
        seq,
        position,
        ..
    } = explanation;
    let verdict = match (explanation.visible, explanation.has_content) {
        (true, true) => "sees",
        (true, false) => "sees, without its body,",
        (false, _) => "does not see",
    };
    let mut text =
        format!("{user} {verdict} message {seq} of {conversation_id} (at position {position})\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "because: {}", explanation.summary);
    for check in &explanation.checks {
        let _ = writeln!(
            text,
            "  {:<12} {:<9}  {}",
            check.rule, check.outcome, check.detail
        );
    }
    for stay in &explanation.stays {
        let until = stay.to_position.map_or_else(
            || "now".to_owned(),
            |position| format!("position {position}"),
        );
        let last = stay
            .until_seq
            .map_or_else(|| "the newest".to_owned(), |seq| seq.to_string());
        let _ = writeln!(
            text,
            "  stay: from position {} to {until}; messages {} to {last}",
            stay.from_position,
            stay.after_seq + 1
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use query_api::explanation::{ExplainedPeriod, VisibilityCheck, VisibilityReason};

    use super::*;

    #[test]
    fn the_text_begins_with_the_answer() {
        let explanation = VisibilityExplanation {
            user: "bob".into(),
            conversation_id: "team".into(),
            seq: 3,
            position: 20,
            visible: false,
            has_content: false,
            why: VisibilityReason::Left,
            summary: "bob left.".into(),
            checks: vec![VisibilityCheck {
                rule: "membership",
                outcome: "hides",
                detail: "bob left.".into(),
            }],
            stays: vec![ExplainedPeriod {
                from_position: 2,
                to_position: Some(9),
                after_seq: 0,
                until_seq: Some(4),
            }],
            message_position: Some(7),
            changes: Vec::new(),
        };
        let text = render(&explanation);
        assert!(
            text.starts_with("bob does not see message 3 of team"),
            "{text}"
        );
        assert!(
            text.contains("from position 2 to position 9; messages 1 to 4"),
            "{text}"
        );
    }
}
