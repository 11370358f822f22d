//! Converts the markup of Slack to the text that a person saw: `<@U1>` becomes `@ann`, `<#C1|>`
//! becomes `#general`, `<https://x|label>` becomes `label (https://x)`, and `&amp;`, `&lt;`, `&gt;`
//! are unescaped.
//!
//! Source: "Formatting text for app surfaces" (api.slack.com/reference/surfaces/formatting).

use std::collections::HashMap;

/// What links write before an address that a person typed without it.
const SCHEMES: [&str; 4] = ["mailto:", "tel:", "https://", "http://"];

/// The names of the users and conversations of a workspace, by their ids.
#[derive(Debug, Default)]
pub(super) struct SlackNames {
    pub(super) users: HashMap<String, String>,
    pub(super) channels: HashMap<String, String>,
}

impl SlackNames {
    /// The name of a user, or the id of an unknown one.
    pub(super) fn user<'a>(&'a self, id: &'a str) -> &'a str {
        self.users.get(id).map_or(id, String::as_str)
    }

    /// The name of a conversation, or the id of an unknown one.
    pub(super) fn channel<'a>(&'a self, id: &'a str) -> &'a str {
        self.channels.get(id).map_or(id, String::as_str)
    }

    /// The text as it is displayed. Unclosed markup is left unchanged.
    pub(super) fn to_plain_text(&self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            plain += &unescape(before);
            let Some((inside, after)) = after.split_once('>') else {
                return plain + "<" + &unescape(after);
            };
            plain += &unescape(&self.render_markup(inside));
            rest = after;
        }
        plain + &unescape(rest)
    }

    fn render_markup(&self, inside: &str) -> String {
        let (target, label) = match inside.split_once('|') {
            Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
            None => (inside, None),
        };
        let (kind, id) = target.split_at(target.chars().next().map_or(0, char::len_utf8));
        match kind {
            "@" => {
                let name = self.users.get(id).map(String::as_str);
                format!("@{}", name.or(label).unwrap_or(id))
            }
            "#" => format!("#{}", label.unwrap_or_else(|| self.channel(id))),
            "!" => render_command(id, label),
            _ => match label.filter(|label| without_scheme(target) != without_scheme(label)) {
                Some(label) => format!("{label} ({target})"),
                None => label.unwrap_or(target).to_owned(),
            },
        }
    }
}

/// `here`, `subteam^S1|@team`, `date^1^{date}|yesterday`.
fn render_command(command: &str, label: Option<&str>) -> String {
    let mut parts = command.split('^');
    let name = parts.next().unwrap_or_default();
    match (name, label) {
        ("here" | "channel" | "everyone", _) => format!("@{name}"),
        (_, Some(label)) => label.to_owned(),
        ("subteam", None) => format!("@{}", parts.next().unwrap_or(name)),
        (_, None) => format!("@{name}"),
    }
}

fn without_scheme(link: &str) -> &str {
    let bare = SCHEMES.iter().find_map(|scheme| link.strip_prefix(scheme));
    bare.unwrap_or(link).trim_end_matches('/')
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
        let names = SlackNames {
            users: HashMap::from([("U1".to_owned(), "ann".to_owned())]),
            channels: HashMap::from([("C9".to_owned(), "lunch".to_owned())]),
        };
        for (markup, expected) in [
            ("plain 你好", "plain 你好"),
            ("<@U1> and <@U2> and <@U3|eve>", "@ann and @U2 and @eve"),
            ("<#C1|general> <#C2>", "#general #C2"),
            ("<#C9|> <#C9>", "#lunch #lunch"),
            (
                "<https://a.example> <https://a.example/x|here>",
                "https://a.example here (https://a.example/x)",
            ),
            (
                "<mailto:a@x.example|a@x.example> <http://x.example/|x.example> <tel:123|123>",
                "a@x.example x.example 123",
            ),
            (
                "<mailto:a@x.example|write to me>",
                "write to me (mailto:a@x.example)",
            ),
            (
                "<!here> <!subteam^S1|@team> <!channel|channel>",
                "@here @team @channel",
            ),
            ("<!subteam^S1> <!date^1^{date}|today>", "@S1 today"),
            ("a &lt;b&gt; &amp;lt; c", "a <b> &lt; c"),
            ("a < b <unclosed", "a < b <unclosed"),
            ("<> <|> <@>", "  @"),
        ] {
            assert_eq!(names.to_plain_text(markup), expected, "{markup}");
        }
    }
}
