//! A small reference model of a log, which the tests build by hand. It knows what the read tables
//! contain and computes by brute force what each user can see.

use std::collections::BTreeMap;

use serde_json::json;

use crate::dice::SeededDice;
use crate::model::{FixtureEvent, FixtureMessage, FixtureRoom, add_member};

/// A log of events, in order. Entries for more than `threshold` members are not fanned out.
#[derive(Debug, Clone)]
pub struct FixtureLog {
    pub threshold: i64,
    pub position: i64,
    pub floor: i64,
    pub users: Vec<String>,
    pub rooms: Vec<FixtureRoom>,
    /// (user, device) -> cursor
    pub devices: BTreeMap<(i64, String), i64>,
    pub blocks: Vec<(i64, i64)>,
}

impl FixtureLog {
    pub fn new(threshold: i64) -> Self {
        Self {
            threshold,
            position: 0,
            floor: 0,
            users: Vec::new(),
            rooms: Vec::new(),
            devices: BTreeMap::new(),
            blocks: Vec::new(),
        }
    }

    /// Returns the id of a user, which is assigned at the first use of the name.
    pub fn user_id(&mut self, name: &str) -> i64 {
        if let Some(known) = self.users.iter().position(|user| user == name) {
            return known as i64 + 1;
        }
        self.users.push(name.to_owned());
        self.users.len() as i64
    }

    pub fn user_name(&self, user: i64) -> String {
        self.users[user as usize - 1].clone()
    }

    pub fn room(&self, name: &str) -> &FixtureRoom {
        self.rooms.iter().find(|room| room.name == name).unwrap()
    }

    pub fn room_mut(&mut self, name: &str) -> &mut FixtureRoom {
        self.rooms
            .iter_mut()
            .find(|room| room.name == name)
            .unwrap()
    }

    pub fn next_position(&mut self) -> i64 {
        self.position += 1;
        self.position
    }

    pub fn create_group(&mut self, name: &str, history: &'static str, members: &[&str]) {
        self.create(
            name,
            "group",
            history,
            Some(format!("Room {name}")),
            members,
        );
    }

    pub fn create(
        &mut self,
        name: &str,
        kind: &'static str,
        history: &'static str,
        title: Option<String>,
        members: &[&str],
    ) {
        let position = self.next_position();
        let id = self.rooms.len() as i64 + 1;
        let data =
            json!({"id": name, "kind": kind, "title": title, "history": history}).to_string();
        self.rooms.push(FixtureRoom {
            id,
            name: name.to_owned(),
            kind,
            title,
            history,
            created: position,
            unfanned: 0,
            joins: 0,
            members: BTreeMap::new(),
            messages: Vec::new(),
            events: Vec::new(),
        });
        for (index, member) in members.iter().enumerate() {
            let user = self.user_id(member);
            let room = self.room_mut(name);
            add_member(room, user, position);
            if index == 0 {
                room.members.get_mut(&user).unwrap().role = "owner";
            }
        }
        self.record_event(
            name,
            position,
            "conversation_created",
            None,
            None,
            Some(data),
            0,
        );
    }

    pub fn set_history(&mut self, name: &str, history: &'static str) {
        let position = self.next_position();
        let room = self.room_mut(name);
        room.history = history;
        let data = json!({"id": name, "kind": room.kind, "title": room.title, "history": history})
            .to_string();
        self.record_event(
            name,
            position,
            "conversation_changed",
            None,
            None,
            Some(data),
            0,
        );
    }

    pub fn join(&mut self, name: &str, user: &str) {
        let position = self.next_position();
        let number = self.user_id(user);
        add_member(self.room_mut(name), number, position);
        let data = json!({"user": user, "role": "member", "by": user}).to_string();
        self.record_event(
            name,
            position,
            "member_added",
            Some(number),
            None,
            Some(data),
            0,
        );
    }

    pub fn leave(&mut self, name: &str, user: &str) {
        let position = self.next_position();
        let number = self.user_id(user);
        let room = self.room_mut(name);
        let head = room.head_seq();
        let member = room.members.get_mut(&number).unwrap();
        member.present = false;
        let stay = member.stays.last_mut().unwrap();
        stay.to = Some(position);
        stay.until_seq = Some(head);
        let data = json!({"user": user, "by": user}).to_string();
        self.record_event(
            name,
            position,
            "member_removed",
            Some(number),
            None,
            Some(data),
            1,
        );
    }

    pub fn send_text(&mut self, name: &str, user: &str, text: &str) -> i64 {
        self.send(name, user, "text", &json!({"text": text}).to_string(), &[])
    }

