//! The words of a message that are not in its text, such as those of bots: in blocks and
//! attachments.
//!
//! Sources: "Blocks" and "Secondary message attachments" (api.slack.com/reference).

use serde_json::Value;

use super::text::SlackNames;

/// The keys of a block, in order, that contain words or other blocks.
const CONTAINERS: [&str; 6] = ["title", "text", "fields", "elements", "rows", "blocks"];

/// The words of blocks, one line for each block.
pub(super) fn blocks_text(blocks: &Value, names: &SlackNames) -> String {
    let blocks = blocks.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = blocks.iter().map(|block| block_text(block, names));
    join_lines(texts)
}

fn block_text(block: &Value, names: &SlackNames) -> String {
    let is_rich = block["type"] == "rich_text";
    let parts = CONTAINERS
        .iter()
        .map(|key| element_text(&block[*key], names, is_rich));
    join_lines(parts)
}

/// The words of a part of a block. The elements of rich text are parts of a line; those of other
/// blocks are lines.
fn element_text(element: &Value, names: &SlackNames, is_rich: bool) -> String {
    match element {
        Value::String(text) if is_rich => text.clone(),
        Value::String(text) => names.to_plain_text(text),
        Value::Array(elements) => {
            let texts = elements
                .iter()
                .map(|element| element_text(element, names, is_rich));
            if is_rich && elements.iter().all(is_inline) {
                texts.collect()
            } else {
                join_lines(texts)
            }
        }
        Value::Object(_) => object_text(element, names, is_rich),
        _ => String::new(),
    }
}

fn object_text(element: &Value, names: &SlackNames, is_rich: bool) -> String {
    let of = |key: &str| element[key].as_str().unwrap_or_default();
    match of("type") {
        "user" => format!("@{}", names.user(of("user_id"))),
        "channel" => format!("#{}", names.channel(of("channel_id"))),
        "usergroup" => format!("@{}", of("usergroup_id")),
        "broadcast" => format!("@{}", of("range")),
        "emoji" => format!(":{}:", of("name")),
        "link" if of("text").is_empty() => of("url").to_owned(),
        "link" => names.to_plain_text(&format!("<{}|{}>", of("url"), of("text"))),
        // What can be pressed is not what was said.
        "button" | "overflow" => String::new(),
        _ => {
            let parts = CONTAINERS
                .iter()
                .map(|key| element_text(&element[*key], names, is_rich));
            join_lines(parts)
        }
    }
}

/// Whether an element is a part of a line.
fn is_inline(element: &Value) -> bool {
    element["type"]
        .as_str()
        .is_some_and(|kind| !kind.starts_with("rich_text"))
}

/// The words of an attachment; `None` for the preview of a link, which nobody wrote.
pub(super) fn attachment_text(attachment: &Value, names: &SlackNames) -> Option<String> {
    let is_preview = ["from_url", "original_url"]
        .iter()
        .any(|key| attachment[*key].is_string());
    if is_preview {
        return None;
    }
    let part = |key: &str| {
        let text = attachment[key].as_str().unwrap_or_default();
        names.to_plain_text(text)
    };
    let fields = attachment["fields"].as_array().into_iter().flatten();
    let fields = fields.map(|field| {
        let of = |key: &str| field[key].as_str().unwrap_or_default();
        let both = [of("title"), of("value")].map(|text| names.to_plain_text(text));
        let [title, value] = both;
        if title.is_empty() || value.is_empty() {
            title + &value
        } else {
            format!("{title}: {value}")
        }
    });
    let parts = [part("pretext"), part("title"), part("text")].into_iter();
    let text = join_lines(
        parts
            .chain(fields)
            .chain([blocks_text(&attachment["blocks"], names)]),
    );
    // The fallback says the same for clients that show no attachments.
    Some(if text.is_empty() {
        part("fallback")
    } else {
        text
    })
}

fn join_lines(parts: impl Iterator<Item = String>) -> String {
    let filled: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
    filled.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn names() -> SlackNames {
        SlackNames {
            users: HashMap::from([("U1".to_owned(), "ann".to_owned())]),
            channels: HashMap::from([("C1".to_owned(), "general".to_owned())]),
        }
    }

    #[test]
    fn words_of_blocks_are_taken() {
        let blocks = json!([
            {"type": "header", "text": {"type": "plain_text", "text": "Deployed"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "by <@U1> &amp; co"},
             "fields": [{"type": "mrkdwn", "text": "one"}, {"type": "mrkdwn", "text": "two"}]},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "took 5 s"}, {"type": "image", "image_url": "x"}]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Undo"}}]},
            {"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [
                    {"type": "text", "text": "ask "}, {"type": "user", "user_id": "U1"}, {"type": "text", "text": " in "},
                    {"type": "channel", "channel_id": "C1"}, {"type": "emoji", "name": "tada"},
                    {"type": "link", "url": "https://x.example"}]},
                {"type": "rich_text_list", "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]},
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "b"}]}]}]},
            null, 5,
        ]);
        assert_eq!(
            blocks_text(&blocks, &names()),
            "Deployed\nby @ann & co\none\ntwo\ntook 5 s\nask @ann in #general:tada:https://x.example\na\nb"
        );
        assert_eq!(blocks_text(&json!(null), &names()), "");
    }

    #[test]
    fn words_of_attachments_are_taken() {
        for (attachment, text) in [
            (
                json!({"pretext": "look", "text": "at <@U1>", "fallback": "no"}),
                Some("look\nat @ann"),
            ),
            (
                json!({"fallback": "only this", "color": "red"}),
                Some("only this"),
            ),
            (
                json!({"title": "CI", "fields": [{"title": "Branch", "value": "main"}, {"value": "ok"}]}),
                Some("CI\nBranch: main\nok"),
            ),
            (
                json!({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "in a block"}}]}),
                Some("in a block"),
            ),
            (
                json!({"from_url": "https://x.example", "text": "a page"}),
                None,
            ),
            (json!({}), Some("")),
        ] {
            assert_eq!(
                attachment_text(&attachment, &names()).as_deref(),
                text,
                "{attachment}"
            );
        }
    }
}
