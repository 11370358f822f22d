//! Random files, and messages and avatars that use them. They have a random generator of their own,
//! so that they leave the rest of a history as it is.

use cqrs_es::Aggregate as _;
use domain::body::{MessageBody, MessageType};
use domain::conversation::command::{
    ChangeConversation, ConversationCommand, EditMessage, SendMessage,
};
use domain::conversation::settings::PolicyChange;
use domain::envelope::AggregateKind;
use domain::file::command::{DeleteFile, FileCommand, StoreFile};
use domain::file::digest::Sha256Digest;
use domain::file::event::{DeletionReason, FileReserved, FileStored};
use domain::file::name::{FileName, MediaType};
use domain::ids::{ClientKey, ConversationId, FileId, UserId};
use domain::profile::command::{ChangeProfile, ProfileCommand};
use domain::texts::Avatar;
use domain::time::Timestamp;
use serde_json::json;

use super::history::{HistoryGenerator, HistoryRng};

impl HistoryGenerator {
    /// Runs a random command of a file, or of a message that uses one, now and then.
    pub(super) fn run_file_command(&mut self) {
        let mut rng = HistoryRng::new(self.log.len() as u64 ^ 0xf11e);
        if !rng.chance(9) {
            return;
        }
        match rng.below(13) {
            0..5 => self.change_file(&mut rng),
            5..8 => self.send_file(&mut rng),
            8..10 => self.edit_file(&mut rng),
            10 => self.change_avatar_of_user(&mut rng),
            _ => self.change_avatar_of_group(&mut rng),
        }
    }

    fn change_avatar_of_user(&mut self, rng: &mut HistoryRng) {
        let who = rng.pick(&self.users).clone();
        let change = ChangeProfile {
            display_name: None,
            avatar: Some(avatar(rng)),
            about: None,
            locale: None,
            custom: None,
            kind: None,
            deactivated: None,
            by: who.clone(),
        };
        self.run_profile_command(&who, ProfileCommand::Change(change));
    }

    fn change_avatar_of_group(&mut self, rng: &mut HistoryRng) {
        let Some((id, by)) = self.pick_membership(rng) else {
            return;
        };
        let policy = PolicyChange {
            avatar: Some(avatar(rng)),
            ..PolicyChange::default()
        };
        let change = ChangeConversation {
            title: None,
            history: None,
            policy,
            by,
            now: Timestamp::from_millis(self.now),
        };
        self.run_command(&id, ConversationCommand::Change(change));
    }

    fn change_file(&mut self, rng: &mut HistoryRng) {
        let id = file_id(rng);
        let now = Timestamp::from_millis(self.now);
        let reason = DeletionReason::Unused;
        let size = 8;
        let media_type = MediaType::parse("image/png").unwrap();
        let mut state = self.files.remove(&id).unwrap_or_default();
        let command = match rng.below(10) {
            0..3 => FileCommand::Reserve(FileReserved {
                uploader: rng.pick(&self.users).clone(),
                name: Some(FileName::parse("\u{e9}.png").unwrap()),
                declared_type: media_type,
                size,
                sha256: None,
                expires_at: Timestamp::from_millis(self.now + 1_000_000),
            }),
            3..7 => FileCommand::Store(StoreFile {
                file: FileStored {
                    size,
                    sha256: Sha256Digest::parse(&"0".repeat(64)).unwrap(),
                    media_type,
                    width: Some(3),
                    height: None,
                },
                now,
            }),
            7 => FileCommand::Retire(reason),
            8 => FileCommand::Reinstate,
            _ => FileCommand::Delete(DeleteFile {
                reason,
                by: None,
                retirement: Some(state.retirements()),
                now,
            }),
        };
        for event in state.decide(command).unwrap_or_default() {
            self.append(AggregateKind::File, id.as_str(), &event);
            state.apply(event);
        }
        self.files.insert(id, state);
    }

    fn pick_membership(&self, rng: &mut HistoryRng) -> Option<(ConversationId, UserId)> {
        let ids: Vec<_> = self.conversations.keys().cloned().collect();
        let id = (!ids.is_empty()).then(|| rng.pick(&ids).clone())?;
        let mut users = self.users.iter();
        let member = users.find(|user| self.conversations[&id].is_member(user))?;
        Some((id, member.clone()))
    }

    fn send_file(&mut self, rng: &mut HistoryRng) {
        let Some((id, sender)) = self.pick_membership(rng) else {
            return;
        };
        let body = file_body(rng);
        let send = SendMessage {
            sender,
            kind: MessageType::File,
            body: MessageBody::parse(MessageType::File, &body, &self.limits).unwrap(),
            reply_to: None,
            mentions: vec![],
            client_message_id: ClientKey::parse(&format!("file {}", self.log.len())).unwrap(),
            now: Timestamp::from_millis(self.now),
            blocked: false,
            thread: None,
            scheduled_for: None,
            desk: None,
        };
        self.run_command(&id, ConversationCommand::Send(send));
    }

    /// Edits a message, of whatever type: only some types use the file.
    fn edit_file(&mut self, rng: &mut HistoryRng) {
        let Some((id, _)) = self.pick_membership(rng) else {
            return;
        };
        let state = &self.conversations[&id];
        let seq = state.head_seq() - rng.below(5).cast_signed();
        let Some(message) = state.recent_message(seq) else {
            return;
        };
        // An edit keeps the file.
        let body = match &message.file {
            Some(file) => json!({ "file": file.as_str(), "text": rng.below(1_000).to_string() }),
            None => file_body(rng),
        };
        let edit = EditMessage {
            seq,
            body,
            by: message.sender.clone(),
            now: Timestamp::from_millis(self.now),
            message: None,
        };
        self.run_command(&id, ConversationCommand::Edit(edit));
    }
}

fn file_id(rng: &mut HistoryRng) -> FileId {
    let number = rng.below(30);
    FileId::parse(&format!("00000000-0000-7000-8000-{number:012x}")).unwrap()
}

/// A file, an address or nothing.
fn avatar(rng: &mut HistoryRng) -> Option<Avatar> {
    match rng.below(4) {
        0 => None,
        1 => Avatar::parse("https://example.com/a.png").ok(),
        _ => Avatar::parse(file_id(rng).as_str()).ok(),
    }
}

fn file_body(rng: &mut HistoryRng) -> serde_json::Value {
    if rng.chance(20) {
        json!({ "name": "none", "text": "none" })
    } else {
        json!({ "file": file_id(rng), "text": "a", "own": { "file": file_id(rng) } })
    }
}
