//! Fills a system with the company. Each step leaves what is there already as it is.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use data_dir::{SecretString, format_count};
use importer::{ImportClient, ImportInput, ImportSummary, ImportTarget, LineContext, UserNames};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::client::{DemoCall, DemoClient};
use crate::company::{Company, DirectChat, Person, Room};
use crate::history;
use crate::setup::DemoSetup;

/// How many messages of each room a guest has not read.
const UNREAD: usize = 2;

/// What the import says about its source: importing again adds nothing.
const SOURCE: &str = "tidings demo";

/// How long the token of the bot is valid.
const BOT_TOKEN_TTL: &str = "30d";

/// The tokens of everybody, by user id.
pub type SignedIn = HashMap<String, String>;

/// What is filled with what.
pub struct DemoFill<'a> {
    /// Calls the system.
    pub client: &'a DemoClient,
    /// The company.
    pub company: &'a Company,
    /// The passwords and the directory.
    pub setup: &'a DemoSetup,
}

impl DemoFill<'_> {
    /// Fills it. Returns the tokens.
    pub async fn run(&self) -> Result<SignedIn> {
        let mut people = SignedIn::new();
        for person in &self.company.people {
            let token = self.sign_in(person).await?;
            self.introduce(person, &token).await?;
            people.insert(person.id.clone(), token);
        }
        let owner = self.company.owner().id.clone();
        people.insert(
            self.company.bot.id.clone(),
            self.start_bot(&people[&owner]).await?,
        );
        self.import(&people[&owner]).await?;
        for room in &self.company.rooms {
            self.arrange(room, &people).await?;
        }
        for chat in &self.company.chats {
            self.chat(chat, &people).await?;
        }
        Ok(people)
    }

    async fn post(&self, path: &[&str], token: &str, body: Value) -> Result<(StatusCode, Value)> {
        let call = DemoCall {
            method: Method::POST,
            path,
            token,
            body: Some(body),
        };
        self.client.try_call(&call).await
    }

    async fn must(&self, method: Method, path: &[&str], token: &str, body: Value) -> Result<Value> {
        let call = DemoCall {
            method,
            path,
            token,
            body: (!body.is_null()).then_some(body),
        };
        self.client.call(&call).await
    }

    /// Signs somebody in, and opens their account before if they have none. The first one sets the
    /// place up.
    async fn sign_in(&self, person: &Person) -> Result<String> {
        let password = self.setup.password.reveal();
        let is_owner = person.id == self.company.owner().id;
        let (path, body): (&[&str], Value) = match &self.setup.setup_code {
            Some(code) if is_owner => (
                &["v1", "place", "setup"],
                json!({
                    "code": code, "user": person.id, "password": password,
                    "name": self.company.place, "display_name": person.name,
                }),
            ),
            _ => (
                &["v1", "accounts"],
                json!({"user": person.id, "password": password, "display_name": person.name}),
            ),
        };
        let (status, mut answer) = self.post(path, "", body).await?;
        if status == StatusCode::CONFLICT {
            let body = json!({"user": person.id, "password": password});
            answer = self.post(&["v1", "sessions"], "", body).await?.1;
        }
        match answer["token"].as_str() {
            Some(token) => Ok(token.to_owned()),
            None => bail!("{} was not signed in: {}", person.id, answer["detail"]),
        }
    }

    async fn introduce(&self, person: &Person, token: &str) -> Result<()> {
        let profile = json!({
            "display_name": person.name, "about": person.about, "locale": person.locale,
            "custom": {"role": person.role},
        });
        self.must(Method::PATCH, &["v1", "users", "me"], token, profile)
            .await?;
        Ok(())
    }

    /// Makes the bot known as one. Returns its token.
    async fn start_bot(&self, owner: &str) -> Result<String> {
        let bot = &self.company.bot;
        let profile = json!({"kind": "bot", "display_name": bot.name, "about": bot.about});
        let path = ["v1", "admin", "users", &bot.id];
        self.must(Method::PUT, &path, owner, profile).await?;
        let wanted = json!({"user": bot.id, "ttl": BOT_TOKEN_TTL});
        let path = ["v1", "admin", "tokens"];
        let issued = self.must(Method::POST, &path, owner, wanted).await?;
        let token = issued["token"].as_str();
        Ok(token.context("no token for the bot")?.to_owned())
    }

    /// Imports what was said before.
    async fn import(&self, owner: &str) -> Result<()> {
        let file: PathBuf = self.setup.dir.join("demo-history.jsonl");
        let lines = history::to_lines(&self.company.rooms, OffsetDateTime::now_utc())?;
        std::fs::write(&file, lines).with_context(|| format!("cannot write {}", file.display()))?;
        let client = ImportClient::new(ImportTarget {
            url: self.setup.base_url.clone(),
            tls: None,
            token: SecretString::new(owner),
        })?;
        let context = LineContext::new(UserNames::open(None, None)?, Some(SOURCE.to_owned()));
        let mut summary = ImportSummary::default();
        let input = ImportInput::open(&file)?;
        importer::import(input, context, &client, &mut summary, |_| {}).await?;
        match summary.skipped() {
            0 => Ok(()),
            skipped => bail!("not imported: {}", format_count(skipped, "message")),
        }
    }

    /// Topic, bot, pins, and what everybody has read.
    async fn arrange(&self, room: &Room, people: &SignedIn) -> Result<()> {
        let token = |user: &str| people.get(user).map_or("", String::as_str);
        let owner = token(&room.members[0]);
        let path = ["v1", "conversations", &room.id];
        let topic = json!({"topic": room.topic});
        self.must(Method::PATCH, &path, owner, topic).await?;
        let path = ["v1", "conversations", &room.id, "members"];
        let bot = json!({"users": [self.company.bot.id]});
        self.must(Method::POST, &path, owner, bot).await?;
        for pin in &room.pins {
            // The messages were imported in order, so their numbers are known.
            let index = room.messages.iter().position(|message| message.id == *pin);
            let seq = (index.context("no such message")? + 1).to_string();
            let path = ["v1", "conversations", &room.id, "pins", &seq];
            self.must(Method::PUT, &path, owner, Value::Null).await?;
        }
        let all = room.messages.len();
        for member in &room.members {
            let is_guest = self.company.guests.contains(member);
            let up_to = if is_guest {
                all - UNREAD.min(all - 1)
            } else {
                all
            };
            let path = ["v1", "conversations", &room.id, "read"];
            let mark = json!({"up_to": up_to});
            self.must(Method::POST, &path, token(member), mark).await?;
        }
        Ok(())
    }

    async fn chat(&self, chat: &DirectChat, people: &SignedIn) -> Result<()> {
        let token = |user: &str| people.get(user).map_or("", String::as_str);
        let [first, second] = &chat.between;
        let wanted = json!({"kind": "direct", "members": [second]});
        let path = ["v1", "conversations"];
        let created = self.must(Method::POST, &path, token(first), wanted).await?;
        let id = created["id"].as_str().context("no id of a conversation")?;
        for (number, line) in chat.messages.iter().enumerate() {
            let message = json!({
                "client_message_id": format!("demo-{first}-{second}-{number}"),
                "type": "text", "body": {"text": line.text},
            });
            let path = ["v1", "conversations", id, "messages"];
            self.must(Method::POST, &path, token(&line.by), message)
                .await?;
        }
        Ok(())
    }
}
