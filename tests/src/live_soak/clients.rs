//! The simulated users, their conversations and their random acts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::device::Phase;
use crate::client::Client;
use crate::response::ApiResponse;
use crate::seed::Rng;

/// How long the outcome of a command may be unknown.
const UNKNOWN_OUTCOME_TIMEOUT: Duration = Duration::from_secs(120);

/// The members of a group who never leave and who may add and remove the others.
const STAFF_SIZE: usize = 3;

/// The length of some texts. Long messages quickly fill the buffers of a device that does not read.
const LONG_TEXT_LENGTH: usize = 20_000;

/// An acknowledged send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckedMessage {
    /// The first word of the text, which is also the key.
    pub word: String,
    /// The conversation.
    pub conversation: String,
    /// The seq in the response.
    pub seq: i64,
    /// The position in the response.
    pub position: i64,
}

/// What one user did.
#[derive(Debug, Default)]
pub struct UserResult {
    /// Acknowledged sends.
    pub sent: Vec<AckedMessage>,
    /// The words of sends that were refused after their outcome had been unknown. They may be in
    /// the log.
    pub refused_after_unknown: Vec<String>,
    /// Commands whose outcome is known, including sends.
    pub completed: usize,
    /// Commands that were refused because other users had acted first.
    pub refused: usize,
    /// Commands whose outcome was unknown at least once.
    pub unknown: usize,
}

/// A conversation as the users know it. The members are those of the last response, which may be
/// outdated.
struct SharedConversation {
    id: String,
    staff: Vec<usize>,
    members: BTreeSet<usize>,
    direct: bool,
    head: i64,
}

/// All conversations, shared by all users.
#[derive(Clone, Default)]
pub struct SharedConversations(Arc<Mutex<Vec<SharedConversation>>>);

impl SharedConversations {
    fn lock(&self) -> MutexGuard<'_, Vec<SharedConversation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates groups of different sizes, one of them with all users and some with history from
    /// joining only, and some direct conversations.
    pub async fn create(users: &[Client], rng: &mut Rng) -> Result<Self> {
        let conversations = Self::default();
        for group in 0..users.len().div_ceil(5) {
            let owner = group % users.len();
            let count = if group == 0 {
                users.len() - 1
            } else {
                rng.between(4, 14) as usize
            };
            let mut members: Vec<usize> = Vec::new();
            while members.len() < count.min(users.len() - 1) {
                let candidate = rng.below(users.len());
                if candidate != owner && !members.contains(&candidate) {
                    members.push(candidate);
                }
            }
            let id = format!("g{group}");
            conversations
                .create_group(users, &id, owner, &members, rng.chance(30))
                .await?;
        }
        for pair in 0..users.len() / 4 {
            let (first, second) = (pair * 2, pair * 2 + 1);
            let id = users[first].create_direct(users[second].user()).await;
            conversations.lock().push(SharedConversation {
                id,
                staff: vec![],
                members: [first, second].into(),
                direct: true,
                head: 0,
            });
        }
        Ok(conversations)
    }

    async fn create_group(
        &self,
        users: &[Client],
        id: &str,
        owner: usize,
        members: &[usize],
        since_join: bool,
    ) -> Result<()> {
        let names: Vec<&str> = members.iter().map(|it| users[*it].user()).collect();
        let owner_client = &users[owner];
        owner_client.create_group(id, &names).await.expect(201);
        let path = format!("/v1/conversations/{id}");
        if since_join {
            let answer = owner_client
                .patch(&path, json!({ "history": "since_join" }))
                .await;
            answer.expect(200);
        }
        let staff = &names[..(STAFF_SIZE - 1).min(names.len())];
        let body = json!({ "users": staff, "role": "admin" });
        owner_client
            .post(&format!("{path}/members"), body)
            .await
            .expect(200);
        let mut staff_numbers = vec![owner];
        staff_numbers.extend(&members[..staff.len()]);
        self.lock().push(SharedConversation {
            id: id.to_owned(),
            staff: staff_numbers,
            members: members.iter().copied().chain([owner]).collect(),
            direct: false,
            head: 0,
        });
        Ok(())
    }
}

