//! Random histories: chooses the next act, performs it over HTTP and checks the response against
//! the model.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::history_desks;
use crate::model::{Act, Action, MemberRole, Model, ModelConversation, Outcome};
use crate::response::ApiResponse;
use crate::seed::Rng;

/// The users of a history.
pub const USERS: [&str; 6] = ["ann", "ben", "cho", "dia", "eva", "fin"];

/// The groups of a history.
const GROUPS: [&str; 4] = ["g1", "g2", "g3", "g4"];

/// A running history: the model, the clients and the responses so far.
pub struct RandomHistory {
    /// The expected state.
    pub model: Model,
    clients: BTreeMap<String, Client>,
    rng: Rng,
    bodies: u64,
    /// The head of the log according to the responses.
    pub head: i64,
}

impl RandomHistory {
    /// Starts with four different groups and two direct conversations.
    pub async fn start(seed: u64, client: impl Fn(&str) -> Client) -> Self {
        let clients = USERS
            .iter()
            .map(|user| ((*user).to_owned(), client(user)))
            .collect();
        let mut history = Self {
            model: Model::default(),
            clients,
            rng: Rng::new(seed),
            bodies: 0,
            head: 0,
        };
        for (group, members) in
            GROUPS
                .iter()
                .zip([&USERS[1..6], &USERS[1..4], &USERS[2..5], &USERS[1..2]])
        {
            let members = members.iter().map(|user| (*user).to_owned()).collect();
            history
                .run_act(&new_act("ann", group, Action::CreateGroup(members)))
                .await;
        }
        history
            .run_act(&new_act("ann", "g3", Action::SinceJoin(true)))
            .await;
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
            history.model.create_direct(&id, [one, other], history.head);
        }
        history
    }

    /// The same with service desks, which `admin` sets up.
    pub async fn start_with_desks(
        seed: u64,
        client: impl Fn(&str) -> Client,
        admin: &Client,
    ) -> Self {
        let mut history = Self::start(seed, client).await;
        let clients = &history.clients;
        history.head = history_desks::set_up(&mut history.model, clients, admin).await;
        history
    }

    /// The client of a user.
    pub fn client(&self, user: &str) -> Client {
        self.clients[user].clone()
    }

    /// How many bodies were written. Each has its own number, the second word of its text.
    pub fn body_count(&self) -> u64 {
        self.bodies
    }

    /// Runs `n` random acts and checks each response.
    pub async fn run_random(&mut self, n: usize) {
        for _ in 0..n {
            let act = self.choose_act();
            self.run_act(&act).await;
        }
    }

    /// Runs one act, checks the response and applies it to the model.
    pub async fn run_act(&mut self, act: &Act) {
        let outcome = self.model.outcome(act);
        let answer = self.send_act(act).await;
        match outcome {
            Outcome::Refused(status) => {
                answer.expect_problem(status);
            }
            Outcome::Unchanged => {
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
            Outcome::Applied => {
                assert!(matches!(answer.status, 200 | 201), "{act:?}: {answer}");
                let position = answer.position();
                assert!(position > self.head, "{act:?} appended nothing: {answer}");
                self.head = position;
                self.model.apply(act, position);
                self.check_response(act, &answer);
            }
        }
    }

    fn check_response(&self, act: &Act, answer: &ApiResponse) {
        let conversation = &self.model.conversations[&act.conversation];
        match &act.action {
            Action::Send { .. } => {
                assert_eq!(answer.number("seq"), conversation.head(), "{answer}")
            }
            Action::Read(_) | Action::MarkUnread(_) => {
                assert_eq!(
                    answer.number("read_seq"),
                    conversation.members[&act.user].read_mark,
                    "{answer}"
                );
            }
            Action::Add(user, _) => assert!(conversation.is_member(user)),
            Action::ReadThread(root, _) => {
                let mark = conversation.thread_mark(&act.user, *root);
                assert_eq!(answer.number("read_seq"), mark.read_seq, "{answer}");
            }
            _ => {}
        }
    }

    async fn send_act(&mut self, act: &Act) -> ApiResponse {
        let client = self.client(&act.user);
        let at = format!("/v1/conversations/{}", act.conversation);
        match &act.action {
            Action::CreateGroup(members) => {
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                client.create_group(&act.conversation, &members).await
            }
            Action::Send {
                control,
                mentions,
                thread,
            } => {
                let message = self.compose_message(*control, mentions, *thread);
                client.send_message(&act.conversation, message).await
            }
            Action::Edit(seq) => {
                self.bodies += 1;
                let body = json!({ "body": { "text": format!("edited {}", self.bodies) } });
                let path = format!("{at}/messages/{seq}");
                client.put(&path, Some(body)).await
            }
            Action::Recall(seq) => client.delete(&format!("{at}/messages/{seq}")).await,
            Action::Restore(seq) => {
                let at = format!("{at}/messages/{seq}");
                client.post(&format!("{at}/restore"), json!({})).await
            }
            Action::Clear(up_to) => {
                let body = json!({ "up_to": up_to });
                client.post(&format!("{at}/clear"), body).await
            }
            Action::Read(up_to) => client.read(&act.conversation, *up_to).await,
            Action::MarkUnread(from) => {
                let path = format!("{at}/read");
                client.post(&path, json!({ "unread_from": from })).await
            }
            Action::Add(user, role) => add_member(&client, &at, user, *role).await,
            Action::Remove(user) => client.delete(&format!("{at}/members/{user}")).await,
            Action::SinceJoin(on) => {
                let history = if *on { "since_join" } else { "all" };
                client.patch(&at, json!({ "history": history })).await
            }
            Action::OpenJoin(on) => {
                let join = if *on { "open" } else { "added" };
                client.patch(&at, json!({ "join": join })).await
            }
            Action::Freeze(on) => client.patch(&at, json!({ "frozen": on })).await,
            Action::Join => client.post(&format!("{at}/join"), json!({})).await,
            Action::Silence(user, on) => {
                put_or_delete(&client, &format!("{at}/silences/{user}"), *on).await
            }
            Action::Ban(user, on) => {
                put_or_delete(&client, &format!("{at}/bans/{user}"), *on).await
            }
            Action::FollowThread(root, on) => {
                let path = format!("{at}/messages/{root}/thread/follow");
                put_or_delete(&client, &path, *on).await
            }
            Action::ReadThread(root, up_to) => {
                let path = format!("{at}/messages/{root}/thread/read");
                client.post(&path, json!({ "up_to": up_to })).await
            }
            Action::Mute(on) => set_preference(&client, &at, "muted", *on).await,
            Action::Pin(on) => set_preference(&client, &at, "pinned", *on).await,
            Action::Archive(on) => set_preference(&client, &at, "archived", *on).await,
            Action::Desk(what) => {
                history_desks::send(&client, &self.model, &act.conversation, what).await
            }
        }
    }

    fn compose_message(
        &mut self,
        control: bool,
        mentions: &[String],
        thread: Option<i64>,
    ) -> Value {
        self.bodies += 1;
        json!({
            "client_message_id": format!("h{}", self.bodies),
            "type": if control { "control" } else { "text" },
            "body": { "text": format!("message {} 你好", self.bodies) },
            "mentions": mentions,
            "thread": thread,
        })
    }

    /// Chooses an act with a defined outcome: mostly accepted, sometimes refused.
    fn choose_act(&mut self) -> Act {
        loop {
            let ids: Vec<_> = self.model.conversations.keys().cloned().collect();
            let id = self.rng.pick(&ids).clone();
            let conversation = self.model.conversations[&id].clone();
            let inside: Vec<_> = conversation.members.keys().cloned().collect();
            let by = if inside.is_empty() || self.rng.chance(8) {
                (*self.rng.pick(&USERS)).to_owned()
            } else {
                self.rng.pick(&inside).clone()
            };
            if let Some(place) = conversation.desk.as_ref().filter(|_| self.rng.chance(60)) {
                let (by, what) = history_desks::choose(&mut self.rng, &self.model, place, &USERS);
                return new_act(&by, &id, Action::Desk(what));
            }
            let what = self.choose_action(&conversation, &by, &inside);
            if has_defined_outcome(&conversation, &by, &what) {
                return Act {
                    user: by,
                    conversation: id,
                    action: what,
                };
            }
        }
    }

    fn choose_action(
        &mut self,
        conversation: &ModelConversation,
        by: &str,
        inside: &[String],
    ) -> Action {
        let rng = &mut self.rng;
        let head = conversation.head();
        let anybody = (*rng.pick(&USERS)).to_owned();
        let seq = rng.between((head - 20).max(1), head + 1);
        let recalled = |seq: &i64| conversation.message(*seq).is_some_and(|m| m.recalled);
        // A few roots, so that threads have several replies. Some are no roots.
        let root = rng.between((head - 20).max(1), head.max(1));
        let root = if rng.chance(90) {
            root - root % 6
        } else {
            root
        };
        let recalled_seq = (1..=head).rev().take(40).find(recalled);
        // Mostly the older part, so that there is something left to see.
        let newest = if rng.chance(20) { head + 2 } else { head / 2 };
        let cleared = rng.between(1, newest.max(1));
        // The last member mostly stays, because nothing more happens in an empty group.
        let stays = inside.len() == 1 && rng.chance(90);
        match rng.below(100) {
            79..88 if stays => Action::Add(anybody, None),
            0..35 => {
                let named =
                    (!inside.is_empty() && rng.chance(30)).then(|| rng.pick(inside).clone());
                let mentions = named.into_iter().filter(|user| user != by).collect();
                Action::Send {
                    control: rng.chance(12),
                    mentions,
                    thread: (root > 0 && rng.chance(30)).then_some(root),
                }
            }
            35..42 => Action::Edit(seq),
            42..48 => Action::Recall(seq),
            48..52 => Action::Restore(recalled_seq.unwrap_or(seq)),
            52..54 => Action::FollowThread(root.max(1), rng.chance(60)),
            54..57 => Action::ReadThread(root.max(1), rng.between(1, head + 2)),
            57..65 => Action::Read(rng.between(1, head + 3)),
            65..71 => Action::MarkUnread(seq),
            71..79 => {
                let role = [
                    None,
                    None,
                    Some(MemberRole::Member),
                    Some(MemberRole::Admin),
                ];
                Action::Add(anybody, *rng.pick(&role))
            }
            79..83 => Action::Remove(anybody),
            83..88 => Action::Remove(by.to_owned()),
            88..91 => Action::Mute(rng.chance(50)),
            91..94 => Action::Pin(rng.chance(50)),
            94..96 => Action::Archive(rng.chance(50)),
            96 => Action::Clear(cleared),
            97 => Action::SinceJoin(rng.chance(50)),
            98 => match rng.below(3) {
                0 => Action::OpenJoin(rng.chance(70)),
                1 => Action::Freeze(rng.chance(25)),
                _ => Action::Silence(anybody, rng.chance(40)),
            },
            _ => match rng.below(3) {
                0 => Action::Ban(anybody, rng.chance(40)),
                _ => Action::Join,
            },
        }
    }
}

