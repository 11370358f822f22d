//! Random histories: what to do next, how to do it over HTTP, and whether the answer was right.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::Client;
use crate::model::{Act, Conversation, Model, Outcome, Role, What};
use crate::seed::Rng;

/// The users of a history.
pub const USERS: [&str; 6] = ["ann", "ben", "cho", "dia", "eva", "fin"];

/// The groups of a history; one more exists for nobody but its first member.
const GROUPS: [&str; 4] = ["g1", "g2", "g3", "g4"];

/// A history that is being lived: model, clients and what was answered so far.
pub struct History {
    /// What should be.
    pub model: Model,
    clients: BTreeMap<String, Client>,
    rng: Rng,
    sends: u64,
    /// The log's head, as far as the answers told.
    pub head: i64,
}

impl History {
    /// Begins with four groups of different make and two direct conversations.
    pub async fn begin(seed: u64, client: impl Fn(&str) -> Client) -> Self {
        let clients = USERS
            .iter()
            .map(|user| ((*user).to_owned(), client(user)))
            .collect();
        let mut history = Self {
            model: Model::default(),
            clients,
            rng: Rng::new(seed),
            sends: 0,
            head: 0,
        };
        for (group, members) in
            GROUPS
                .iter()
                .zip([&USERS[1..6], &USERS[1..4], &USERS[2..5], &USERS[1..2]])
        {
            let members = members.iter().map(|user| (*user).to_owned()).collect();
            history
                .act(&act("ann", group, What::CreateGroup(members)))
                .await;
        }
        history.act(&act("ann", "g3", What::SinceJoin(true))).await;
        for [one, other] in [["ann", "ben"], ["cho", "dia"]] {
            let answer = history
                .client(one)
                .post(
                    "/v1/conversations",
                    json!({"kind":"direct","members":[other]}),
                )
                .await;
            let id = answer.expect(201)["id"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            history.head = answer.position();
            history.model.direct(&id, [one, other], history.head);
        }
        history
    }

    /// A user's client.
    pub fn client(&self, user: &str) -> Client {
        self.clients[user].clone()
    }

    /// How many bodies were written: each has a number of its own, the second word of its text.
    pub fn sends(&self) -> u64 {
        self.sends
    }

    /// Does `n` random things, each checked as it is answered.
    pub async fn live(&mut self, n: usize) {
        for _ in 0..n {
            let act = self.choose();
            self.act(&act).await;
        }
    }

    /// Does one thing, checks the answer and takes it into the model.
    pub async fn act(&mut self, act: &Act) {
        let outcome = self.model.outcome(act);
        let answer = self.perform(act).await;
        match outcome {
            Outcome::Refused(status) => {
                answer.refused(status);
            }
            Outcome::Nothing => {
                assert_eq!(
                    answer.status, 200,
                    "{act:?} should change nothing: {answer}"
                );
                assert_eq!(
                    answer.position(),
                    self.head,
                    "{act:?} appended something: {answer}"
                );
            }
            Outcome::Done => {
                assert!(matches!(answer.status, 200 | 201), "{act:?}: {answer}");
                let position = answer.position();
                assert!(position > self.head, "{act:?} appended nothing: {answer}");
                self.head = position;
                self.model.apply(act, position);
                self.check_answer(act, &answer);
            }
        }
    }

    fn check_answer(&self, act: &Act, answer: &Answer) {
        let conversation = &self.model.conversations[&act.conversation];
        match &act.what {
            What::Send { .. } => assert_eq!(answer.number("seq"), conversation.head(), "{answer}"),
            What::Read(_) | What::MarkUnread(_) => {
                assert_eq!(
                    answer.number("read_seq"),
                    conversation.members[&act.by].mark,
                    "{answer}"
                );
            }
            What::Add(user, _) => assert!(conversation.is_member(user)),
            _ => {}
        }
    }

    async fn perform(&mut self, act: &Act) -> Answer {
        let client = self.client(&act.by);
        let at = format!("/v1/conversations/{}", act.conversation);
        let preference = |name: &str, on: bool| (format!("{at}/preferences"), json!({ name: on }));
        match &act.what {
            What::CreateGroup(members) => {
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                client.create_group(&act.conversation, &members).await
            }
            What::Send { control, mentions } => {
                self.sends += 1;
                let message = json!({
                    "client_message_id": format!("h{}", self.sends),
                    "type": if *control { "control" } else { "text" },
                    "body": { "text": format!("message {} 你好", self.sends) },
                    "mentions": mentions,
                });
                client.send_message(&act.conversation, message).await
            }
            What::Edit(seq) => {
                self.sends += 1;
                let body = json!({ "body": { "text": format!("edited {}", self.sends) } });
                client
                    .put(&format!("{at}/messages/{seq}"), Some(body))
                    .await
            }
            What::Recall(seq) => client.delete(&format!("{at}/messages/{seq}")).await,
            What::Read(up_to) => client.read(&act.conversation, *up_to).await,
            What::MarkUnread(from) => {
                client
                    .post(&format!("{at}/read"), json!({ "unread_from": from }))
                    .await
            }
            What::Add(user, role) => {
                let role = role.map_or(Value::Null, |role| role.name().into());
                let body = if role.is_null() {
                    json!({"users":[user]})
                } else {
                    json!({"users":[user],"role":role})
                };
                client.post(&format!("{at}/members"), body).await
            }
            What::Remove(user) => client.delete(&format!("{at}/members/{user}")).await,
            What::SinceJoin(on) => {
                client
                    .patch(
                        &at,
                        json!({ "history": if *on { "since_join" } else { "all" } }),
                    )
                    .await
            }
            What::Mute(on) => {
                let (path, body) = preference("muted", *on);
                client.patch(&path, body).await
            }
            What::Pin(on) => {
                let (path, body) = preference("pinned", *on);
                client.patch(&path, body).await
            }
            What::Archive(on) => {
                let (path, body) = preference("archived", *on);
                client.patch(&path, body).await
            }
        }
    }

    /// Something that the contract has one answer for: mostly allowed, sometimes refused.
    fn choose(&mut self) -> Act {
        loop {
            let ids: Vec<_> = self.model.conversations.keys().cloned().collect();
            let id = self.rng.pick(&ids).clone();
            let conversation = self.model.conversations[&id].clone();
            let inside: Vec<_> = conversation.members.keys().cloned().collect();
            let by = if inside.is_empty() || self.rng.chance(4) {
                (*self.rng.pick(&USERS)).to_owned()
            } else {
                self.rng.pick(&inside).clone()
            };
            let what = self.what(&conversation, &by, &inside);
            if is_settled(&conversation, &by, &what) {
                return Act {
                    by,
                    conversation: id,
                    what,
                };
            }
        }
    }

    fn what(&mut self, conversation: &Conversation, by: &str, inside: &[String]) -> What {
        let rng = &mut self.rng;
        let head = conversation.head();
        let anybody = (*rng.pick(&USERS)).to_owned();
        let seq = rng.between((head - 20).max(1), head + 1);
        // The last one stays, mostly: in an empty group nothing more happens.
        let stays = inside.len() == 1 && rng.chance(90);
        match rng.below(100) {
            79..88 if stays => What::Add(anybody, None),
            0..35 => {
                let named =
                    (!inside.is_empty() && rng.chance(30)).then(|| rng.pick(inside).clone());
                let mentions = named.into_iter().filter(|user| user != by).collect();
                What::Send {
                    control: rng.chance(12),
                    mentions,
                }
            }
            35..42 => What::Edit(seq),
            42..52 => What::Recall(seq),
            52..65 => What::Read(rng.between(1, head + 3)),
            65..71 => What::MarkUnread(seq),
            71..79 => {
                let role = [None, None, Some(Role::Member), Some(Role::Admin)];
                What::Add(anybody, *rng.pick(&role))
            }
            79..83 => What::Remove(anybody),
            83..88 => What::Remove(by.to_owned()),
            88..91 => What::Mute(rng.chance(50)),
            91..94 => What::Pin(rng.chance(50)),
            94..97 => What::Archive(rng.chance(50)),
            _ => What::SinceJoin(rng.chance(50)),
        }
    }
}

/// Whether the contract says one thing about it. Left out: which of two reasons a refusal names
/// first, and orders about people who are not in.
fn is_settled(conversation: &Conversation, by: &str, what: &What) -> bool {
    let member = |user: &String| conversation.members.get(user);
    match what {
        What::Edit(seq) | What::Recall(seq) => {
            let message = conversation.message(*seq);
            message.is_none_or(|message| !message.recalled || message.sender == by)
        }
        What::Add(user, Some(_)) => {
            member(user).is_none_or(|them| them.role != Role::Owner) && user != by
        }
        What::Remove(user) => conversation.direct || member(user).is_some(),
        What::SinceJoin(_) => !conversation.direct,
        _ => true,
    }
}

fn act(by: &str, conversation: &str, what: What) -> Act {
    Act {
        by: by.to_owned(),
        conversation: conversation.to_owned(),
        what,
    }
}
