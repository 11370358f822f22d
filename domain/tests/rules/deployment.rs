//! What administrators and moderators set for the whole system.

use cqrs_es::Aggregate as _;
use domain::deployment::Deployment;
use domain::deployment::command::{
    DeploymentCommand, PlaceHold, RemoveRule, SetFloodRules, SetLinkRules, SetWordList,
    SwitchFeature,
};
use domain::deployment::content::{ContentAction, TextPlace, WordMatching};
use domain::deployment::event::DeploymentEvent;
use domain::deployment::feature::Feature;
use domain::deployment::flood::{FloodAction, FloodReach, FloodRule, RuleDuration};
use domain::deployment::limits::{MAX_ALL_WORDS, MAX_FLOOD_RULES, MAX_LIST_WORDS};
use domain::deployment::listed_words::ListedWords;
use domain::event::EventFamily as _;
use domain::ids::{ConversationId, RuleName, UserId};
use domain::refusal::Refusal;
use domain::time::Timestamp;

fn root() -> UserId {
    UserId::parse("root").unwrap()
}

fn name(text: &str) -> RuleName {
    RuleName::parse(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

/// A deployment, and the commands that it accepts.
#[derive(Default)]
struct World(Deployment);

impl World {
    fn run(&mut self, command: DeploymentCommand) -> Result<Vec<DeploymentEvent>, Refusal> {
        let events = self.0.decide(command)?;
        for event in events.clone() {
            self.0.apply(event);
        }
        Ok(events)
    }

    fn count(&mut self, command: DeploymentCommand) -> usize {
        self.run(command).unwrap().len()
    }

    fn refused_field(&mut self, command: DeploymentCommand) -> Option<&'static str> {
        self.run(command).unwrap_err().field
    }
}

fn switch(on: bool, until: Option<i64>, now: i64) -> DeploymentCommand {
    DeploymentCommand::SwitchFeature(SwitchFeature {
        feature: Feature::Search,
        on,
        reason: (!on).then(|| "it is slow".to_owned()),
        until: until.map(at),
        by: root(),
        now: at(now),
    })
}

fn hold(conversation: Option<&str>, user: Option<&str>) -> DeploymentCommand {
    DeploymentCommand::PlaceHold(PlaceHold {
        name: name("h"),
        conversation: conversation.map(|id| ConversationId::parse(id).unwrap()),
        user: user.map(|user| UserId::parse(user).unwrap()),
        reason: "a court has asked".to_owned(),
        by: root(),
    })
}

fn list(list: &str, words: Vec<String>) -> DeploymentCommand {
    DeploymentCommand::SetWordList(SetWordList {
        name: name(list),
        action: ContentAction::Mask,
        matching: WordMatching::Word,
        places: vec![TextPlace::Name, TextPlace::Text, TextPlace::Name],
        words: ListedWords::parse(words).unwrap(),
        by: root(),
    })
}

fn remove(rule: &str) -> RemoveRule {
    RemoveRule {
        name: name(rule),
        by: root(),
    }
}

#[test]
fn a_feature_is_off_until_it_is_switched_on_or_its_time_has_come() {
    let mut world = World::default();
    assert_eq!(world.count(switch(true, None, 1)), 0);
    assert_eq!(world.count(switch(false, Some(10), 1)), 1);
    assert_eq!(world.count(switch(false, Some(10), 2)), 0);
    assert_eq!(world.count(switch(false, Some(11), 2)), 1);
    // It is on by itself: switching it on changes nothing, and switching it off does.
    assert_eq!(world.count(switch(true, None, 11)), 0);
    assert_eq!(world.count(switch(false, None, 12)), 1);
    assert_eq!(world.count(switch(true, None, 13)), 1);
    assert_eq!(world.count(switch(true, None, 14)), 0);
}

#[test]
fn a_switch_needs_a_reason_and_a_time_in_the_future() {
    let mut world = World::default();
    assert_eq!(
        world.refused_field(switch(false, Some(5), 5)),
        Some("until")
    );
    assert_eq!(world.refused_field(switch(true, Some(9), 5)), Some("until"));
    for reason in [None, Some(" ".to_owned()), Some("r".repeat(501))] {
        let DeploymentCommand::SwitchFeature(without) = switch(false, None, 1) else {
            unreachable!("it is a switch");
        };
        let without = SwitchFeature { reason, ..without };
        let refused = world.refused_field(DeploymentCommand::SwitchFeature(without));
        assert_eq!(refused, Some("reason"));
    }
}

#[test]
fn a_hold_covers_a_conversation_a_user_or_a_user_in_a_conversation() {
    let mut world = World::default();
    let (room, other) = (
        ConversationId::parse("room").unwrap(),
        ConversationId::parse("other").unwrap(),
    );
    let ann = UserId::parse("ann").unwrap();
    assert_eq!(world.refused_field(hold(None, None)), Some("conversation"));
    let covered = |world: &World, id| {
        let scope = world.0.holds().next().unwrap().clone();
        (
            scope.covers_conversation(id),
            scope.covered_sender(id) == Some(&ann),
        )
    };
    for (command, in_room, in_other) in [
        (hold(Some("room"), None), (true, false), (false, false)),
        (hold(None, Some("ann")), (false, true), (false, true)),
        (
            hold(Some("room"), Some("ann")),
            (false, true),
            (false, false),
        ),
    ] {
        assert_eq!(world.count(command.clone()), 1);
        assert_eq!(world.count(command), 0);
        assert_eq!(covered(&world, &room), in_room);
        assert_eq!(covered(&world, &other), in_other);
    }
    // Two were replaced, and then the last one is lifted.
    assert_eq!(world.0.lifted_holds(), 2);
    assert_eq!(world.count(DeploymentCommand::LiftHold(remove("h"))), 1);
    assert_eq!(world.count(DeploymentCommand::LiftHold(remove("h"))), 0);
    assert_eq!((world.0.holds().count(), world.0.lifted_holds()), (0, 3));
}

#[test]
fn a_long_list_has_parts_that_fit_into_events() {
    let mut world = World::default();
    let words: Vec<String> = (0..12_000).map(|n| format!("word{n}")).collect();
    let events = world.run(list("l", words.clone())).unwrap();
    let mut collected = Vec::new();
    for (index, event) in events.iter().enumerate() {
        assert!(event.encode().unwrap().get().len() < 64 * 1024);
        let DeploymentEvent::WordListSet(set) = event else {
            panic!("{event:?}");
        };
        assert_eq!((set.part, set.parts), (index + 1, events.len()));
        assert_eq!(set.places, [TextPlace::Text, TextPlace::Name]);
        collected.extend(set.words.clone());
    }
    assert_eq!(collected, words);
    // When it is set again, then only a change is an event
    assert_eq!(world.count(list("l", words)), 0);
    assert_eq!(world.count(list("l", vec!["a".to_owned()])), 1);
    assert_eq!(world.count(list("l", Vec::new())), 1);
    let removal = DeploymentCommand::RemoveWordList(remove("l"));
    assert_eq!(world.count(removal.clone()), 1);
    assert_eq!(world.count(removal), 0);
}

#[test]
fn the_words_are_limited_per_list_and_together() {
    let words = |count| vec!["w".to_owned(); count];
    assert!(ListedWords::parse(words(MAX_LIST_WORDS + 1)).is_err());
    for bad in [
        String::new(),
        "w".repeat(101),
        "a\u{0}".to_owned(),
        "a\nb".to_owned(),
    ] {
        assert!(ListedWords::parse(vec![bad]).is_err());
    }
    let mut world = World::default();
    let lists = MAX_ALL_WORDS / MAX_LIST_WORDS;
    for number in 0..lists {
        assert!(world.count(list(&format!("l{number}"), words(MAX_LIST_WORDS))) > 1);
    }
    assert_eq!(
        world.refused_field(list("one-more", words(1))),
        Some("words")
    );
    assert!(world.count(list("l0", words(1))) == 1);
    assert_eq!(world.count(list("one-more", words(1))), 1);
}

#[test]
fn link_rules_replace_the_earlier_ones() {
    let mut world = World::default();
    let rules = |deny: &[&str]| {
        DeploymentCommand::SetLinkRules(SetLinkRules {
            deny: deny.iter().map(|host| (*host).to_owned()).collect(),
            allow_only: None,
            action: ContentAction::Refuse,
            by: root(),
        })
    };
    assert_eq!(world.count(rules(&[])), 0);
    assert_eq!(world.count(rules(&["evil.example"])), 1);
    assert_eq!(world.count(rules(&["evil.example"])), 0);
    assert_eq!(world.count(rules(&[])), 1);
}

fn flood_rule(
    same_text: u32,
    within: &str,
    then: FloodAction,
    lasting: Option<&str>,
) -> DeploymentCommand {
    let duration = |text: &str| RuleDuration::parse(text).unwrap();
    let rule = FloodRule {
        same_text,
        within: duration(within),
        across: FloodReach::All,
        then,
        lasting: lasting.map(duration),
    };
    DeploymentCommand::SetFloodRules(SetFloodRules {
        rules: vec![rule],
        by: root(),
    })
}

#[test]
fn flood_rules_replace_the_earlier_ones() {
    let mut world = World::default();
    let none = || {
        DeploymentCommand::SetFloodRules(SetFloodRules {
            rules: Vec::new(),
            by: root(),
        })
    };
    let silence = || flood_rule(5, "30s", FloodAction::Silence, Some("1m"));
    assert_eq!(world.count(none()), 0);
    assert_eq!(world.count(silence()), 1);
    assert_eq!(world.count(silence()), 0);
    assert_eq!(
        world.count(flood_rule(5, "30s", FloodAction::Flag, None)),
        1
    );
    assert_eq!(world.count(none()), 1);
}

#[test]
fn a_flood_rule_that_makes_no_sense_is_refused_and_named() {
    use FloodAction::{Flag, Silence};
    let mut world = World::default();
    for (bad, field) in [
        (flood_rule(1, "30s", Flag, None), "same_text"),
        (flood_rule(101, "30s", Flag, None), "same_text"),
        (flood_rule(5, "25h", Flag, None), "within"),
        (flood_rule(5, "30s", Silence, None), "for"),
        (flood_rule(5, "30s", Silence, Some("31d")), "for"),
    ] {
        let refusal = world.run(bad).unwrap_err();
        assert_eq!(refusal.field, Some("rules"));
        let named = format!("rules[0].{field}: ");
        assert!(refusal.detail.starts_with(&named), "{}", refusal.detail);
    }
    let DeploymentCommand::SetFloodRules(one) = flood_rule(5, "30s", Flag, None) else {
        panic!("another command");
    };
    let many = SetFloodRules {
        rules: vec![one.rules[0].clone(); MAX_FLOOD_RULES + 1],
        by: root(),
    };
    let many = DeploymentCommand::SetFloodRules(many);
    assert_eq!(world.refused_field(many), Some("rules"));
}