    pub fn send(
        &mut self,
        name: &str,
        user: &str,
        kind: &'static str,
        body: &str,
        mentions: &[&str],
    ) -> i64 {
        let position = self.next_position();
        let sender = self.user_id(user);
        let mentions = mentions.iter().map(|name| self.user_id(name)).collect();
        let threshold = self.threshold;
        let room = self.room_mut(name);
        let seq = room.head_seq() + 1;
        let fanned = room.member_count() <= threshold;
        if !fanned {
            room.unfanned = position;
        }
        room.messages.push(FixtureMessage {
            seq,
            position,
            sender,
            kind,
            ordinal: room.countable() + i64::from(kind != "control"),
            reply_to: None,
            mentions,
            bodies: vec![(position, body.to_owned())],
            recalled: false,
            fanned,
            reactions: Vec::new(),
        });
        let member = room.members.get_mut(&sender).unwrap();
        member.read_seq = member.read_seq.max(seq);
        member.read_high = member.read_high.max(seq);
        member.own_seq = seq;
        seq
    }

    pub fn edit(&mut self, name: &str, seq: i64, body: &str) {
        let position = self.next_position();
        let message = self.message(name, seq);
        message.bodies.push((position, body.to_owned()));
        self.record_event(name, position, "message_edited", None, Some(seq), None, 0);
    }

    pub fn recall(&mut self, name: &str, seq: i64) {
        let position = self.next_position();
        let message = self.message(name, seq);
        message.recalled = true;
        let sender = message.sender;
        let data = json!({"seq": seq, "by": self.user_name(sender)}).to_string();
        self.record_event(
            name,
            position,
            "message_recalled",
            None,
            Some(seq),
            Some(data),
            0,
        );
    }

    pub fn react(&mut self, name: &str, seq: i64, user: &str, key: &str) {
        let position = self.next_position();
        let number = self.user_id(user);
        self.message(name, seq)
            .reactions
            .push((key.to_owned(), number, position));
        let data = json!({"seq": seq, "key": key, "user": user}).to_string();
        self.record_event(
            name,
            position,
            "reaction_added",
            Some(number),
            Some(seq),
            Some(data),
            0,
        );
    }

    /// Sets the read mark. With `by_hand` it can also go down, and only the reader receives the
    /// entry.
    pub fn set_read_mark(&mut self, name: &str, user: &str, seq: i64, by_hand: bool) {
        let position = self.next_position();
        let number = self.user_id(user);
        let room = self.room_mut(name);
        let member = room.members.get_mut(&number).unwrap();
        member.read_seq = if by_hand {
            seq
        } else {
            member.read_seq.max(seq)
        };
        member.read_high = member.read_high.max(seq);
        let data = json!({"user": user, "read_seq": seq}).to_string();
        room.events.push(FixtureEvent {
            position,
            kind: "conversation_read",
            subject: Some(number),
            seq: None,
            data: Some(data),
            fanned: true,
            only: by_hand.then_some(number),
        });
    }

    pub fn set_preferences(
        &mut self,
        name: &str,
        user: &str,
        muted: bool,
        pinned: bool,
        archived: bool,
    ) {
        let position = self.next_position();
        let number = self.user_id(user);
        let room = self.room_mut(name);
        let member = room.members.get_mut(&number).unwrap();
        (member.muted, member.pinned, member.archived) = (muted, pinned, archived);
        let data = json!({"muted": muted, "pinned": pinned, "archived": archived}).to_string();
        room.events.push(FixtureEvent {
            position,
            kind: "preferences_changed",
            subject: Some(number),
            seq: None,
            data: Some(data),
            fanned: true,
            only: Some(number),
        });
    }

    /// Records the acknowledgement of a device. `recipient` receives an entry for every room that
    /// both are in, all at one position.
    pub fn ack(&mut self, user: &str, device: &str, cursor: i64, recipient: &str) {
        let position = self.next_position();
        let (number, recipient) = (self.user_id(user), self.user_id(recipient));
        self.devices.insert((number, device.to_owned()), cursor);
        let data = json!({"user": user, "position": cursor}).to_string();
        for room in self
            .rooms
            .iter_mut()
            .filter(|room| room.is_in(number) && room.is_in(recipient))
        {
            room.events.push(FixtureEvent {
                position,
                kind: "delivered",
                subject: Some(number),
                seq: None,
                data: Some(data.clone()),
                fanned: true,
                only: Some(recipient),
            });
        }
    }

    pub fn message(&mut self, name: &str, seq: i64) -> &mut FixtureMessage {
        &mut self.room_mut(name).messages[seq as usize - 1]
    }

