//! The expected event of each golden file of a profile and of the deployment.

use domain::body::MessageType;
use domain::custom_fields::CustomFields;
use domain::deployment::content::{ContentAction, HookFailureAction, TextPlace, WordMatching};
use domain::deployment::event::{
    DeploymentEvent, FeatureSwitched, FloodRulesSet, HoldPlaced, HookRemoved, HookSet,
    LinkRulesSet, RuleRemoved, WordListSet,
};
use domain::deployment::feature::Feature;
use domain::deployment::flood::{FloodAction, FloodReach, FloodRule, RuleDuration};
use domain::ids::{ConversationId, RuleName, UserId};
use domain::profile::event::{
    ProfileChanged, ProfileErased, ProfileEvent, PublicProfile, RestrictionKind, RestrictionLifted,
    TokensRevoked, UserActivation, UserKind, UserKindChanged, UserRestricted,
};
use domain::profile::settings::{Consent, QuietHours, TimeOfDay, UserSettings};
use domain::texts::{About, Avatar, DisplayName, Locale, TimeZoneName};
use serde_json::json;

use crate::example_values::{Example, time, user};

pub fn profile() -> Vec<Example<ProfileEvent>> {
    use ProfileEvent as E;
    let by = || user("anna");
    let at = time("2026-11-01T09:30:00.250Z");
    vec![
        ("profile_changed", 1, E::ProfileChanged(changed_profile())),
        ("settings_changed", 1, E::SettingsChanged(settings())),
        (
            "settings_changed",
            2,
            E::SettingsChanged(UserSettings {
                groups_from_chosen: true,
                ..settings()
            }),
        ),
        (
            "user_kind_changed",
            1,
            E::UserKindChanged(UserKindChanged {
                kind: UserKind::Bot,
                by: by(),
            }),
        ),
        (
            "user_deactivated",
            1,
            E::UserDeactivated(UserActivation { by: by() }),
        ),
        (
            "user_reactivated",
            1,
            E::UserReactivated(UserActivation { by: by() }),
        ),
        (
            "tokens_revoked",
            1,
            E::TokensRevoked(TokensRevoked {
                before: at,
                by: by(),
            }),
        ),
        (
            "user_restricted",
            1,
            E::UserRestricted(UserRestricted {
                kind: RestrictionKind::Banned,
                until: Some(at),
                reason: Some("spam".into()),
                by: by(),
            }),
        ),
        (
            "restriction_lifted",
            1,
            E::RestrictionLifted(RestrictionLifted { by: by() }),
        ),
        (
            "profile_erased",
            1,
            E::ProfileErased(ProfileErased { by: by() }),
        ),
    ]
}

fn changed_profile() -> ProfileChanged {
    let profile = PublicProfile {
        display_name: Some(DisplayName::parse("Anna Å.").unwrap()),
        avatar: Some(Avatar::parse("https://example.com/anna.png").unwrap()),
        about: Some(About::parse("Grüße aus 世界").unwrap()),
        locale: Some(Locale::parse("de-AT").unwrap()),
        custom: Some(CustomFields::parse(&json!({ "team": 7 })).unwrap()),
    };
    let by = user("anna");
    ProfileChanged {
        profile,
        by,
        flags: vec![],
    }
}

fn settings() -> UserSettings {
    let time = |text| TimeOfDay::parse(text).unwrap();
    let zone = TimeZoneName::parse("Asia/Shanghai").unwrap();
    UserSettings {
        direct_from: Consent::Contacts,
        read_receipts: false,
        quiet_hours: Some(QuietHours::new(time("22:00"), time("07:00"), zone).unwrap()),
        ..UserSettings::default()
    }
}

pub fn deployment() -> Vec<Example<DeploymentEvent>> {
    use DeploymentEvent as E;
    let root = user("root");
    let removed = |name| RuleRemoved {
        name: RuleName::parse(name).unwrap(),
        by: root.clone(),
    };
    let switched = FeatureSwitched {
        feature: Feature::Uploads,
        on: false,
        reason: Some("the disk is full".to_owned()),
        until: Some(time("2026-11-01T10:00:00Z")),
        by: root.clone(),
    };
    let held = HoldPlaced {
        name: RuleName::parse("case-7").unwrap(),
        conversation: Some(ConversationId::parse("oslo").unwrap()),
        user: Some(user("anna")),
        reason: "a court has asked".to_owned(),
        by: root.clone(),
    };
    let list = WordListSet {
        name: RuleName::parse("insults").unwrap(),
        action: ContentAction::Mask,
        matching: WordMatching::Word,
        places: vec![TextPlace::Text, TextPlace::Name],
        words: vec!["bäd".to_owned(), "笨蛋".to_owned()],
        part: 1,
        parts: 2,
        digest: 255,
        by: root.clone(),
    };
    let links = LinkRulesSet {
        deny: vec!["evil.example".to_owned()],
        allow_only: Some(vec!["good.example".to_owned()]),
        action: ContentAction::Refuse,
        by: root.clone(),
    };
    vec![
        ("feature_switched", 1, E::FeatureSwitched(switched)),
        ("hold_placed", 1, E::HoldPlaced(held)),
        ("hold_lifted", 1, E::HoldLifted(removed("case-7"))),
        ("word_list_set", 1, E::WordListSet(list)),
        (
            "word_list_removed",
            1,
            E::WordListRemoved(removed("insults")),
        ),
        ("link_rules_set", 1, E::LinkRulesSet(links)),
        (
            "flood_rules_set",
            1,
            E::FloodRulesSet(flood_rules(root.clone())),
        ),
        ("hook_set", 1, E::HookSet(hook(root.clone()))),
        ("hook_removed", 1, E::HookRemoved(HookRemoved { by: root })),
    ]
}

fn hook(by: UserId) -> HookSet {
    HookSet {
        url: "https://checks.example.org/".to_owned(),
        types: vec![MessageType::Text, MessageType::Image],
        timeout_ms: 800,
        on_failure: HookFailureAction::Hold,
        secret_id: "c1".to_owned(),
        by,
    }
}

fn flood_rules(by: UserId) -> FloodRulesSet {
    let duration = |text| RuleDuration::parse(text).unwrap();
    let silencing = FloodRule {
        same_text: 5,
        within: duration("30s"),
        across: FloodReach::Conversation,
        then: FloodAction::Silence,
        lasting: Some(duration("1m")),
    };
    let flagging = FloodRule {
        same_text: 20,
        within: duration("1d"),
        across: FloodReach::All,
        then: FloodAction::Flag,
        lasting: None,
    };
    let rules = vec![silencing, flagging];
    FloodRulesSet { rules, by }
}
