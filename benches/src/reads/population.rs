//! The users, conversations and messages that are queried.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tests::program::Program;
use tests::seed::Rng;
use tests::token;

/// Users. Each is in [`GROUPS_PER_USER`] groups.
const USERS: usize = 1_000;

/// Members of each group.
const MEMBERS: usize = 4;

/// Groups of each user.
pub const GROUPS_PER_USER: usize = 22;

/// Different words. Half of a text is made of the first fiftieth of them.
const WORDS: usize = 5_000;

/// Words of a text.
const WORDS_PER_TEXT: usize = 10;

/// Sends in one request.
const BATCH: usize = 200;

/// Requests at a time.
const CONCURRENCY: usize = 16;

/// A user with what their client knows.
#[derive(Debug, Clone)]
pub struct User {
    /// A token.
    pub token: String,
    /// The conversations.
    pub conversations: Vec<String>,
    /// The cursor before the messages, and the one after them.
    pub cursors: (String, String),
}

/// Everybody.
pub struct Population {
    /// The users.
    pub users: Vec<User>,
}

/// The word of a rank, which begins with 0.
pub fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 18] = [
        "ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu",
        "la", "re", "so",
    ];
    let count = SYLLABLES.len();
    let syllables = [
        rank % count,
        rank / count % count,
        rank / count / count % count,
        rank % 7,
    ];
    syllables.map(|syllable| SYLLABLES[syllable]).concat()
}

fn text(rng: &mut Rng) -> String {
    let words = (0..WORDS_PER_TEXT).map(|_| {
        let limit = if rng.chance(50) { WORDS / 50 } else { WORDS };
        word(rng.below(limit))
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Population {
    /// Creates everything, and waits until it can be read.
    pub async fn create(program: &Program, messages: usize) -> Result<Self> {
        let groups = USERS * GROUPS_PER_USER / MEMBERS;
        let mut conversations = vec![Vec::new(); USERS];
        let mut creations = Vec::new();
        for group in 0..groups {
            let round = group * MEMBERS / USERS;
            let members: Vec<usize> = (0..MEMBERS)
                .map(|member| (group * MEMBERS + member * (1 + round * MEMBERS)) % USERS)
                .collect();
            for member in &members {
                conversations[*member].push(format!("g{group}"));
            }
            creations.push((format!("g{group}"), members));
        }
        run_all(creations.into_iter().map(|(id, members)| async move {
            let names: Vec<String> = members.iter().map(|member| format!("u{member}")).collect();
            let others: Vec<&str> = names[1..].iter().map(String::as_str).collect();
            let answer = program.user(&names[0]).create_group(&id, &others).await;
            ensure!(answer.status == 201, "{answer}");
            Ok(())
        }))
        .await?;
        program.measure_lag().await?;
        let mut before = Vec::with_capacity(USERS);
        for number in 0..USERS {
            before.push(read_cursor(program, number).await?);
        }
        let sends = (0..messages.div_ceil(BATCH)).map(|batch| {
            let own = conversations[batch % USERS].clone();
            send_batch(program, batch, own)
        });
        run_all(sends).await?;
        program.measure_lag().await?;
        let mut users = Vec::with_capacity(USERS);
        for (number, (conversations, before)) in conversations.into_iter().zip(before).enumerate() {
            users.push(User {
                token: token::for_user(&format!("u{number}")),
                cursors: (before, read_cursor(program, number).await?),
                conversations,
            });
        }
        Ok(Self { users })
    }
}

async fn run_all(requests: impl Iterator<Item = impl Future<Output = Result<()>>>) -> Result<()> {
    stream::iter(requests)
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await
}

async fn send_batch(program: &Program, batch: usize, conversations: Vec<String>) -> Result<()> {
    let mut rng = Rng::new(batch as u64);
    let lines: Vec<Value> = (0..BATCH)
        .map(|line| {
            json!({
                "op": "send",
                "conversation_id": conversations[line % conversations.len()],
                "client_message_id": format!("b{batch}-{line}"),
                "type": "text",
                "body": {"text": text(&mut rng)},
            })
        })
        .collect();
    let user = program.user(&format!("u{}", batch % USERS));
    let answer = user.post("/v1/batch", Value::Array(lines)).await;
    ensure!(answer.status == 200, "{answer}");
    let answers = answer.json();
    let answers = answers.as_array().context("an array")?;
    let refused = answers.iter().find(|answer| answer["status"] != 201);
    ensure!(refused.is_none(), "{refused:?}");
    Ok(())
}

/// The cursor of the end of the feed.
async fn read_cursor(program: &Program, number: usize) -> Result<String> {
    let inbox = program.user(&format!("u{number}")).get("/v1/inbox").await;
    ensure!(inbox.status == 200, "{inbox}");
    Ok(inbox.header("tidings-cursor").to_owned())
}
