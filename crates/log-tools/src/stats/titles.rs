//! The titles of conversations, from the log.

use anyhow::Result;
use domain::envelope::AggregateKind;
use event_log::reader::{EventFilter, LogReader};
use serde::Deserialize;

/// The number of events per page. A title rarely changes.
const PAGE_SIZE: i64 = 100;

/// How many members stand for a title.
const MAX_MEMBERS: usize = 3;

/// What an event says about the title.
#[derive(Deserialize, Default)]
struct TitleData {
    title: Option<String>,
    #[serde(default)]
    members: Vec<FirstMember>,
}

#[derive(Deserialize)]
struct FirstMember {
    user: String,
}

/// The title of a conversation at a position, or some of its first members if it has none.
pub async fn load_title(
    reader: &LogReader,
    conversation: &str,
    up_to: i64,
) -> Result<Option<String>> {
    let filter = EventFilter {
        event_types: [
            "conversation_created",
            "conversation_changed",
            "title_erased",
        ]
        .map(str::to_owned)
        .into(),
        aggregate: Some((AggregateKind::Conversation, conversation.to_owned())),
        ..EventFilter::default()
    };
    let (mut after, mut title, mut members) = (0, None, Vec::new());
    loop {
        let page = reader.read_page(&filter, after, up_to, PAGE_SIZE).await?;
        for event in &page.events {
            let data: TitleData = serde_json::from_str(event.data.get()).unwrap_or_default();
            title = data.title;
            if !data.members.is_empty() {
                members = data.members;
            }
        }
        after = page.scanned_to;
        if page.is_last {
            return Ok(title.or_else(|| describe_members(&members)));
        }
    }
}

fn describe_members(members: &[FirstMember]) -> Option<String> {
    let names: Vec<&str> = members.iter().map(|member| member.user.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [first, second] => Some(format!("{first} and {second}")),
        few if few.len() <= MAX_MEMBERS => Some(few.join(", ")),
        many => {
            let more = many.len() - MAX_MEMBERS;
            Some(format!(
                "{} and {more} more",
                many[..MAX_MEMBERS].join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_for_a_title() {
        let describe = |names: &[&str]| {
            let user = |name: &&str| FirstMember {
                user: (*name).to_owned(),
            };
            describe_members(&names.iter().map(user).collect::<Vec<_>>())
        };
        assert_eq!(describe(&[]), None);
        assert_eq!(describe(&["ann"]).as_deref(), Some("ann"));
        assert_eq!(describe(&["ann", "bob"]).as_deref(), Some("ann and bob"));
        assert_eq!(describe(&["a", "b", "c"]).as_deref(), Some("a, b, c"));
        assert_eq!(
            describe(&["a", "b", "c", "d"]).as_deref(),
            Some("a, b, c and 1 more")
        );
    }
}