    /// Records an entry for all members; `gone` counts members who have just left and receive it as
    /// well.
    #[expect(clippy::too_many_arguments, reason = "a row has so many columns")]
    pub fn record_event(
        &mut self,
        name: &str,
        position: i64,
        kind: &'static str,
        subject: Option<i64>,
        seq: Option<i64>,
        data: Option<String>,
        gone: i64,
    ) {
        let threshold = self.threshold;
        let room = self.room_mut(name);
        let fanned = room.member_count() + gone <= threshold;
        if !fanned {
            room.unfanned = position;
        }
        room.events.push(FixtureEvent {
            position,
            kind,
            subject,
            seq,
            data,
            fanned,
            only: None,
        });
    }

    /// Returns the whole feed of a user as (position, room, type), by brute force.
    pub fn feed(&self, user: i64) -> Vec<(i64, String, String)> {
        let mut feed = Vec::new();
        for room in &self.rooms {
            let Some(member) = room.members.get(&user) else {
                continue;
            };
            let was_in = |position| member.stays.iter().any(|stay| stay.covers(position));
            for message in room
                .messages
                .iter()
                .filter(|message| was_in(message.position))
            {
                if room.can_see(user, message.seq) {
                    feed.push((
                        message.position,
                        room.id,
                        room.name.clone(),
                        "message_sent".to_owned(),
                    ));
                }
            }
            for event in room.events.iter().filter(|event| was_in(event.position)) {
                let is_recipient = event.only.is_none_or(|only| only == user);
                let is_visible = event.seq.is_none_or(|seq| room.can_see(user, seq));
                let own_removal = event.kind == "member_removed" && event.subject == Some(user);
                if is_recipient
                    && (if member.present {
                        is_visible
                    } else {
                        own_removal
                    })
                {
                    feed.push((
                        event.position,
                        room.id,
                        room.name.clone(),
                        event.kind.to_owned(),
                    ));
                }
            }
        }
        feed.sort();
        feed.retain(|(position, ..)| *position > self.floor);
        feed.into_iter()
            .map(|(position, _, name, kind)| (position, name, kind))
            .collect()
    }

    /// Builds a random log of a few rooms.
    pub fn random(seed: u64, threshold: i64, steps: usize) -> Self {
        let mut dice = SeededDice::new(seed);
        let mut log = Self::new(threshold);
        let people = ["ana", "bob", "cleo", "dan", "eve", "fay"];
        let rooms = ["r0", "r1", "r2", "r3"];
        for (index, room) in rooms.iter().enumerate() {
            let history = if index % 2 == 0 { "all" } else { "since_join" };
            log.create_group(room, history, &people[..2 + index]);
        }
        for _ in 0..steps {
            log.random_step(&mut dice, &people, &rooms);
        }
        log
    }

    fn random_step(&mut self, dice: &mut SeededDice, people: &[&str], rooms: &[&str]) {
        let (who, room) = (dice.pick(people), dice.pick(rooms));
        let number = self.user_id(who);
        let (is_in, head) = (self.room(room).is_in(number), self.room(room).head_seq());
        let seq = 1 + dice.roll(head.max(1) as u64) as i64;
        match dice.roll(24) {
            _ if !is_in => self.join(room, who),
            0 if self.room(room).member_count() > 1 => self.leave(room, who),
            1 if head > 0 => self.recall(room, seq),
            2 if head > 0 => self.edit(
                room,
                seq,
                &json!({"text": format!("edited {seq}")}).to_string(),
            ),
            3 if head > 0 => self.react(room, seq, who, dice.pick(&["+1", "heart"])),
            4 | 5 if head > 0 => self.set_read_mark(room, who, seq, false),
            6 if head > 0 && self.room(room).can_see(number, seq) => {
                self.set_read_mark(room, who, seq - 1, true);
            }
            7 => self.set_preferences(
                room,
                who,
                dice.roll(3) == 0,
                dice.roll(3) == 0,
                dice.roll(3) == 0,
            ),
            8 => self.ack(who, "phone", self.position, dice.pick(people)),
            12 if head > 0 && dice.roll(3) == 0 => self.clear(room, who, seq),
            13 if head > 0 => self.restore(room, seq),
            9 => drop(self.send(room, who, "control", "{\"x\":1}", &[])),
            10 => self.set_history(room, dice.pick(&["all", "since_join"])),
            11 => drop(self.send(
                room,
                who,
                "text",
                "{\"text\":\"hey\"}",
                &[dice.pick(people)],
            )),
            _ => drop(self.send_text(room, who, "hello")),
        }
    }
}
