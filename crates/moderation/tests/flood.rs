//! The flood detector: what it counts, what it does, and that the same log gives the same acts.

#![allow(clippy::unwrap_used)]

use domain::deployment::flood::{FloodAction, FloodReach, FloodRule, RuleDuration};
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use moderation::flood::{FloodAct, FloodDetector, FloodOffence, SentText};
use proptest::prelude::*;

const MINUTE: i64 = 60_000;

fn rule(same_text: u32, within: &str, across: FloodReach, lasting: Option<&str>) -> FloodRule {
    let duration = |text: &str| RuleDuration::parse(text).unwrap();
    FloodRule {
        same_text,
        within: duration(within),
        across,
        then: match lasting {
            Some(_) => FloodAction::Silence,
            None => FloodAction::Flag,
        },
        lasting: lasting.map(duration),
    }
}

fn silencing() -> FloodRule {
    rule(3, "30s", FloodReach::Conversation, Some("1m"))
}

/// An event of a log, as far as the detector looks at it. Its position is its place.
#[derive(Debug, Clone)]
enum LogEvent {
    Sent {
        sender: &'static str,
        conversation: &'static str,
        text: &'static str,
    },
    Rules(Vec<FloodRule>),
}

/// An event, and how many milliseconds after the one before it.
type TimedEvent = (i64, LogEvent);

fn sent(sender: &'static str, conversation: &'static str, text: &'static str) -> LogEvent {
    LogEvent::Sent {
        sender,
        conversation,
        text,
    }
}

/// A detector with the part of its state that is stored.
#[derive(Default)]
struct Follower {
    detector: FloodDetector,
    rules: (Vec<FloodRule>, i64),
    offences: Vec<FloodOffence>,
    position: i64,
    now: i64,
    acts: Vec<FloodAct>,
}

impl Follower {
    fn follow(&mut self, events: &[TimedEvent]) {
        for (pause, event) in events {
            self.position += 1;
            self.now += pause;
            let acts = apply(event, self.position, self.now, |text| {
                self.detector.apply(text)
            });
            if let LogEvent::Rules(rules) = event {
                self.detector.set_rules(rules.clone(), self.position);
                self.rules = (rules.clone(), self.position);
            }
            self.store(acts.unwrap_or_default());
        }
    }

    /// What the table of offences does.
    fn store(&mut self, acts: Vec<FloodAct>) {
        for act in &acts {
            let new = &act.offence;
            self.offences
                .retain(|old| (&old.sender, &old.conversation) != (&new.sender, &new.conversation));
            self.offences.push(new.clone());
            let first = self.detector.first_offence().unwrap();
            self.offences.retain(|old| old.position >= first);
        }
        self.acts.extend(acts);
    }

    /// A new process continues with what is stored, and reads a part of the log again.
    fn restart(&mut self, log: &[TimedEvent]) {
        let (rules, since) = self.rules.clone();
        self.detector = FloodDetector::resume(rules, since, self.offences.clone());
        let now = Timestamp::from_millis(self.now);
        let Some((after, from)) = self.detector.remembered_from(self.position, now) else {
            return;
        };
        let mut at = 0;
        for ((pause, event), position) in log.iter().zip(1..=self.position) {
            at += pause;
            if position > after && at >= from.millis() {
                apply(event, position, at, |text| self.detector.remember(text));
            }
        }
    }
}

