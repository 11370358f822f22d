//! The events that store a text which rules have flagged, one for each golden file.

use domain::body::MessageBody;
use domain::conversation::access_event::ConversationPolicyChanged;
use domain::conversation::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, ConversationKind,
    HistoryVisibility, InitialMember, MessageEdited, MessageSent, Role,
};
use domain::conversation::settings::ConversationPolicy;
use domain::ids::{RuleName, Title, Topic};
use domain::profile::event::{ProfileChanged, ProfileEvent, PublicProfile};
use domain::texts::DisplayName;

use crate::example_values::{time, user};
use crate::examples::{Addition, message};

fn flags() -> Vec<RuleName> {
    let names = ["insults", "links"];
    names.map(|name| RuleName::parse(name).unwrap()).to_vec()
}

fn texts() -> [ConversationEvent; 5] {
    use ConversationEvent as E;
    let anna = user("anna");
    let title = || Title::parse("Dummies").ok();
    [
        E::MessageSent(MessageSent {
            seq: 8,
            body: MessageBody::from_text("dummy.example"),
            reply_to: None,
            mentions: vec![],
            ..message()
        }),
        E::MessageEdited(MessageEdited {
            seq: 8,
            body: MessageBody::from_text("dummy.example"),
            by: anna.clone(),
            edited_at: time("2026-11-01T09:31:00Z"),
            flags: vec![],
        }),
        E::ConversationCreated(ConversationCreated {
            kind: ConversationKind::Group,
            title: title(),
            history: HistoryVisibility::All,
            members: vec![InitialMember {
                user: anna.clone(),
                role: Role::Owner,
            }],
            by: anna.clone(),
            created_at: None,
            flags: vec![],
        }),
        E::ConversationChanged(ConversationChanged {
            title: title(),
            history: HistoryVisibility::All,
            by: anna.clone(),
            flags: vec![],
        }),
        E::ConversationPolicyChanged(ConversationPolicyChanged {
            policy: ConversationPolicy {
                topic: Topic::parse("Dummies").ok(),
                ..ConversationPolicy::default()
            },
            by: anna,
            flags: vec![],
        }),
    ]
}

pub fn conversation() -> Vec<Addition<ConversationEvent>> {
    use domain::event::EventFamily as _;
    let flagged = texts().map(|text| text.flagged(&flags()));
    let named = flagged.map(|event| ("flags", event.name(), event));
    named.into()
}

pub fn profile() -> Vec<Addition<ProfileEvent>> {
    let renamed = ProfileEvent::ProfileChanged(ProfileChanged {
        profile: PublicProfile {
            display_name: DisplayName::parse("Dummy").ok(),
            ..PublicProfile::default()
        },
        by: user("anna"),
        flags: vec![],
    });
    vec![("flags", "profile_changed", renamed.flagged(&flags()))]
}
