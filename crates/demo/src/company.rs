//! The company: people, rooms and texts, from a file of this crate.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The texts.
const COMPANY: &str = include_str!("company.json");

/// Everything about the company.
#[derive(Debug, Deserialize)]
pub struct Company {
    /// What the place is called.
    pub place: String,
    /// Who works there; the first is the owner.
    pub people: Vec<Person>,
    /// A program among them.
    pub bot: Bot,
    /// In whose name a guest looks around: user ids.
    pub guests: Vec<String>,
    /// The groups.
    pub rooms: Vec<Room>,
    /// The direct conversations.
    pub chats: Vec<DirectChat>,
    /// What is said from now on, in this order.
    pub talk: Vec<SpokenLine>,
}

/// An employee.
#[derive(Debug, Deserialize)]
pub struct Person {
    /// The user id.
    pub id: String,
    /// The display name.
    pub name: String,
    /// What they say about themselves.
    pub about: String,
    /// Their language.
    pub locale: String,
    /// What they do.
    pub role: String,
}

/// A program.
#[derive(Debug, Deserialize)]
pub struct Bot {
    /// The user id.
    pub id: String,
    /// The display name.
    pub name: String,
    /// What it does.
    pub about: String,
}

/// A group with its history.
#[derive(Debug, Deserialize)]
pub struct Room {
    /// The id of the conversation.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its topic.
    pub topic: String,
    /// User ids; the first is the owner.
    pub members: Vec<String>,
    /// Ids of pinned messages.
    pub pins: Vec<String>,
    /// What was said, oldest first.
    pub messages: Vec<PastMessage>,
}

/// A message of the history.
#[derive(Debug, Deserialize)]
pub struct PastMessage {
    /// Identifies it in the room.
    pub id: String,
    /// How long ago it was sent, such as `2d 3h`.
    #[serde(with = "ago")]
    pub ago: std::time::Duration,
    /// The sender.
    pub by: String,
    /// The text.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// The root of its thread.
    pub thread: Option<String>,
    /// Who reacted with what.
    #[serde(default)]
    pub reactions: BTreeMap<String, Vec<String>>,
}

/// A direct conversation.
#[derive(Debug, Deserialize)]
pub struct DirectChat {
    /// The two.
    pub between: [String; 2],
    /// What they said.
    pub messages: Vec<ChatLine>,
}

/// A message of a direct conversation.
#[derive(Debug, Deserialize)]
pub struct ChatLine {
    /// The sender.
    pub by: String,
    /// The text.
    pub text: String,
}

/// A message that is sent from now on.
#[derive(Debug, Deserialize)]
pub struct SpokenLine {
    /// The id of the group.
    pub room: String,
    /// The sender.
    pub by: String,
    /// The text.
    pub text: String,
    /// What somebody else reacts with.
    pub react: Option<String>,
    /// Who is mentioned.
    #[serde(default)]
    pub mentions: Vec<String>,
}

impl Company {
    /// The company of this program.
    pub fn load() -> Result<Self> {
        serde_json::from_str(COMPANY).context("the texts of the demo cannot be read")
    }

    /// Whom the place belongs to.
    pub fn owner(&self) -> &Person {
        &self.people[0]
    }

    /// The person with this user id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The group with this id.
    pub fn room(&self, id: &str) -> Option<&Room> {
        self.rooms.iter().find(|room| room.id == id)
    }
}

/// A duration as people write it.
mod ago {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_who_speaks_is_a_member_and_time_runs_forward() {
        let company = Company::load().expect("the texts");
        for room in &company.rooms {
            let members: BTreeSet<&str> = room.members.iter().map(String::as_str).collect();
            let mut known = BTreeSet::new();
            for message in &room.messages {
                assert!(members.contains(message.by.as_str()), "{}", message.id);
                let reacted = message.reactions.values().flatten();
                for user in reacted {
                    assert!(members.contains(user.as_str()), "{user}: {}", message.id);
                }
                for other in [&message.reply_to, &message.thread].into_iter().flatten() {
                    assert!(known.contains(other), "{other}: {}", message.id);
                }
                assert!(known.insert(&message.id), "{} is there twice", message.id);
            }
            let times: Vec<_> = room.messages.iter().map(|message| message.ago).collect();
            assert!(times.is_sorted_by(|a, b| a >= b), "{}: {times:?}", room.id);
            assert!(
                room.pins.iter().all(|pin| known.contains(pin)),
                "{}",
                room.id
            );
        }
        for line in &company.talk {
            let room = company.room(&line.room).expect(&line.room);
            let is_bot = line.by == company.bot.id;
            assert!(is_bot || room.members.contains(&line.by), "{}", line.text);
        }
        for guest in &company.guests {
            assert!(company.person(guest).is_some(), "{guest}");
        }
    }

    #[test]
    fn they_write_in_three_languages() {
        let company = Company::load().expect("the texts");
        let texts: Vec<&str> = company
            .rooms
            .iter()
            .flat_map(|room| &room.messages)
            .map(|message| message.text.as_str())
            .collect();
        let count = |is: fn(char) -> bool| texts.iter().filter(|text| text.contains(is)).count();
        let japanese = count(|c| ('\u{3041}'..='\u{30fa}').contains(&c));
        let han = count(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let english = texts.iter().filter(|text| text.is_ascii()).count();
        assert!(
            japanese >= 8 && han >= 16 && english >= 8,
            "{japanese} {han} {english}"
        );
    }
}
