//! The words of a message.

use serde_json::Value;

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) text: String,
    /// It has a file, of which only the name is kept.
    pub(super) has_file: bool,
}

/// The words of a message's content; `None` for what has none: a place, a poll, and what other programs
/// made up.
pub(super) fn of(content: &Value) -> Option<Words> {
    let body = content["body"].as_str()?;
    let (text, has_file) = match content["msgtype"].as_str()? {
        "m.text" | "m.notice" | "m.emote" => {
            let answers = content["m.relates_to"]["m.in_reply_to"].is_object();
            let text = if answers { without_quote(body) } else { body };
            (text.to_owned(), false)
        }
        "m.image" | "m.file" | "m.audio" | "m.video" => (file(content, body), true),
        _ => return None,
    };
    Some(Words { text, has_file })
}

/// The file's name in brackets, under what is said about it. If there is no `filename`, the body is it.
fn file(content: &Value, body: &str) -> String {
    match content["filename"].as_str() {
        Some(name) if name != body && !body.trim().is_empty() => format!("{body}\n[{name}]"),
        Some(name) if !name.is_empty() => format!("[{name}]"),
        _ => format!("[{body}]"),
    }
}

/// An answer may begin with the lines that it answers, each after `> `, for programs that do not show it
/// otherwise.
fn without_quote(body: &str) -> &str {
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
    fn what_is_said_is_text() {
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
            let words = of(&content).expect("has words");
            assert_eq!(words.text, text, "{content}");
        }
        for none in [
            json!({"msgtype": "m.location", "body": "here"}),
            json!({"msgtype": "m.text"}),
            json!({}),
        ] {
            assert_eq!(of(&none), None);
        }
    }
}
