//! The people: who they are, where they are members, and what they do of themselves.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::device::Phase;
use crate::answer::Answer;
use crate::client::Client;
use crate::seed::Rng;

/// How long it may be unknown what came of a command.
const DOUBT: Duration = Duration::from_secs(120);

/// Of the members of a group, those who never go and may add and remove the others.
const STAFF: usize = 3;

/// Letters that make some messages long, so that whoever does not read has soon much to read.
const LONG: usize = 6_000;

/// An acknowledged send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The first word of its text, and its key.
    pub word: String,
    /// Where.
    pub conversation: String,
    /// As what.
    pub seq: i64,
    /// At which position.
    pub position: i64,
}

/// What one client did.
#[derive(Debug, Default)]
pub struct Deeds {
    /// Sends that were acknowledged.
    pub sent: Vec<Sent>,
    /// Words of sends whose outcome was unknown until they were refused: they may be in the log.
    pub doubtful: Vec<String>,
    /// Commands that were answered, sends among them.
    pub done: usize,
    /// Commands that were refused, because others had been quicker.
    pub refused: usize,
    /// Commands whose outcome was unknown at least once.
    pub unknown: usize,
}

/// A conversation, as its clients know it: who is in is what the last answer said, and may be late.
struct Room {
    id: String,
    staff: Vec<usize>,
    members: BTreeSet<usize>,
    direct: bool,
    head: i64,
}

/// All conversations, shared by all clients.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<Vec<Room>>>);

impl Rooms {
    fn all(&self) -> MutexGuard<'_, Vec<Room>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes groups of different sizes, one of everybody, some that hide what was before, and some direct
    /// conversations.
    pub async fn make(users: &[Client], rng: &mut Rng) -> Result<Self> {
        let rooms = Self::default();
        for group in 0..users.len().div_ceil(5) {
            let owner = group % users.len();
            let count = if group == 0 {
                users.len() - 1
            } else {
                rng.between(4, 14) as usize
            };
            let mut members: Vec<usize> = Vec::new();
            while members.len() < count.min(users.len() - 1) {
                let somebody = rng.below(users.len());
                if somebody != owner && !members.contains(&somebody) {
                    members.push(somebody);
                }
            }
            let id = format!("g{group}");
            rooms
                .group(users, &id, owner, &members, rng.chance(30))
                .await?;
        }
        for pair in 0..users.len() / 4 {
            let (one, other) = (pair * 2, pair * 2 + 1);
            let id = users[one].create_direct(users[other].user()).await;
            rooms.all().push(Room {
                id,
                staff: vec![],
                members: [one, other].into(),
                direct: true,
                head: 0,
            });
        }
        Ok(rooms)
    }

    async fn group(
        &self,
        users: &[Client],
        id: &str,
        owner: usize,
        members: &[usize],
        since_join: bool,
    ) -> Result<()> {
        let names: Vec<&str> = members.iter().map(|it| users[*it].user()).collect();
        let owning = &users[owner];
        owning.create_group(id, &names).await.expect(201);
        let path = format!("/v1/conversations/{id}");
        if since_join {
            let answer = owning
                .patch(&path, json!({ "history": "since_join" }))
                .await;
            answer.expect(200);
        }
        let staff = &names[..(STAFF - 1).min(names.len())];
        let body = json!({ "users": staff, "role": "admin" });
        owning
            .post(&format!("{path}/members"), body)
            .await
            .expect(200);
        let mut ruling = vec![owner];
        ruling.extend(&members[..staff.len()]);
        self.all().push(Room {
            id: id.to_owned(),
            staff: ruling,
            members: members.iter().copied().chain([owner]).collect(),
            direct: false,
            head: 0,
        });
        Ok(())
    }
}

/// Something to do.
struct Act {
    room: usize,
    method: Method,
    path: String,
    body: Option<Value>,
    after: After,
}

/// What an answer means to the clients.
enum After {
    Nothing,
    Sent(String),
    Joined(usize),
    Left(usize),
}

/// A call, and what its answer means.
type Asked = (Method, String, Option<Value>, After);

impl Room {
    fn path(&self, rest: &str) -> String {
        format!("/v1/conversations/{}/{rest}", self.id)
    }
}

fn send(room: &Room, rng: &mut Rng, word: &str) -> Asked {
    let length = if rng.chance(15) { LONG } else { 10 };
    let text = format!("{word} {}", "x".repeat(length));
    let body = json!({ "client_message_id": word, "type": "text", "body": { "text": text } });
    let after = After::Sent(word.to_owned());
    (Method::POST, room.path("messages"), Some(body), after)
}

/// Edits or recalls something of one's own.
fn change(rng: &mut Rng, word: &str, sent: &[Sent]) -> Option<Asked> {
    let newest = &sent[sent.len().saturating_sub(20)..];
    let Sent {
        conversation, seq, ..
    } = newest.get(rng.below(newest.len()))?;
    let path = format!("/v1/conversations/{conversation}/messages/{seq}");
    Some(if rng.chance(65) {
        let body = json!({ "body": { "text": format!("{word} edited") } });
        (Method::PUT, path, Some(body), After::Nothing)
    } else {
        (Method::DELETE, path, None, After::Nothing)
    })
}

