//! What is done for moderators because of the events of the log: a pure fold in its order. Cases
//! are opened for texts that were flagged, for messages that are held and for floods; those who
//! flood are silenced.

use domain::case::target::{CaseTarget, HeldId};
use domain::conversation::event::{ConversationEvent, MessageSent};
use domain::deployment::content::ContentAction;
use domain::deployment::event::DeploymentEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::{EventDecodeError, EventFamily as _};
use domain::ids::{ConversationId, RuleName, UserId};
use domain::profile::event::ProfileEvent;
use search::body::searchable_text;
use serde::Deserialize;

use crate::flood::{FloodAct, FloodDetector, FloodOffence, SentText};

const MESSAGE_SENT: &str = "message_sent";
const MESSAGE_HELD: &str = "message_held";
const FLOOD_RULES_SET: &str = "flood_rules_set";
const WORD_LIST_SET: &str = "word_list_set";
const LINK_RULES_SET: &str = "link_rules_set";

/// The events that can have flags.
const FLAGGED_TYPES: [&str; 6] = [
    MESSAGE_SENT,
    "message_edited",
    "conversation_created",
    "conversation_changed",
    "conversation_policy_changed",
    "profile_changed",
];

/// What is done because of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModerationAct {
    /// A case is opened for a flagged text.
    Flag(FlagAct),
    /// A case is opened for a message that is held.
    Hold(HoldAct),
    /// A case is opened for a flood, and its sender may be silenced.
    Flood(FloodAct),
}

impl ModerationAct {
    /// The flood, if it is about one.
    pub fn offence(&self) -> Option<&FloodOffence> {
        match self {
            Self::Flood(flood) => Some(&flood.offence),
            Self::Flag(_) | Self::Hold(_) => None,
        }
    }
}

/// The data of [`ModerationAct::Flag`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagAct {
    /// The position of the event that stored the text.
    pub position: i64,
    /// What the case is about.
    pub target: CaseTarget,
    /// Who wrote the text.
    pub author: UserId,
    /// The rules that flagged it.
    pub rules: Vec<RuleName>,
}

/// The data of [`ModerationAct::Hold`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldAct {
    /// The position of the event that holds the message.
    pub position: i64,
    /// What the case is about.
    pub target: CaseTarget,
    /// Why it is held.
    pub reason: String,
}

/// The fold.
#[derive(Debug, Default)]
pub struct ModerationFold {
    floods: FloodDetector,
    /// Whether there has ever been a rule that flags.
    has_flags: bool,
}

/// Which events the fold needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeededEvents {
    /// Whether it needs all messages, because there are flood rules.
    pub messages: bool,
    /// Whether it needs events with flags, because there has been a rule that flags.
    pub flagged: bool,
}

impl NeededEvents {
    /// The types of the events that it needs all of.
    pub fn types(self) -> impl Iterator<Item = &'static str> {
        let rules = [WORD_LIST_SET, LINK_RULES_SET].into_iter();
        let rules = rules.filter(move |_| !self.flagged);
        let messages = self.messages.then_some(MESSAGE_SENT);
        [FLOOD_RULES_SET, MESSAGE_HELD]
            .into_iter()
            .chain(rules)
            .chain(messages)
    }

    /// The types of the events that it needs if they have flags.
    pub fn flagged_types(self) -> &'static [&'static str] {
        if self.flagged { &FLAGGED_TYPES } else { &[] }
    }
}

/// The part of `message_held` that its case needs.
#[derive(Deserialize)]
struct HeldMessageFields {
    held_id: HeldId,
    conversation: ConversationId,
    #[serde(default)]
    reason: Option<String>,
}

impl ModerationFold {
    /// The fold as it was after an earlier event, if the detector is as it was then. `has_flags` is
    /// whether there had been a rule that flags.
    pub fn resume(floods: FloodDetector, has_flags: bool) -> Self {
        Self { floods, has_flags }
    }

    /// Which events it needs next.
    pub fn needed(&self) -> NeededEvents {
        NeededEvents {
            messages: self.floods.has_rules(),
            flagged: self.has_flags,
        }
    }

    /// The flood rules, with what they have counted.
    pub fn floods(&self) -> &FloodDetector {
        &self.floods
    }

    /// Applies an event of a conversation whose acts have been done.
    pub fn remember(&mut self, event: &Envelope) -> Result<(), EventDecodeError> {
        let data = event.data.get().as_bytes();
        let decoded = ConversationEvent::decode(&event.event_type, event.version, data)?;
        if let ConversationEvent::MessageSent(sent) = decoded {
            with_text(event, &sent, |text| self.floods.remember(text));
        }
        Ok(())
    }

    /// Applies the next event. Returns what is done because of it.
    pub fn apply(&mut self, event: &Envelope) -> Result<Vec<ModerationAct>, EventDecodeError> {
        match event.aggregate {
            AggregateKind::Conversation => self.apply_conversation(event),
            AggregateKind::Profile => flag_profile(event),
            AggregateKind::Mailbox => hold_message(event),
            AggregateKind::Deployment => {
                let data = event.data.get().as_bytes();
                let decoded = DeploymentEvent::decode(&event.event_type, event.version, data)?;
                self.apply_rules(decoded, event.position);
                Ok(Vec::new())
            }
            AggregateKind::Case | AggregateKind::File | AggregateKind::Desk => Ok(Vec::new()),
        }
    }