/// A call to make.
struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    effect: Effect,
}

/// What a successful call changes in the shared state.
enum Effect {
    None,
    Sent(String),
    Joined(usize),
    Left(usize),
}

impl Call {
    fn new(method: Method, path: String, body: Option<Value>, effect: Effect) -> Self {
        Self {
            method,
            path,
            body,
            effect,
        }
    }
}

impl SharedConversation {
    fn path(&self, rest: &str) -> String {
        format!("/v1/conversations/{}/{rest}", self.id)
    }
}

fn send_message(conversation: &SharedConversation, rng: &mut Rng, word: &str) -> Call {
    let length = if rng.chance(50) { LONG_TEXT_LENGTH } else { 10 };
    let text = format!("{word} {}", "x".repeat(length));
    let body = json!({ "client_message_id": word, "type": "text", "body": { "text": text } });
    let path = conversation.path("messages");
    let effect = Effect::Sent(word.to_owned());
    Call::new(Method::POST, path, Some(body), effect)
}

/// Edits or recalls one of the user's own messages.
fn change_own_message(rng: &mut Rng, word: &str, sent: &[AckedMessage]) -> Option<Call> {
    let newest = &sent[sent.len().saturating_sub(20)..];
    let AckedMessage {
        conversation, seq, ..
    } = newest.get(rng.below(newest.len()))?;
    let path = format!("/v1/conversations/{conversation}/messages/{seq}");
    Some(if rng.chance(65) {
        let body = json!({ "body": { "text": format!("{word} edited") } });
        Call::new(Method::PUT, path, Some(body), Effect::None)
    } else {
        Call::new(Method::DELETE, path, None, Effect::None)
    })
}

/// Reads, marks as unread, reacts, or sets a preference.
fn update_marks(conversation: &SharedConversation, rng: &mut Rng) -> Call {
    let seq = rng.between((conversation.head - 5).max(1), conversation.head);
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
    Call::new(method, conversation.path(&rest), body, Effect::None)
}

/// A simulated user.
pub struct SimulatedUser {
    /// The HTTP client.
    pub client: Client,
    /// The number of the user.
    pub number: usize,
    /// The names of all users, by number.
    pub names: Arc<Vec<String>>,
    /// The conversations of all users.
    pub conversations: SharedConversations,
    /// The longest pause between two acts, in milliseconds.
    pub max_pause_ms: i64,
    /// The phase of the run.
    pub phase: watch::Receiver<Phase>,
}

impl SimulatedUser {
    /// Acts at random until the run settles.
    pub async fn run(mut self, mut rng: Rng) -> Result<UserResult> {
        let mut result = UserResult::default();
        for n in 0.. {
            let pause = Duration::from_millis(rng.between(0, self.max_pause_ms) as u64);
            let over = self.phase.wait_for(|phase| *phase != Phase::Running);
            if tokio::time::timeout(pause, over).await.is_ok() {
                break;
            }
            let word = format!("{}:{n}", self.client.user());
            let Some((number, call)) = self.choose_call(&mut rng, &word, &result) else {
                continue;
            };
            let (answer, unknown) = self.call_until_certain(&call, &word).await?;
            result.unknown += usize::from(unknown > 0);
            self.record_response(number, &call, &answer, unknown, &mut result)?;
        }
        Ok(result)
    }

