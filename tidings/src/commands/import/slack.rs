//! An unpacked Slack export, read as lines of messages.
//!
//! Source: "How to read Slack data exports" (slack.com/help/articles/220556107). A directory with `users.json`,
//! `channels.json` (and `groups.json`, `mpims.json`, `dms.json` if the export has private conversations), and
//! for each conversation a directory of its name, or of its id for direct messages, with a file for each day,
//! `2026-11-01.json`: an array of messages. One day is in memory at a time.
//!
//! Whatever an export says that a message here does not is counted, and told at the end.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::slack_text::plain;

/// The lists of conversations; the first one is what makes a directory an export.
const CONVERSATIONS: [&str; 4] = ["channels.json", "groups.json", "mpims.json", "dms.json"];

/// An export.
pub struct Slack {
    users: HashMap<String, String>,
    days: VecDeque<Day>,
    messages: VecDeque<Vec<u8>>,
    unmapped: BTreeMap<String, u64>,
    bytes: u64,
    read: u64,
}

/// A file of messages.
struct Day {
    conversation: String,
    file: PathBuf,
    bytes: u64,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: Option<String>,
}

/// A message as it stands in a file. Everything may be missing.
#[derive(Deserialize)]
struct Message {
    ts: Option<String>,
    user: Option<String>,
    username: Option<String>,
    bot_id: Option<String>,
    #[serde(default)]
    text: String,
    subtype: Option<String>,
    thread_ts: Option<String>,
    edited: Option<serde_json::Value>,
    #[serde(default)]
    reactions: Vec<serde_json::Value>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    attachments: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct File {
    name: Option<String>,
    title: Option<String>,
}

/// Whether a directory is an export.
pub fn is_export(directory: &Path) -> bool {
    directory.join(CONVERSATIONS[0]).is_file()
}

impl Slack {
    /// Opens an export. Reads who there is and which files there are, no message.
    pub fn open(directory: &Path) -> Result<Self> {
        let users: Vec<User> = list(&directory.join("users.json"))?.unwrap_or_default();
        let mut names: HashMap<String, u32> = HashMap::new();
        for user in &users {
            *names.entry(user.name.clone()).or_default() += 1;
        }
        // A name that two have had is nobody's.
        let name = |user: User| {
            let is_own = !user.name.is_empty() && names.get(&user.name) == Some(&1);
            let name = if is_own { user.name } else { user.id.clone() };
            (user.id, name)
        };
        let mut export = Self {
            users: users.into_iter().map(name).collect(),
            days: VecDeque::new(),
            messages: VecDeque::new(),
            unmapped: BTreeMap::new(),
            bytes: 0,
            read: 0,
        };
        for file in CONVERSATIONS {
            for listed in list::<Listed>(&directory.join(file))?.unwrap_or_default() {
                export.find_days(directory, listed)?;
            }
        }
        Ok(export)
    }

    fn find_days(&mut self, directory: &Path, listed: Listed) -> Result<()> {
        let name = listed.name.unwrap_or(listed.id);
        // What leads elsewhere is no name of a directory in here.
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            bail!("{name:?} is not the name of a conversation's directory");
        }
        let inside = directory.join(&name);
        if !inside.is_dir() {
            self.count("conversations without a directory");
            return Ok(());
        }
        let mut days = Vec::new();
        for entry in
            fs::read_dir(&inside).with_context(|| format!("cannot read {}", inside.display()))?
        {
            let entry = entry?;
            let file = entry.path();
            if file.extension().is_some_and(|it| it == "json") {
                let bytes = entry.metadata()?.len();
                let conversation = name.clone();
                days.push(Day {
                    conversation,
                    file,
                    bytes,
                });
            }
        }
        days.sort_by(|a, b| a.file.cmp(&b.file));
        self.bytes += days.iter().map(|day| day.bytes).sum::<u64>();
        self.days.extend(days);
        Ok(())
    }