    fn apply_rules(&mut self, event: DeploymentEvent, position: i64) {
        let action = match event {
            DeploymentEvent::FloodRulesSet(set) => {
                self.floods.set_rules(set.rules, position);
                return;
            }
            DeploymentEvent::WordListSet(set) => set.action,
            DeploymentEvent::LinkRulesSet(set) => set.action,
            _ => return,
        };
        // What such a rule flags may be stored after it has been replaced.
        self.has_flags |= action == ContentAction::Flag;
    }

    fn apply_conversation(
        &mut self,
        event: &Envelope,
    ) -> Result<Vec<ModerationAct>, EventDecodeError> {
        let data = event.data.get().as_bytes();
        let decoded = ConversationEvent::decode(&event.event_type, event.version, data)?;
        let Ok(conversation) = ConversationId::parse(&event.aggregate_id) else {
            return Ok(Vec::new());
        };
        let mut acts = Vec::new();
        if let Some((target, author)) = flagged_text(&decoded, conversation) {
            acts.push(ModerationAct::Flag(FlagAct {
                position: event.position,
                target,
                author,
                rules: decoded.flags().to_vec(),
            }));
        }
        if let ConversationEvent::MessageSent(sent) = &decoded {
            let floods = with_text(event, sent, |text| self.floods.apply(text));
            let floods = floods.unwrap_or_default().into_iter();
            acts.extend(floods.map(ModerationAct::Flood));
        }
        Ok(acts)
    }
}

/// Looks at the text of a message, if it has one and was not imported.
fn with_text<T>(
    event: &Envelope,
    sent: &MessageSent,
    look: impl FnOnce(&SentText<'_>) -> T,
) -> Option<T> {
    if sent.is_imported(event.time) {
        return None;
    }
    let conversation = ConversationId::parse(&event.aggregate_id).ok()?;
    // Names of files are no texts: those of photos differ in digits alone.
    let text = searchable_text("text", sent.body.as_json());
    (!text.is_empty()).then(|| {
        look(&SentText {
            position: event.position,
            at: event.time,
            conversation: &conversation,
            seq: sent.seq,
            sender: &sent.sender,
            text: &text,
        })
    })
}

/// What the case of a flagged text is about, and who wrote the text; `None` for an event without
/// flags.
fn flagged_text(
    event: &ConversationEvent,
    conversation: ConversationId,
) -> Option<(CaseTarget, UserId)> {
    use ConversationEvent as E;
    if event.flags().is_empty() {
        return None;
    }
    Some(match event {
        E::MessageSent(sent) => {
            let seq = sent.seq;
            (
                CaseTarget::Message { conversation, seq },
                sent.sender.clone(),
            )
        }
        E::MessageEdited(edited) => {
            let seq = edited.seq;
            (CaseTarget::Message { conversation, seq }, edited.by.clone())
        }
        E::ConversationCreated(created) => (
            CaseTarget::Conversation { conversation },
            created.by.clone(),
        ),
        E::ConversationChanged(changed) => (
            CaseTarget::Conversation { conversation },
            changed.by.clone(),
        ),
        E::ConversationPolicyChanged(changed) => (
            CaseTarget::Conversation { conversation },
            changed.by.clone(),
        ),
        _ => return None,
    })
}

fn flag_profile(event: &Envelope) -> Result<Vec<ModerationAct>, EventDecodeError> {
    let data = event.data.get().as_bytes();
    let ProfileEvent::ProfileChanged(changed) =
        ProfileEvent::decode(&event.event_type, event.version, data)?
    else {
        return Ok(Vec::new());
    };
    let user = UserId::parse(&event.aggregate_id).ok();
    let flagged = user.filter(|_| !changed.flags.is_empty()).map(|user| {
        ModerationAct::Flag(FlagAct {
            position: event.position,
            target: CaseTarget::User { user },
            author: changed.by,
            rules: changed.flags,
        })
    });
    Ok(flagged.into_iter().collect())
}

fn hold_message(event: &Envelope) -> Result<Vec<ModerationAct>, EventDecodeError> {
    if event.event_type != MESSAGE_HELD {
        return Ok(Vec::new());
    }
    let decoded = serde_json::from_str(event.data.get());
    let held: HeldMessageFields = decoded.map_err(|error| EventDecodeError {
        event_type: event.event_type.clone(),
        version: event.version,
        reason: error.to_string(),
    })?;
    let HeldMessageFields {
        held_id,
        conversation,
        reason,
    } = held;
    let user = UserId::parse(&event.aggregate_id).ok();
    let held = user.map(|user| {
        ModerationAct::Hold(HoldAct {
            position: event.position,
            target: CaseTarget::Held {
                user,
                held_id,
                conversation,
            },
            reason: reason.unwrap_or_default(),
        })
    });
    Ok(held.into_iter().collect())
}