    /// Chooses a call, and the number of the conversation to which it belongs.
    fn choose_call(&self, rng: &mut Rng, word: &str, result: &UserResult) -> Option<(usize, Call)> {
        let conversations = self.conversations.lock();
        let own =
            (0..conversations.len()).filter(|it| conversations[*it].members.contains(&self.number));
        let own: Vec<usize> = own.collect();
        if own.is_empty() {
            return None;
        }
        let number = *rng.pick(&own);
        let conversation = &conversations[number];
        let call = match rng.below(100) {
            0..45 => Some(send_message(conversation, rng, word)),
            45..60 => change_own_message(rng, word, &result.sent),
            60..85 if conversation.head > 0 => Some(update_marks(conversation, rng)),
            85..100 if !conversation.direct => self.change_members(conversation, rng),
            _ => None,
        };
        Some((number, call?))
    }

    /// Staff add and remove other members; other members leave.
    fn change_members(&self, conversation: &SharedConversation, rng: &mut Rng) -> Option<Call> {
        let members = conversation.path("members");
        if !conversation.staff.contains(&self.number) {
            let path = format!("{members}/{}", self.client.user());
            let is_time = rng.chance(30);
            let leave = Call::new(Method::DELETE, path, None, Effect::Left(self.number));
            return is_time.then_some(leave);
        }
        if rng.chance(80) {
            let gone = |it: &usize| !conversation.members.contains(it);
            let gone: Vec<usize> = (0..self.names.len()).filter(gone).collect();
            let who = *gone.get(rng.below(gone.len()))?;
            let body = json!({ "users": [self.names[who]] });
            Some(Call::new(
                Method::POST,
                members,
                Some(body),
                Effect::Joined(who),
            ))
        } else {
            let others = conversation
                .members
                .iter()
                .filter(|it| !conversation.staff.contains(it));
            let others: Vec<usize> = others.copied().collect();
            let who = *others.get(rng.below(others.len()))?;
            let path = format!("{members}/{}", self.names[who]);
            Some(Call::new(Method::DELETE, path, None, Effect::Left(who)))
        }
    }

    /// Sends the call under the same key until the outcome is known. Returns the response and how
    /// often the outcome was unknown.
    async fn call_until_certain(&self, call: &Call, word: &str) -> Result<(ApiResponse, usize)> {
        let start = Instant::now();
        for unknown in 0.. {
            let mut request = self.client.request(&call.method, &call.path);
            if let Some(body) = &call.body {
                request = request.json(body);
            }
            if !matches!(call.effect, Effect::Sent(_)) {
                request = request.header("idempotency-key", word);
            }
            match request.try_send().await {
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => return Ok((answer, unknown)),
                Err(_) => {}
            }
            ensure!(
                start.elapsed() < UNKNOWN_OUTCOME_TIMEOUT,
                "{word} is in doubt for {UNKNOWN_OUTCOME_TIMEOUT:?}"
            );
            eventually::pause(Duration::from_millis(20)).await;
        }
        bail!("{word} was never sent")
    }

    fn record_response(
        &self,
        number: usize,
        call: &Call,
        answer: &ApiResponse,
        unknown: usize,
        result: &mut UserResult,
    ) -> Result<()> {
        result.completed += 1;
        if !matches!(answer.status, 200 | 201) {
            ensure!(matches!(answer.status, 403 | 404 | 422), "{answer}");
            result.refused += 1;
            if let (Effect::Sent(word), true) = (&call.effect, unknown > 0) {
                result.refused_after_unknown.push(word.clone());
            }
            return Ok(());
        }
        let mut conversations = self.conversations.lock();
        let conversation = &mut conversations[number];
        match &call.effect {
            Effect::None => {}
            Effect::Joined(who) => {
                conversation.members.insert(*who);
            }
            Effect::Left(who) => {
                conversation.members.remove(who);
            }
            Effect::Sent(word) => {
                let seq = answer.number("seq");
                conversation.head = conversation.head.max(seq);
                result.sent.push(AckedMessage {
                    word: word.clone(),
                    conversation: conversation.id.clone(),
                    seq,
                    position: answer.position(),
                });
            }
        }
        Ok(())
    }
}
