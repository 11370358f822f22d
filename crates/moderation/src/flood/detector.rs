//! Compares each message with the flood rules, and decides what happens to its sender.

use domain::deployment::flood::{FloodAction, FloodReach, FloodRule, RuleDuration};
use domain::digest;
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;

use super::near_equal::near_equal_form;
use super::offences::{DAY_MS, FloodOffence, FloodSilence, Offences};
use super::recent_texts::{MAX_WINDOW_EVENTS, RecentTexts};

/// How long a further silence within a day lasts at least, in milliseconds: half an hour.
const MIN_FURTHER_SILENCE_MS: i64 = 30 * 60 * 1_000;

/// A message that was sent, as far as flood rules look at it.
#[derive(Debug, Clone, Copy)]
pub struct SentText<'a> {
    /// The position of its event.
    pub position: i64,
    /// When it was appended.
    pub at: Timestamp,
    /// The conversation.
    pub conversation: &'a ConversationId,
    /// Its seq there.
    pub seq: i64,
    /// The sender.
    pub sender: &'a UserId,
    /// The text.
    pub text: &'a str,
}

/// What happens because of a flood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloodAct {
    /// The flood. Its message is the one that completed it.
    pub offence: FloodOffence,
    /// The conversation of that message.
    pub conversation: ConversationId,
    /// The rule.
    pub rule: FloodRule,
    /// The silence, if the rule asks for one.
    pub silence: Option<FloodSilence>,
}

/// The flood rules with what they have counted.
#[derive(Debug, Default)]
pub struct FloodDetector {
    rules: Vec<FloodRule>,
    /// The position of the event that set them. They count the messages after it.
    since: i64,
    texts: RecentTexts,
    offences: Offences,
}

impl FloodDetector {
    /// The detector as it was after an earlier message: `rules` have been in force since the event
    /// at position `since`, and `offences` are those that it had returned. Before it goes on, it
    /// must be given what it still counts; see [`Self::remembered_from`].
    pub fn resume(
        rules: Vec<FloodRule>,
        since: i64,
        offences: impl IntoIterator<Item = FloodOffence>,
    ) -> Self {
        let mut detector = Self {
            rules,
            since,
            ..Self::default()
        };
        let mut offences: Vec<_> = offences.into_iter().collect();
        offences.sort_by_key(|offence| offence.position);
        for offence in offences {
            detector.offences.insert(offence);
        }
        detector
    }

    /// Which messages a detector counts that goes on after the event at this position and time:
    /// those after a position and from a time on. `None` if it counts none.
    pub fn remembered_from(&self, position: i64, at: Timestamp) -> Option<(i64, Timestamp)> {
        let longest = self.longest_ms()?;
        let from = self.since.max(position - MAX_WINDOW_EVENTS);
        Some((from, Timestamp::from_millis(at.millis() - longest)))
    }

    /// Whether there are rules.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Replaces the rules. What was sent before is not counted.
    pub fn set_rules(&mut self, rules: Vec<FloodRule>, position: i64) {
        self.rules = rules;
        self.since = position;
        self.texts.clear();
    }

    /// The position of the oldest offence that still makes a difference.
    pub fn first_offence(&self) -> Option<i64> {
        self.offences.first_position()
    }

    /// Counts a message without deciding anything.
    pub fn remember(&mut self, sent: &SentText<'_>) {
        self.count(sent);
    }

    /// Counts the next message, and decides what happens because of it.
    pub fn apply(&mut self, sent: &SentText<'_>) -> Vec<FloodAct> {
        let Some(keys) = self.count(sent) else {
            return Vec::new();
        };
        let mut acts = Vec::new();
        for (reach, key) in keys {
            let broken = self.rules.iter().filter(|rule| rule.across == reach);
            let broken = broken.filter(|rule| self.is_broken(rule, key, sent));
            // Of rules that are equally strict, the last one counts.
            let strictest = broken.max_by_key(|rule| (rule.then, lasting_ms(rule)));
            if let Some(rule) = strictest.cloned() {
                let act = self.decide(rule, sent);
                self.offences.insert(act.offence.clone());
                acts.push(act);
            }
        }
        acts
    }

