//! Converts the markup of Slack to plain text: `<@U1>` becomes `@ann`, `<#C1|general>` becomes
//! `#general`, `<https://x|label>` becomes `label (https://x)`, and `&amp;`, `&lt;`, `&gt;` are
//! unescaped.
//!
//! Source: "Formatting text for app surfaces" (api.slack.com/reference/surfaces/formatting).

use std::collections::HashMap;

/// The text as it is displayed. Unclosed markup is left unchanged.
pub fn to_plain_text(text: &str, users: &HashMap<String, String>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain += &unescape(before);
        let Some((inside, after)) = after.split_once('>') else {
            return plain + "<" + &unescape(after);
        };
        plain += &unescape(&render_markup(inside, users));
        rest = after;
    }
    plain + &unescape(rest)
}

fn render_markup(inside: &str, users: &HashMap<String, String>) -> String {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (inside, None),
    };
    let (kind, name) = target.split_at(target.chars().next().map_or(0, char::len_utf8));
    match kind {
        "@" => format!(
            "@{}",
            users.get(name).map_or(label.unwrap_or(name), |user| user)
        ),
        "#" => format!("#{}", label.unwrap_or(name)),
        // `!here`, `!subteam^S1|@team`, `!date^1^{date}|yesterday`.
        "!" => match label {
            Some(label) => label.to_owned(),
            None => format!("@{}", name.split('^').next().unwrap_or(name)),
        },
        _ => match label.filter(|label| *label != target) {
            Some(label) => format!("{label} ({target})"),
            None => target.to_owned(),
        },
    }
}

/// Replaces the escapes, `&amp;` last, so that nothing is unescaped twice.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_plain_text() {
        let users = HashMap::from([("U1".to_owned(), "ann".to_owned())]);
        for (markup, expected) in [
            ("plain 你好", "plain 你好"),
            ("<@U1> and <@U2> and <@U3|eve>", "@ann and @U2 and @eve"),
            ("<#C1|general> <#C2>", "#general #C2"),
            (
                "<https://a.example> <https://a.example/x|here>",
                "https://a.example here (https://a.example/x)",
            ),
            (
                "<!here> <!subteam^S1|@team> <!channel>",
                "@here @team @channel",
            ),
            ("a &lt;b&gt; &amp;lt; c", "a <b> &lt; c"),
            ("a < b <unclosed", "a < b <unclosed"),
            ("<> <|> <@>", "  @"),
        ] {
            assert_eq!(to_plain_text(markup, &users), expected, "{markup}");
        }
    }
}