    /// The size of all files of messages.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How much of them has been read.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    /// What was not taken over so far, and how often.
    pub fn unmapped(&self) -> BTreeMap<String, u64> {
        self.unmapped.clone()
    }

    /// The next message as a line of JSON; `None` after the last.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Ok(Some(message));
            }
            let Some(day) = self.days.pop_front() else {
                return Ok(None);
            };
            self.read += day.bytes;
            let mut messages: Vec<Message> = list(&day.file)?.unwrap_or_default();
            messages.sort_by_key(|message| message.ts.as_deref().and_then(millis));
            for message in messages {
                if let Some(line) = self.line(&day.conversation, message) {
                    self.messages.push_back(line.to_string().into_bytes());
                }
            }
        }
    }

    /// `None` for what is no message.
    fn line(&mut self, conversation: &str, message: Message) -> Option<serde_json::Value> {
        if let Some(kind) = message.subtype.as_deref().filter(|it| !is_said(it)) {
            self.count(kind);
            return None;
        }
        let Some((ts, sent_at)) = message.ts.as_ref().and_then(|ts| Some((ts, millis(ts)?))) else {
            self.count("messages without a time");
            return None;
        };
        for (what, is_there) in [
            ("edits (the newest text is taken)", message.edited.is_some()),
            ("reactions", !message.reactions.is_empty()),
            ("files (their names are taken)", !message.files.is_empty()),
            ("attachments", !message.attachments.is_empty()),
        ] {
            if is_there {
                self.count(what);
            }
        }
        let sender = match (&message.user, &message.username, &message.bot_id) {
            (Some(user), ..) => self.users.get(user).unwrap_or(user).clone(),
            (None, Some(name), _) => name.clone(),
            (None, None, Some(bot)) => bot.clone(),
            (None, None, None) => {
                self.count("messages without a sender");
                return None;
            }
        };
        let mut text = plain(&message.text, &self.users);
        for file in message.files {
            let name = file.name.or(file.title).unwrap_or_else(|| "a file".into());
            text = format!("{text}{}[{name}]", if text.is_empty() { "" } else { "\n" });
        }
        if text.trim().is_empty() {
            self.count("messages without a text");
            return None;
        }
        let id = |ts: &str| format!("slack:{conversation}:{ts}");
        let thread = message.thread_ts.filter(|thread| thread != ts);
        Some(json!({
            "conversation": conversation,
            "sender": sender,
            "sent_at": Timestamp::from_millis(sent_at),
            "text": text,
            "id": id(ts),
            "reply_to": thread.map(|thread| id(&thread)),
        }))
    }

    fn count(&mut self, what: &str) {
        *self.unmapped.entry(what.to_owned()).or_default() += 1;
    }
}

/// Whether somebody said it. The others tell of joins, topics, pins and the like.
fn is_said(subtype: &str) -> bool {
    [
        "bot_message",
        "file_comment",
        "file_share",
        "me_message",
        "reply_broadcast",
        "thread_broadcast",
    ]
    .contains(&subtype)
}

/// The milliseconds of `1355517523.000005`.
fn millis(ts: &str) -> Option<i64> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !digits(seconds) || !digits(rest) {
        return None;
    }
    let thousandths: i64 = format!("{rest:0<3}").get(..3)?.parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(thousandths)
}

