//! An explanation as text, for `tidings explain`.

use std::fmt::Write as _;

use super::visibility_explanation::VisibilityExplanation;

impl VisibilityExplanation {
    /// The answer, and then what each rule and each stay says, one a line.
    pub fn to_text(&self) -> String {
        let Self {
            user,
            conversation_id,
            seq,
            position,
            ..
        } = self;
        let verdict = match (self.visible, self.has_content) {
            (true, true) => "sees",
            (true, false) => "sees, without its body,",
            (false, _) => "does not see",
        };
        let mut text = format!(
            "{user} {verdict} message {seq} of {conversation_id} (at position {position})\n"
        );
        // Writing to a String cannot fail.
        let _ = writeln!(text, "because: {}", self.summary);
        for check in &self.checks {
            let _ = writeln!(
                text,
                "  {:<12} {:<9}  {}",
                check.rule, check.outcome, check.detail
            );
        }
        for stay in &self.stays {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explanation::{ExplainedPeriod, VisibilityCheck, VisibilityReason};

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
        let text = explanation.to_text();
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