fn apply<T>(
    event: &LogEvent,
    position: i64,
    at: i64,
    look: impl FnOnce(&SentText<'_>) -> T,
) -> Option<T> {
    let LogEvent::Sent {
        sender,
        conversation,
        text,
    } = event
    else {
        return None;
    };
    Some(look(&SentText {
        position,
        at: Timestamp::from_millis(at),
        conversation: &ConversationId::parse(conversation).unwrap(),
        seq: position,
        sender: &UserId::parse(sender).unwrap(),
        text,
    }))
}

fn follow(rules: Vec<FloodRule>, events: impl IntoIterator<Item = TimedEvent>) -> Vec<FloodAct> {
    let mut follower = Follower::default();
    follower.follow(&[(0, LogEvent::Rules(rules))]);
    follower.follow(&events.into_iter().collect::<Vec<_>>());
    follower.acts
}

/// The positions of the acts, and how many minutes each silences.
fn outline(acts: &[FloodAct]) -> Vec<(i64, Option<i64>)> {
    let minutes = |act: &FloodAct| {
        let silence = act.silence?;
        Some((silence.until.millis() - silence.from.millis()) / MINUTE)
    };
    acts.iter()
        .map(|act| (act.offence.position, minutes(act)))
        .collect()
}

#[test]
fn near_equal_texts_of_a_sender_within_the_time_are_a_flood() {
    // Positions 2, 3, ...: the rules are at 1.
    let buy = |text| sent("ann", "c", text);
    let acts = follow(
        vec![silencing()],
        [
            (1_000, buy("Buy now!")),
            (1_000, sent("bob", "c", "buy now")),
            (1_000, buy("buy now 2")),
            (1_000, sent("ann", "d", "buy now")),
            (1_000, buy("something else")),
            (1_000, buy("BUY, NOW")),
        ],
    );
    assert_eq!(outline(&acts), [(7, Some(1))]);
    assert_eq!(acts[0].offence.sender.as_str(), "ann");
    assert_eq!(acts[0].offence.seq, 7);
}

#[test]
fn the_time_counts_from_the_first_to_the_last_of_them() {
    let buy = || sent("ann", "c", "buy");
    let just = follow(
        vec![silencing()],
        [(0, buy()), (15_000, buy()), (15_000, buy())],
    );
    assert_eq!(outline(&just), [(4, Some(1))]);
    let late = follow(
        vec![silencing()],
        [(0, buy()), (15_000, buy()), (15_001, buy())],
    );
    assert_eq!(outline(&late), []);
}

#[test]
fn a_rule_across_all_counts_the_conversations_together() {
    let all = rule(3, "30s", FloodReach::All, Some("1m"));
    let texts = || ["a", "b", "c"].map(|conversation| (0, sent("ann", conversation, "buy")));
    let acts = follow(vec![all.clone()], texts());
    assert_eq!(outline(&acts), [(4, Some(1))]);
    assert_eq!(acts[0].offence.conversation, None);
    assert_eq!(outline(&follow(vec![silencing()], texts())), []);
    // Both are broken by the same message.
    let same = || [0; 3].map(|pause| (pause, sent("ann", "c", "buy")));
    assert_eq!(outline(&follow(vec![all, silencing()], same())).len(), 2);
}

#[test]
fn of_several_rules_the_strictest_counts() {
    let rules = vec![
        rule(2, "1m", FloodReach::Conversation, None),
        rule(3, "1m", FloodReach::Conversation, Some("1m")),
        rule(3, "1m", FloodReach::Conversation, Some("5m")),
    ];
    let buy = || sent("ann", "c", "buy");
    // The flag at the second message begins the count again.
    let acts = follow(rules.clone(), [0; 4].map(|pause| (pause, buy())));
    assert_eq!(outline(&acts), [(3, None), (5, None)]);
    let acts = follow(rules[1..].to_vec(), [0; 3].map(|pause| (pause, buy())));
    assert_eq!(outline(&acts), [(4, Some(5))]);
}

#[test]
fn further_silences_within_a_day_last_longer() {
    let flood = |pause: i64| {
        let first = (pause, sent("ann", "c", "buy"));
        [first]
            .into_iter()
            .chain([0; 2].map(|pause| (pause, sent("ann", "c", "buy"))))
    };
    let day = 24 * 60 * MINUTE;
    let events = [
        0,
        2 * MINUTE,
        40 * MINUTE,
        90 * MINUTE,
        5 * 60 * MINUTE,
        day + 1,
    ];
    let acts = follow(vec![silencing()], events.into_iter().flat_map(flood));
    let minutes: Vec<_> = outline(&acts)
        .into_iter()
        .filter_map(|(_, minutes)| minutes)
        .collect();
    assert_eq!(minutes, [1, 30, 60, 120, 240, 1]);
    // All but the last one belong to the case of the first.
    let seqs: Vec<_> = acts.iter().map(|act| act.offence.seq).collect();
    assert_eq!(seqs, [4, 4, 4, 4, 4, 19]);
}

#[test]
fn messages_during_a_silence_are_not_counted() {
    // They were on their way, or a moderator has lifted the silence.
    let buy = |pause| (pause, sent("ann", "c", "buy"));
    let acts = follow(
        vec![rule(2, "5m", FloodReach::Conversation, Some("1m"))],
        [
            buy(0),
            buy(0),
            buy(1_000),
            buy(1_000),
            buy(MINUTE),
            buy(1_000),
        ],
    );
    assert_eq!(outline(&acts), [(3, Some(1)), (7, Some(30))]);
}

#[test]
fn new_rules_count_from_their_beginning() {
    let buy = || (0, sent("ann", "c", "buy"));
    let again = || (0, LogEvent::Rules(vec![silencing()]));
    assert_eq!(
        outline(&follow(vec![silencing()], [buy(), buy(), again(), buy()])),
        []
    );
    let none = (0, LogEvent::Rules(Vec::new()));
    assert_eq!(
        outline(&follow(vec![silencing()], [none, buy(), buy(), buy()])),
        []
    );
}

fn any_event() -> impl Strategy<Value = LogEvent> {
    let text = (
        prop::sample::select(vec!["ann", "bob"]),
        prop::sample::select(vec!["c", "d"]),
        prop::sample::select(vec!["buy", "buy 2", "hello", "7"]),
    );
    let sending = text.prop_map(|(sender, conversation, text)| sent(sender, conversation, text));
    let one_rule = (
        2_u32..5,
        prop::sample::select(vec!["5s", "1m", "1h", "1d"]),
        prop::sample::select(vec![FloodReach::Conversation, FloodReach::All]),
        prop::sample::select(vec![None, Some("10s"), Some("1h"), Some("2d")]),
    );
    let one_rule =
        one_rule.prop_map(|(count, within, across, lasting)| rule(count, within, across, lasting));
    let rules = prop::collection::vec(one_rule, 0..4).prop_map(LogEvent::Rules);
    prop_oneof![30 => sending, 1 => rules]
}

fn any_log() -> impl Strategy<Value = Vec<TimedEvent>> {
    let pause = prop_oneof![
        8 => 0_i64..4_000,
        1 => 0_i64..2 * 60 * MINUTE,
        1 => 0_i64..30 * 60 * MINUTE,
    ];
    prop::collection::vec((pause, any_event()), 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn restarts_at_any_place_change_nothing(
        log in any_log(),
        restarts in prop::collection::btree_set(0_usize..120, 0..6),
    ) {
        let begin = vec![(0, LogEvent::Rules(vec![silencing(), rule(2, "1m", FloodReach::All, None)]))];
        let log: Vec<TimedEvent> = begin.into_iter().chain(log).collect();
        let mut whole = Follower::default();
        whole.follow(&log);
        let mut pieces = Follower::default();
        let mut done = 0;
        for end in restarts.into_iter().map(|end| end.min(log.len())).chain([log.len()]) {
            pieces.follow(&log[done..end]);
            pieces.restart(&log);
            done = end;
        }
        prop_assert_eq!(whole.acts, pieces.acts);
    }
}