async fn add_member(
    client: &Client,
    at: &str,
    user: &str,
    role: Option<MemberRole>,
) -> ApiResponse {
    let role = role.map_or(Value::Null, |role| role.name().into());
    let body = if role.is_null() {
        json!({"users":[user]})
    } else {
        json!({"users":[user],"role":role})
    };
    client.post(&format!("{at}/members"), body).await
}

async fn put_or_delete(client: &Client, path: &str, on: bool) -> ApiResponse {
    if on {
        client.put(path, None).await
    } else {
        client.delete(path).await
    }
}

async fn set_preference(client: &Client, at: &str, name: &str, on: bool) -> ApiResponse {
    let path = format!("{at}/preferences");
    client.patch(&path, json!({ name: on })).await
}

/// Whether the API defines the outcome. Excluded are acts that are refused for two reasons, of
/// which either may be reported, and changes to users who are not members.
fn has_defined_outcome(conversation: &ModelConversation, by: &str, what: &Action) -> bool {
    let member = |user: &String| conversation.members.get(user);
    match what {
        what if conversation.desk.is_some() && what.is_for_groups() => false,
        Action::Edit(seq) | Action::Recall(seq) => {
            let message = conversation.message(*seq);
            message.is_none_or(|message| !message.recalled || message.sender == by)
        }
        Action::Add(user, Some(_)) => {
            member(user).is_none_or(|them| them.role != MemberRole::Owner) && user != by
        }
        Action::Remove(user) => conversation.direct || member(user).is_some(),
        Action::SinceJoin(_) | Action::OpenJoin(_) | Action::Freeze(_) => !conversation.direct,
        Action::Silence(..) | Action::Ban(..) => !conversation.direct,
        _ => true,
    }
}

fn new_act(by: &str, conversation: &str, what: Action) -> Act {
    Act {
        user: by.to_owned(),
        conversation: conversation.to_owned(),
        action: what,
    }
}