    /// Counts a message in each way that a rule needs. Returns the keys under which it is counted.
    fn count(&mut self, sent: &SentText<'_>) -> Option<Vec<(FloodReach, u128)>> {
        let longest = self.longest_ms()?;
        let oldest = Timestamp::from_millis(sent.at.millis() - longest);
        self.texts.forget(sent.position - MAX_WINDOW_EVENTS, oldest);
        let form = near_equal_form(sent.text)?;
        let reaches = [FloodReach::Conversation, FloodReach::All];
        let used = reaches.map(|reach| {
            let is_used = self.rules.iter().any(|rule| rule.across == reach);
            is_used.then(|| (reach, text_key(reach, sent, &form)))
        });
        let keys: Vec<_> = used.into_iter().flatten().collect();
        for (_, key) in &keys {
            self.texts.push(*key, sent.position, sent.at);
        }
        Some(keys)
    }

    /// Whether a message completes what a rule forbids. Messages up to the last offence are not
    /// counted, and neither are those that were sent while its silence began to count.
    fn is_broken(&self, rule: &FloodRule, key: u128, sent: &SentText<'_>) -> bool {
        let Some(first) = self.texts.find_back(key, rule.same_text) else {
            return false;
        };
        let offence = self.find_offence(rule.across, sent);
        let is_new = offence.is_none_or(|offence| {
            let silence = offence.silence;
            first.position > offence.position
                && silence.is_none_or(|silence| first.at >= silence.until)
        });
        is_new && sent.at.millis() - first.at.millis() <= rule.within.millis()
    }

    fn find_offence(&self, reach: FloodReach, sent: &SentText<'_>) -> Option<&FloodOffence> {
        let conversation = match reach {
            FloodReach::Conversation => Some(sent.conversation),
            FloodReach::All => None,
        };
        self.offences.find(conversation, sent.sender)
    }

    fn decide(&self, rule: FloodRule, sent: &SentText<'_>) -> FloodAct {
        let day_ago = sent.at.millis() - DAY_MS;
        let known = self.find_offence(rule.across, sent);
        let last = known.filter(|offence| offence.at.millis() >= day_ago);
        let last_silence = known.and_then(|offence| offence.silence);
        let last_silence = last_silence.filter(|silence| silence.from.millis() >= day_ago);
        let silence = (rule.then == FloodAction::Silence).then(|| {
            let first = lasting_ms(&rule);
            let lasting = last_silence.map_or(first, |silence| {
                let doubled = silence.millis().saturating_mul(2);
                doubled.max(MIN_FURTHER_SILENCE_MS).min(first.max(DAY_MS))
            });
            FloodSilence {
                from: sent.at,
                until: Timestamp::from_millis(sent.at.millis() + lasting),
            }
        });
        let is_local = rule.across == FloodReach::Conversation;
        FloodAct {
            offence: FloodOffence {
                position: sent.position,
                at: sent.at,
                sender: sent.sender.clone(),
                conversation: is_local.then(|| sent.conversation.clone()),
                seq: last.map_or(sent.seq, |offence| offence.seq),
                silence: silence.or(last_silence),
            },
            conversation: sent.conversation.clone(),
            rule,
            silence,
        }
    }

    fn longest_ms(&self) -> Option<i64> {
        self.rules.iter().map(|rule| rule.within.millis()).max()
    }
}

/// How long the first silence of a rule lasts.
fn lasting_ms(rule: &FloodRule) -> i64 {
    rule.lasting.as_ref().map_or(0, RuleDuration::millis)
}

/// The key of the texts that are counted together.
fn text_key(reach: FloodReach, sent: &SentText<'_>, form: &str) -> u128 {
    let place = match reach {
        FloodReach::Conversation => sent.conversation.as_str(),
        FloodReach::All => "",
    };
    digest::fingerprint(&[
        place.as_bytes(),
        sent.sender.as_str().as_bytes(),
        form.as_bytes(),
    ])
}
