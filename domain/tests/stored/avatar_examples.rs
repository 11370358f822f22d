//! The events of avatars that are files, one for each golden file: at first, all were addresses.

use domain::conversation::access_event::ConversationPolicyChanged;
use domain::conversation::event::ConversationEvent;
use domain::conversation::settings::ConversationPolicy;
use domain::profile::event::{ProfileChanged, ProfileEvent, PublicProfile};
use domain::texts::Avatar;

use crate::example_values::user;
use crate::examples::Addition;

fn file() -> Option<Avatar> {
    Avatar::parse("019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a").ok()
}

pub fn conversation() -> Vec<Addition<ConversationEvent>> {
    let changed = ConversationEvent::ConversationPolicyChanged(ConversationPolicyChanged {
        policy: ConversationPolicy {
            avatar: file(),
            ..ConversationPolicy::default()
        },
        by: user("anna"),
        flags: vec![],
    });
    vec![("avatar", "conversation_policy_changed", changed)]
}

pub fn profile() -> Vec<Addition<ProfileEvent>> {
    let changed = ProfileEvent::ProfileChanged(ProfileChanged {
        profile: PublicProfile {
            avatar: file(),
            ..PublicProfile::default()
        },
        by: user("anna"),
        flags: vec![],
    });
    vec![("avatar", "profile_changed", changed)]
}
