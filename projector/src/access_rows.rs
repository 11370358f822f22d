//! The rows of a batch about policies, silences and bans, join requests and links.

use std::collections::BTreeMap;

use domain::conversation::settings::ConversationPolicy;
use domain::ids::{JoinNote, SanctionReason, UserId};
use domain::link_code::LinkId;
use domain::time::Timestamp;

use crate::row_cache::MemberKey;

/// The policy of a conversation after an event that changed it.
#[derive(Debug)]
pub(crate) struct PolicyVersion {
    pub conversation: i64,
    pub position: i64,
    pub policy: ConversationPolicy,
}

/// A silence or a ban.
#[derive(Debug)]
pub(crate) struct SanctionRow {
    pub position: i64,
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    pub reason: Option<SanctionReason>,
    pub by: UserId,
}

/// A pending join request.
#[derive(Debug)]
pub(crate) struct JoinRequestRow {
    pub position: i64,
    pub at: Timestamp,
    pub note: Option<JoinNote>,
}

/// A link.
#[derive(Debug)]
pub(crate) struct LinkRow {
    pub position: i64,
    pub at: Timestamp,
    pub max_uses: Option<u32>,
    pub expires_at: Option<Timestamp>,
    pub uses: i64,
    pub by: UserId,
}

/// The conversation and the link.
pub(crate) type LinkKey = (i64, LinkId);

/// The final state of each changed row after the batch; `None` if the row is gone.
#[derive(Debug, Default)]
pub(crate) struct AccessRows {
    pub policies: Vec<PolicyVersion>,
    pub silences: BTreeMap<MemberKey, Option<SanctionRow>>,
    pub bans: BTreeMap<MemberKey, Option<SanctionRow>>,
    pub join_requests: BTreeMap<MemberKey, Option<JoinRequestRow>>,
    pub links: BTreeMap<LinkKey, Option<LinkRow>>,
    /// How many users have joined by links that are older than the batch.
    pub link_uses: BTreeMap<LinkKey, i64>,
}

impl AccessRows {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Self {
            policies,
            silences,
            bans,
            join_requests,
            links,
            link_uses,
        } = self;
        policies.is_empty()
            && silences.is_empty()
            && bans.is_empty()
            && join_requests.is_empty()
            && links.is_empty()
            && link_uses.is_empty()
    }

    /// A user joined by this link.
    pub fn use_link(&mut self, key: LinkKey) {
        match self.links.get_mut(&key) {
            Some(Some(link)) => link.uses += 1,
            Some(None) => {}
            None => *self.link_uses.entry(key).or_default() += 1,
        }
    }

    /// Ends a link.
    pub fn end_link(&mut self, key: LinkKey) {
        self.link_uses.remove(&key);
        self.links.insert(key, None);
    }

    /// Removes the notes of a user from the join requests of this batch.
    pub fn erase_notes(&mut self, user: i64) {
        let requests = self.join_requests.iter_mut();
        for (_, request) in requests.filter(|(key, _)| key.1 == user) {
            if let Some(request) = request {
                request.note = None;
            }
        }
    }

    /// Removes what users wrote about a conversation in this batch.
    pub fn erase_texts(&mut self, conversation: i64) {
        let versions = self.policies.iter_mut();
        for version in versions.filter(|version| version.conversation == conversation) {
            version.policy = std::mem::take(&mut version.policy).without_text();
        }
        let sanctions = self.silences.iter_mut().chain(&mut self.bans);
        for (_, sanction) in sanctions.filter(|(key, _)| key.0 == conversation) {
            if let Some(sanction) = sanction {
                sanction.reason = None;
            }
        }
        let requests = self.join_requests.iter_mut();
        for (_, request) in requests.filter(|(key, _)| key.0 == conversation) {
            if let Some(request) = request {
                request.note = None;
            }
        }
    }
}
