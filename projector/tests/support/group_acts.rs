//! Groups of random histories: their members, policies, invitations, links and sanctions.

use domain::conversation::access_command::{
    AccessCommand, CreateLink, EndLink, JoinByLink, JoinConversation, JoinDecision, LiftSanction,
    SanctionKind, SanctionUser,
};
use domain::conversation::command::{
    AddMembers, ChangeConversation, ConversationCommand, CreateConversation, InvitationCommand,
    RemoveMember,
};
use domain::conversation::event::{ConversationKind, HistoryVisibility as Visibility, Role};
use domain::conversation::invitation_command::{AcceptInvitation, UsersToAsk, WithdrawInvitation};
use domain::conversation::settings::{JoinPolicy, PolicyChange, PostPolicy};
use domain::ids::{ConversationId, JoinNote, SanctionReason, Title, Topic, UserId};
use domain::link_code::LinkId;
use domain::time::Timestamp;

use super::history::{HistoryGenerator, conversation};

impl HistoryGenerator {
    pub(super) fn create(&mut self) {
        let by = self.random_user();
        let other = self.random_user();
        let number = self.conversations.len();
        if self.rng.chance(40) {
            let id = ConversationId::direct(&by, &other);
            let create = Self::create_command(ConversationKind::Direct, None, vec![other], by);
            self.run_command(&id, ConversationCommand::Create(create));
            return;
        }
        let members: Vec<UserId> = (0..self.rng.below(9)).map(|_| self.random_user()).collect();
        let to_ask = self.some_of(&members);
        let title = self
            .rng
            .chance(50)
            .then(|| Title::parse("A \"title\" \\ of it").unwrap());
        let create = Self::create_command(ConversationKind::Group, title, members, by);
        self.run_command(
            &conversation(&format!("group-{number}")),
            ConversationCommand::Invitation(InvitationCommand::Create(create, to_ask)),
        );
    }

    /// A few of these users: those who must be asked before they are added.
    pub(super) fn some_of(&mut self, users: &[UserId]) -> UsersToAsk {
        let mut some = UsersToAsk::new();
        for user in users {
            if self.rng.chance(25) {
                some.insert(user.clone());
            }
        }
        some
    }

    /// Answers or withdraws an invitation, or tries to.
    pub(super) fn answer_invitation(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let invited: Vec<UserId> = self
            .users
            .iter()
            .filter(|user| self.conversations[&id].inviter_of(user).is_some())
            .cloned()
            .collect();
        if invited.is_empty() {
            return;
        }
        let user = self.rng.pick(&invited).clone();
        let command = match self.rng.below(3) {
            0 => InvitationCommand::Accept(AcceptInvitation {
                user,
                blocks_inviter: false,
                now: Timestamp::from_millis(self.now),
            }),
            1 => InvitationCommand::Decline(user),
            _ => InvitationCommand::Withdraw(WithdrawInvitation { user, by }),
        };
        self.run_command(&id, ConversationCommand::Invitation(command));
    }

    pub(super) fn create_command(
        kind: ConversationKind,
        title: Option<Title>,
        members: Vec<UserId>,
        by: UserId,
    ) -> CreateConversation {
        CreateConversation {
            kind,
            title,
            members,
            by,
            blocked: false,
            created_at: None,
        }
    }

    pub(super) fn add(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let users: Vec<UserId> = (0..=self.rng.below(3))
            .map(|_| self.random_user())
            .collect();
        let to_ask = self.some_of(&users);
        let role = *self
            .rng
            .pick(&[None, Some(Role::Member), Some(Role::Admin)]);
        let add = AddMembers {
            users,
            role,
            by,
            now: Timestamp::from_millis(self.now),
        };
        let command = InvitationCommand::AddMembers(add, to_ask);
        self.run_command(&id, ConversationCommand::Invitation(command));
    }

    pub(super) fn remove(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let user = if self.rng.chance(50) {
            by.clone()
        } else {
            self.random_user()
        };
        self.run_command(
            &id,
            ConversationCommand::RemoveMember(RemoveMember { user, by }),
        );
    }

    pub(super) fn change(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let title = Some(Title::parse(self.rng.pick::<&str>(&["one", "two", ""])).ok());
        let history = *self
            .rng
            .pick(&[None, Some(Visibility::All), Some(Visibility::SinceJoin)]);
        self.run_command(
            &id,
            ConversationCommand::Change(ChangeConversation {
                title,
                history,
                policy: PolicyChange::default(),
                by,
                now: Timestamp::from_millis(self.now),
            }),
        );
    }

    pub(super) fn change_policy(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let topic = *self.rng.pick(&["a topic", ""]);
        let policy = PolicyChange {
            post: *self
                .rng
                .pick(&[None, Some(PostPolicy::Members), Some(PostPolicy::Admins)]),
            join: *self
                .rng
                .pick(&[None, Some(JoinPolicy::Asked), Some(JoinPolicy::Open)]),
            topic: Some(Topic::parse(topic).ok()),
            ..PolicyChange::default()
        };
        self.run_command(
            &id,
            ConversationCommand::Change(ChangeConversation {
                title: None,
                history: None,
                policy,
                by,
                now: Timestamp::from_millis(self.now),
            }),
        );
    }

    /// Runs a random command about joining, links, silences or bans.
    pub(super) fn run_access_command(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let user = self.random_user();
        let now = Timestamp::from_millis(self.now);
        let kind = *self.rng.pick(&[SanctionKind::Silence, SanctionKind::Ban]);
        let link = LinkId::new(u128::from(self.rng.below(4)));
        let decision = JoinDecision {
            user: user.clone(),
            by: by.clone(),
            now,
        };
        let command = match self.rng.below(10) {
            0 => AccessCommand::Sanction(SanctionUser {
                kind,
                user,
                until: None,
                reason: SanctionReason::parse("a reason").ok(),
                by,
                by_moderator: self.rng.chance(30),
                now,
            }),
            1..3 => AccessCommand::Lift(LiftSanction {
                kind,
                user,
                by,
                by_moderator: true,
                now,
            }),
            3..6 => AccessCommand::Join(JoinConversation {
                user,
                note: JoinNote::parse("a note").ok(),
                now,
            }),
            6 => AccessCommand::Admit(decision),
            7 => AccessCommand::Decline(decision),
            8 if !self.has_link(&id, &link) => AccessCommand::CreateLink(CreateLink {
                link,
                max_uses: Some(3),
                expires_at: None,
                by,
                now,
            }),
            8 => AccessCommand::EndLink(EndLink { link, by }),
            _ => AccessCommand::JoinByLink(JoinByLink { link, user, now }),
        };
        self.run_command(&id, ConversationCommand::Access(command));
    }

    /// Whether this link was ever created: a real id is never used twice.
    pub(super) fn has_link(&self, id: &ConversationId, link: &LinkId) -> bool {
        let created = format!("{{\"link\":\"{link}\",\"max");
        let mut events = self.log.iter();
        events.any(|event| {
            event.aggregate_id == id.as_str() && event.data.get().starts_with(&created)
        })
    }
}