/// The objects of a file that holds an array; `None` if there is no file.
fn list<T: for<'a> Deserialize<'a>>(file: &Path) -> Result<Option<Vec<T>>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("{} is not what a Slack export has there", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(files: &[(&str, serde_json::Value)]) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().expect("a directory");
        for (path, content) in files {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, content.to_string()).expect("written");
        }
        scratch
    }

    fn lines(export: &mut Slack) -> Vec<serde_json::Value> {
        let next = || export.next_line().expect("reads");
        std::iter::from_fn(next)
            .map(|line| serde_json::from_slice(&line).expect("JSON"))
            .collect()
    }

    #[test]
    fn messages_of_all_days_come_in_order_and_the_rest_is_counted() {
        let scratch = export(&[
            (
                "users.json",
                json!([{"id": "U1", "name": "ann"}, {"id": "U2", "name": "bob"}]),
            ),
            (
                "channels.json",
                json!([{"id": "C1", "name": "general"}, {"id": "C2", "name": "gone"}]),
            ),
            ("dms.json", json!([{"id": "D1", "members": ["U1", "U2"]}])),
            (
                "general/2026-11-02.json",
                json!([
                    {"type": "message", "user": "U2", "ts": "1793577600.000200", "text": "an answer",
                     "thread_ts": "1793491200.000100"},
                ]),
            ),
            (
                "general/2026-11-01.json",
                json!([
                    {"type": "message", "user": "U1", "ts": "1793491201.5", "text": "second", "edited": {"ts": "1"},
                     "reactions": [{"name": "+1", "users": ["U2"]}]},
                    {"type": "message", "user": "U1", "ts": "1793491200.000100", "text": "hi <@U2> &amp; all",
                     "thread_ts": "1793491200.000100"},
                    {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1793491199.0", "text": "joined"},
                    {"type": "message", "user": "U9", "ts": "1793491202.0", "text": "", "files": [{"name": "a.png"}]},
                    {"type": "message", "user": "U1", "text": "never"},
                ]),
            ),
            (
                "D1/2026-11-01.json",
                json!([{"user": "U1", "ts": "1793491200.0", "text": "psst"}]),
            ),
        ]);
        assert!(is_export(scratch.path()));
        let mut export = Slack::open(scratch.path()).expect("opens");
        let lines = lines(&mut export);
        let texts: Vec<_> = lines
            .iter()
            .map(|line| line["text"].as_str().expect("text"))
            .collect();
        assert_eq!(
            texts,
            ["hi @bob & all", "second", "[a.png]", "an answer", "psst"]
        );
        assert_eq!(
            lines[0]["reply_to"],
            serde_json::Value::Null,
            "it begins the thread"
        );
        assert_eq!(
            lines[3],
            json!({"conversation": "general", "sender": "bob", "sent_at": "2026-11-02T00:00:00.000Z",
            "text": "an answer", "id": "slack:general:1793577600.000200", "reply_to": "slack:general:1793491200.000100"})
        );
        assert_eq!(
            (&lines[2]["sender"], &lines[1]["sent_at"]),
            (&json!("U9"), &json!("2026-11-01T00:00:01.500Z"))
        );
        let counted: Vec<_> = export.unmapped().into_iter().collect();
        let expected = [
            ("channel_join", 1),
            ("conversations without a directory", 1),
            ("edits (the newest text is taken)", 1),
            ("files (their names are taken)", 1),
            ("messages without a time", 1),
            ("reactions", 1),
        ];
        assert_eq!(
            counted,
            expected.map(|(what, times)| (what.to_owned(), times))
        );
        assert_eq!(export.bytes_read(), export.bytes());
    }

    #[test]
    fn what_is_no_export_is_said_to_be_none() {
        let broken = export(&[("channels.json", json!({"not": "a list"}))]);
        let error = Slack::open(broken.path()).err().expect("refused");
        assert!(error.to_string().contains("channels.json"), "{error}");
        let climbing = export(&[("channels.json", json!([{"id": "C1", "name": "../x"}]))]);
        assert!(Slack::open(climbing.path()).is_err());
        assert!(!is_export(export(&[]).path()));
    }

    #[test]
    fn times_are_seconds_with_a_fraction() {
        assert_eq!(millis("1355517523.000005"), Some(1_355_517_523_000));
        assert_eq!(millis("1355517523.25"), Some(1_355_517_523_250));
        for bad in ["", ".5", "now", "1.x", "-1.0", "99999999999999999999.0"] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }
}
