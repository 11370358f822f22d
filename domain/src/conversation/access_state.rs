//! What a conversation knows of its policy, silences and bans, join requests and links. It is
//! stored in snapshots; the serialized field names must not change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::access_command::SanctionKind;
use super::access_event::{LinkCreated, MemberSanction};
use super::settings::{ConversationPolicy, SlowMode};
use crate::digest;
use crate::ids::{JoinNote, SanctionReason, UserId};
use crate::link_code::LinkId;
use crate::time::Timestamp;

/// A silence or a ban.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SanctionState {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SanctionReason>,
}

impl SanctionState {
    /// Whether it has not ended by itself.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A link that was not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LinkState {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How many users have joined by it.
    pub uses: u32,
}

impl LinkState {
    /// Whether users can still join by it.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.max_uses.is_none_or(|most| self.uses < most)
            && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

/// The digest of a note: it reveals a request that changes nothing. The text would stay in
/// snapshots and caches after the erasure of its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoteDigest(#[serde(with = "crate::digest")] u128);

impl NoteDigest {
    pub fn compute(note: &JoinNote) -> Self {
        Self(digest::fingerprint(&[note.as_str().as_bytes()]))
    }
}

/// The part of a conversation's state that decides about access.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct AccessState {
    pub policy: ConversationPolicy,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub silences: BTreeMap<UserId, SanctionState>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub bans: BTreeMap<UserId, SanctionState>,
    /// The pending join requests, with the digests of their notes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub join_requests: BTreeMap<UserId, Option<NoteDigest>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<LinkId, LinkState>,
    /// When each user last sent a message in slow mode. Leaving does not remove a user from it, so
    /// that rejoining is no way around the wait.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub slow_sends: BTreeMap<UserId, Timestamp>,
}

impl AccessState {
    /// Whether nothing was ever set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn sanctions(&self, kind: SanctionKind) -> &BTreeMap<UserId, SanctionState> {
        match kind {
            SanctionKind::Silence => &self.silences,
            SanctionKind::Ban => &self.bans,
        }
    }

    pub fn sanctions_mut(&mut self, kind: SanctionKind) -> &mut BTreeMap<UserId, SanctionState> {
        match kind {
            SanctionKind::Silence => &mut self.silences,
            SanctionKind::Ban => &mut self.bans,
        }
    }

    /// The silence or ban of a user, unless it has ended by itself.
    pub fn sanction_in_force(
        &self,
        kind: SanctionKind,
        user: &UserId,
        now: Timestamp,
    ) -> Option<&SanctionState> {
        let sanction = self.sanctions(kind).get(user);
        sanction.filter(|sanction| sanction.is_in_force(now))
    }

    pub fn apply_sanction(&mut self, kind: SanctionKind, sanction: MemberSanction) {
        if kind == SanctionKind::Ban {
            self.join_requests.remove(&sanction.user);
        }
        let MemberSanction {
            user,
            until,
            reason,
            ..
        } = sanction;
        let sanctions = self.sanctions_mut(kind);
        sanctions.insert(user, SanctionState { until, reason });
    }

    pub fn apply_link_created(&mut self, created: LinkCreated) {
        let link = LinkState {
            max_uses: created.max_uses,
            expires_at: created.expires_at,
            uses: 0,
        };
        self.links.insert(created.link, link);
    }

    /// A user joined, by a link if there is one.
    pub fn apply_join(&mut self, user: &UserId, link: Option<&LinkId>) {
        self.join_requests.remove(user);
        if let Some(link) = link.and_then(|link| self.links.get_mut(link)) {
            link.uses = link.uses.saturating_add(1);
        }
    }

    /// A user sent a message.
    pub fn apply_sent(&mut self, sender: &UserId, sent_at: Timestamp) {
        if self.policy.slow_mode == SlowMode::default() {
            return;
        }
        let is_new = self.slow_sends.insert(sender.clone(), sent_at).is_none();
        // Forgets those who need not wait any more, each time that the number of users has doubled.
        if is_new && self.slow_sends.len() >= 1_024 && self.slow_sends.len().is_power_of_two() {
            let longest = i64::from(SlowMode::MAX_SECONDS) * 1_000;
            let oldest = sent_at.millis().saturating_sub(longest);
            self.slow_sends.retain(|_, sent| sent.millis() > oldest);
        }
    }

    /// Removes everything that users wrote.
    pub fn erase_texts(&mut self) {
        self.policy = std::mem::take(&mut self.policy).without_text();
        for sanction in self.silences.values_mut().chain(self.bans.values_mut()) {
            sanction.reason = None;
        }
        for note in self.join_requests.values_mut() {
            *note = None;
        }
    }
}
