//! Extracts the text of a message.

use serde_json::Value;

/// The text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageText {
    pub(super) text: String,
    /// Whether the message has a file, of which only the name is imported.
    pub(super) has_file: bool,
}

/// The text of the content of a message; `None` if it has none, such as a location, a poll or a
/// custom message type.
pub(super) fn parse_text(content: &Value) -> Option<MessageText> {
    let body = content["body"].as_str()?;
    let (text, has_file) = match content["msgtype"].as_str()? {
        "m.text" | "m.notice" | "m.emote" => {
            let is_reply = content["m.relates_to"]["m.in_reply_to"].is_object();
            let text = if is_reply { strip_quote(body) } else { body };
            (text.to_owned(), false)
        }
        "m.image" | "m.file" | "m.audio" | "m.video" => (file_text(content, body), true),
        _ => return None,
    };
    Some(MessageText { text, has_file })
}

/// The file name in brackets, below the caption. Without a `filename`, the body is the file name.
fn file_text(content: &Value, body: &str) -> String {
    match content["filename"].as_str() {
        Some(name) if name != body && !body.trim().is_empty() => format!("{body}\n[{name}]"),
        Some(name) if !name.is_empty() => format!("[{name}]"),
        _ => format!("[{body}]"),
    }
}

/// Strips the quoted fallback of a reply: the lines of the original message, each after `> `, for
/// clients that do not support replies.
fn strip_quote(body: &str) -> &str {
    if !body.starts_with("> <") && !body.starts_with("> * <") {
        return body;
    }
    let mut rest = body;
    while rest.starts_with("> ") || rest.starts_with(">\n") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_extracted() {
        let answer = json!({"m.in_reply_to": {"event_id": "$a"}});
        for (content, text) in [
            (json!({"msgtype": "m.text", "body": "hi"}), "hi"),
            (
                json!({"msgtype": "m.notice", "body": "> <not a quote"}),
                "> <not a quote",
            ),
            (json!({"msgtype": "m.emote", "body": "waves"}), "waves"),
            (
                json!({"msgtype": "m.text", "body": "> <@ann:x> one\n> two\n\nyes\n> no", "m.relates_to": answer}),
                "yes\n> no",
            ),
            (
                json!({"msgtype": "m.text", "body": "> a quote of my own", "m.relates_to": answer}),
                "> a quote of my own",
            ),
            (
                json!({"msgtype": "m.image", "body": "cat.png"}),
                "[cat.png]",
            ),
            (
                json!({"msgtype": "m.file", "body": "cat.png", "filename": "cat.png"}),
                "[cat.png]",
            ),
            (
                json!({"msgtype": "m.video", "body": "my cat", "filename": "cat.mp4"}),
                "my cat\n[cat.mp4]",
            ),
        ] {
            let words = parse_text(&content).expect("has words");
            assert_eq!(words.text, text, "{content}");
        }
        for unsupported in [
            json!({"msgtype": "m.location", "body": "here"}),
            json!({"msgtype": "m.text"}),
            json!({}),
        ] {
            assert_eq!(parse_text(&unsupported), None);
        }
    }
}