/// Reads, sets a mark by hand, reacts, or sets a preference.
fn note(room: &Room, rng: &mut Rng) -> Asked {
    let seq = rng.between((room.head - 5).max(1), room.head);
    let (method, rest, body) = match rng.below(100) {
        0..55 => (
            Method::POST,
            "read".to_owned(),
            Some(json!({ "up_to": seq + 1 })),
        ),
        55..65 => (
            Method::POST,
            "read".to_owned(),
            Some(json!({ "unread_from": seq })),
        ),
        65..90 => {
            let rest = format!("messages/{seq}/reactions/{}", rng.pick(&["yes", "no"]));
            let methods = [Method::PUT, Method::PUT, Method::DELETE];
            (rng.pick(&methods).clone(), rest, None)
        }
        _ => {
            let name = *rng.pick(&["muted", "archived", "pinned"]);
            let body = json!({ name: rng.chance(50) });
            (Method::PATCH, "preferences".to_owned(), Some(body))
        }
    };
    (method, room.path(&rest), body, After::Nothing)
}

/// One client.
pub struct Person {
    /// How they call.
    pub client: Client,
    /// Which of the users they are.
    pub number: usize,
    /// All of them, by name.
    pub names: Arc<Vec<String>>,
    /// The conversations.
    pub rooms: Rooms,
    /// The longest pause between two deeds, in milliseconds.
    pub pause: i64,
    /// What everybody is at.
    pub phase: watch::Receiver<Phase>,
}

impl Person {
    /// Does random things while everything runs.
    pub async fn act(mut self, mut rng: Rng) -> Result<Deeds> {
        let mut deeds = Deeds::default();
        for n in 0.. {
            let pause = Duration::from_millis(rng.between(0, self.pause) as u64);
            let over = self.phase.wait_for(|phase| *phase != Phase::Running);
            if tokio::time::timeout(pause, over).await.is_ok() {
                break;
            }
            let word = format!("{}:{n}", self.client.user());
            let Some(act) = self.choose(&mut rng, &word, &deeds) else {
                continue;
            };
            let (answer, doubts) = self.certain(&act, &word).await?;
            deeds.unknown += usize::from(doubts > 0);
            self.take(&act, &answer, doubts, &mut deeds)?;
        }
        Ok(deeds)
    }

    fn choose(&self, rng: &mut Rng, word: &str, deeds: &Deeds) -> Option<Act> {
        let rooms = self.rooms.all();
        let mine = (0..rooms.len()).filter(|it| rooms[*it].members.contains(&self.number));
        let mine: Vec<usize> = mine.collect();
        if mine.is_empty() {
            return None;
        }
        let number = *rng.pick(&mine);
        let room = &rooms[number];
        let asked = match rng.below(100) {
            0..45 => Some(send(room, rng, word)),
            45..60 => change(rng, word, &deeds.sent),
            60..85 if room.head > 0 => Some(note(room, rng)),
            85..100 if !room.direct => self.move_members(room, rng),
            _ => None,
        };
        let (method, path, body, after) = asked?;
        Some(Act {
            room: number,
            method,
            path,
            body,
            after,
        })
    }

    /// The staff add and remove others; the others go of themselves.
    fn move_members(&self, room: &Room, rng: &mut Rng) -> Option<Asked> {
        let members = room.path("members");
        if !room.staff.contains(&self.number) {
            let path = format!("{members}/{}", self.client.user());
            let is_time = rng.chance(30);
            let leaving = (Method::DELETE, path, None, After::Left(self.number));
            return is_time.then_some(leaving);
        }
        if rng.chance(80) {
            let gone = |it: &usize| !room.members.contains(it);
            let gone: Vec<usize> = (0..self.names.len()).filter(gone).collect();
            let who = *gone.get(rng.below(gone.len()))?;
            let body = json!({ "users": [self.names[who]] });
            Some((Method::POST, members, Some(body), After::Joined(who)))
        } else {
            let others = room.members.iter().filter(|it| !room.staff.contains(it));
            let others: Vec<usize> = others.copied().collect();
            let who = *others.get(rng.below(others.len()))?;
            let path = format!("{members}/{}", self.names[who]);
            Some((Method::DELETE, path, None, After::Left(who)))
        }
    }

    /// Asks until there is a certain answer, always under the same key.
    async fn certain(&self, act: &Act, word: &str) -> Result<(Answer, usize)> {
        let start = Instant::now();
        for doubts in 0.. {
            let mut request = self.client.request(&act.method, &act.path);
            if let Some(body) = &act.body {
                request = request.json(body);
            }
            if !matches!(act.after, After::Sent(_)) {
                request = request.header("idempotency-key", word);
            }
            match request.try_send().await {
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => return Ok((answer, doubts)),
                Err(_) => {}
            }
            ensure!(start.elapsed() < DOUBT, "{word} is in doubt for {DOUBT:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("{word} was never asked for")
    }

    fn take(&self, act: &Act, answer: &Answer, doubts: usize, deeds: &mut Deeds) -> Result<()> {
        deeds.done += 1;
        if !matches!(answer.status, 200 | 201) {
            ensure!(matches!(answer.status, 403 | 404 | 422), "{answer}");
            deeds.refused += 1;
            if let (After::Sent(word), true) = (&act.after, doubts > 0) {
                deeds.doubtful.push(word.clone());
            }
            return Ok(());
        }
        let mut rooms = self.rooms.all();
        let room = &mut rooms[act.room];
        match &act.after {
            After::Nothing => {}
            After::Joined(who) => {
                room.members.insert(*who);
            }
            After::Left(who) => {
                room.members.remove(who);
            }
            After::Sent(word) => {
                let seq = answer.number("seq");
                room.head = room.head.max(seq);
                deeds.sent.push(Sent {
                    word: word.clone(),
                    conversation: room.id.clone(),
                    seq,
                    position: answer.position(),
                });
            }
        }
        Ok(())
    }
}
