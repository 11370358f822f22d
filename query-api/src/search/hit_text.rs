//! A hit as a line of text, for `tidings search`.

use super::hits::MessageHit;

impl MessageHit {
    /// The hit with its place. The title is shown if it is not the id.
    pub fn to_line(&self, title: Option<&str>, is_terminal: bool) -> String {
        let title = title.filter(|title| *title != self.conversation_id);
        let title = title.map_or_else(String::new, |title| {
            let replace = |char: char| if char.is_control() { ' ' } else { char };
            format!(" ({})", title.chars().map(replace).collect::<String>())
        });
        format!(
            "{}  {}{title} #{}  {}: {}",
            self.sent_at,
            self.conversation_id,
            self.seq,
            self.sender,
            format_text(self, is_terminal)
        )
    }
}

/// Formats the text of a hit on one line, with highlights in bold on a terminal. Control characters
/// of the message are replaced by spaces, so that they cannot control the terminal.
fn format_text(hit: &MessageHit, is_terminal: bool) -> String {
    let mut line = String::with_capacity(hit.text.len());
    let mark = |at, end: usize| is_terminal && hit.highlights.iter().any(|range| range[end] == at);
    for (at, char) in hit.text.chars().enumerate() {
        if mark(at, 0) {
            line.push_str("\x1b[1m");
        }
        line.push(if char.is_control() { ' ' } else { char });
        if mark(at + 1, 1) {
            line.push_str("\x1b[0m");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;

    fn example_hit() -> MessageHit {
        MessageHit {
            conversation_id: "c".into(),
            seq: 1,
            sender: "ann".into(),
            kind: "text".into(),
            sent_at: Timestamp::from_millis(0),
            thread: None,
            text: "a\n\x1b[2Jtea".into(),
            highlights: vec![[6, 9]],
            score: 1.0,
        }
    }

    #[test]
    fn a_hit_has_the_title_of_its_conversation() {
        let hit = example_hit();
        let line = |title| hit.to_line(title, false);
        let at = "1970-01-01T00:00:00.000Z";
        let named = format!("{at}  c (#rust ) #1  ann: a  [2Jtea");
        assert_eq!(line(Some("#rust\n")), named);
        for title in [None, Some("c")] {
            assert_eq!(line(title), format!("{at}  c #1  ann: a  [2Jtea"));
        }
    }

    #[test]
    fn highlights_are_bold_and_control_characters_are_replaced() {
        let hit = example_hit();
        assert_eq!(format_text(&hit, true), "a  [2J\x1b[1mtea\x1b[0m");
        assert_eq!(format_text(&hit, false), "a  [2Jtea");
    }
}
