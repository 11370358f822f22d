//! Properties of the conversation aggregate.

use cqrs_es::Aggregate;
use domain::conversation::access_command::AccessCommand;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::{ConversationEvent, ConversationKind, Role};
use domain::conversation::{Conversation, MAX_RECENT_MESSAGES};
use domain::event::EventFamily;
use domain::ids::UserId;
use domain::refusal::Refusal;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::harness::{ConversationHarness, user};
use crate::proptest_config;
use crate::reference_model::ReferenceConversation;
use crate::strategies::{ConversationAction, USER_COUNT, conversation_actions};

fn replay(log: &[ConversationEvent]) -> Conversation {
    let mut state = Conversation::default();
    for event in log {
        state.apply(event.clone());
    }
    state
}

fn all_users() -> impl Iterator<Item = UserId> {
    (0..=USER_COUNT).map(user)
}

/// Checks the invariants on members that hold after every command.
fn check_members(
    ConversationHarness { state, limits, .. }: &ConversationHarness,
) -> Result<(), TestCaseError> {
    let roles: Vec<_> = all_users()
        .filter_map(|user| state.role_of(&user))
        .collect();
    let owners = roles.iter().filter(|role| **role == Role::Owner).count();
    prop_assert_eq!(state.member_count(), roles.len());
    prop_assert!(roles.len() <= limits.group_members);
    match state.kind() {
        None => prop_assert_eq!(roles.len(), 0),
        Some(ConversationKind::Direct) => prop_assert_eq!(roles, [Role::Member; 2]),
        Some(ConversationKind::Desk) => prop_assert!(false, "these commands create none"),
        Some(ConversationKind::Group) => {
            prop_assert_eq!(
                owners,
                usize::from(!roles.is_empty()),
                "owners of {:?}",
                roles
            );
        }
    }
    let stays: std::collections::BTreeSet<_> = all_users()
        .filter_map(|user| state.membership_snapshot(&user))
        .map(|snapshot| snapshot.stay)
        .collect();
    prop_assert_eq!(
        stays.len(),
        state.member_count(),
        "no two members share a membership period"
    );
    Ok(())
}

/// Compares the whole state with the reference model.
fn check_against_reference(
    naive: &ReferenceConversation,
    state: &Conversation,
) -> Result<(), TestCaseError> {
    let dense: Vec<i64> = (1..=naive.head_seq()).collect();
    prop_assert_eq!(&naive.seqs, &dense, "seqs are 1, 2, 3, ...");
    prop_assert_eq!(
        state.head_seq(),
        naive.head_seq(),
        "the head is the number of messages sent"
    );
    prop_assert_eq!(state.kind(), naive.kind);
    for user in all_users() {
        prop_assert_eq!(state.role_of(&user), naive.roles.get(&user).copied());
        let floor = state
            .membership_snapshot(&user)
            .map(|snapshot| snapshot.read_floor);
        prop_assert_eq!(
            floor,
            naive.read_floors.get(&user).copied(),
            "read floor of {}",
            user
        );
        for seq in -1..=naive.head_seq() + 1 {
            let (actual, expected) = (state.can_see(&user, seq), naive.can_see(&user, seq));
            prop_assert_eq!(actual, expected, "{} and {}", user, seq);
        }
    }
    prop_assert_eq!(&naive.successors, &naive.expected_successors, "succession");
    let mut line: Vec<_> = all_users()
        .filter_map(|user| Some((state.membership_snapshot(&user)?.stay, user)))
        .collect();
    line.sort();
    prop_assert_eq!(
        line.into_iter().map(|(_, user)| user).collect::<Vec<_>>(),
        naive.join_order.clone()
    );
    Ok(())
}

/// Whether repeating this command must succeed and change nothing.
fn is_idempotent(command: &ConversationCommand) -> bool {
    match command {
        ConversationCommand::Create(create) => create.kind == ConversationKind::Direct,
        ConversationCommand::RemoveMember(remove) => remove.user != remove.by,
        ConversationCommand::Send(_) | ConversationCommand::Import(_) => false,
        // Silencing or banning a user of one's own rank ends one's right to do it again.
        ConversationCommand::Access(access) => !matches!(
            access,
            AccessCommand::CreateLink(_) | AccessCommand::Sanction(_) | AccessCommand::Decline(_)
        ),
        _ => true,
    }
}

proptest! {
    #![proptest_config(proptest_config(192))]

    #[test]
    fn replaying_the_log_gives_the_same_state(story in conversation_actions()) {
        let world = ConversationHarness::replay(&story);
        prop_assert_eq!(&replay(&world.log), &world.state);
    }

    #[test]
    fn a_snapshot_and_the_rest_of_the_log_give_the_same_state(story in conversation_actions(), cut: Index) {
        let world = ConversationHarness::replay(&story);
        let (before, after) = world.log.split_at(cut.index(world.log.len() + 1));
        let state = replay(before);
        let text = serde_json::to_string(&state).unwrap();
        let mut from_text: Conversation = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&from_text, &state);
        let value = serde_json::to_value(&state).unwrap();
        prop_assert_eq!(&serde_json::from_value::<Conversation>(value).unwrap(), &state);
        for event in after {
            from_text.apply(event.clone());
        }
        prop_assert_eq!(&from_text, &world.state);
    }

    #[test]
    fn decoding_reverses_encoding_for_every_event(story in conversation_actions()) {
        for event in ConversationHarness::replay(&story).log {
            let data = event.encode().unwrap();
            let read = ConversationEvent::decode(event.name(), event.version(), data.get().as_bytes()).unwrap();
            prop_assert_eq!(read, event);
        }
    }

    #[test]
    fn no_decision_breaks_an_invariant(story in conversation_actions()) {
        let mut world = ConversationHarness::new();
        for ask in &story {
            for command in world.commands_for(ask) {
                if world.execute(command).is_ok() {
                    check_members(&world)?;
                }
            }
        }
        check_against_reference(&ReferenceConversation::replay(&world.log), &world.state)?;
    }

    #[test]
    fn recent_messages_match_the_messages_folded_from_the_log(story in conversation_actions()) {
        let world = ConversationHarness::replay(&story);
        let head = world.state.head_seq();
        for seq in 0..=head + 1 {
            let newest = seq > head - MAX_RECENT_MESSAGES as i64 && (1..=head).contains(&seq);
            prop_assert_eq!(world.state.is_recent(seq), newest);
            if newest {
                prop_assert_eq!(world.state.recent_message(seq).cloned(), world.fold_message(seq));
            }
        }
    }

    #[test]
    fn repeating_a_command_changes_nothing(story in conversation_actions()) {
        let mut world = ConversationHarness::new();
        for ask in &story {
            for command in world.commands_for(ask) {
                let done = world.execute(command.clone()).is_ok();
                if done && is_idempotent(&command) {
                    // The lookup in the first command is outdated; a service repeats it.
                    let again = if matches!(ask, ConversationAction::Create { .. }) {
                        vec![command]
                    } else {
                        world.commands_for(ask)
                    };
                    for command in again {
                        prop_assert_eq!(world.decide(command), Ok(vec![]));
                    }
                }
            }
        }
    }

    #[test]
    fn for_a_non_member_nothing_exists(story in conversation_actions(), requests in stranger_actions()) {
        let mut world = ConversationHarness::replay(&story);
        for ask in &requests {
            for command in world.commands_for(ask) {
                prop_assert_eq!(world.decide(command), Err(Refusal::not_found()));
            }
        }
    }
}

/// Random actions by a user who was never a member.
fn stranger_actions() -> impl Strategy<Value = Vec<ConversationAction>> {
    conversation_actions().prop_map(|story| story.into_iter().filter_map(as_stranger).collect())
}

fn as_stranger(mut ask: ConversationAction) -> Option<ConversationAction> {
    match &mut ask {
        ConversationAction::Create { .. }
        | ConversationAction::Import { .. }
        // An open group exists for everybody.
        | ConversationAction::Join { .. }
        | ConversationAction::JoinByLink { .. }
        | ConversationAction::Sanction {
            by_moderator: true, ..
        }
        | ConversationAction::Wait { .. } => return None,
        ConversationAction::Change { by, .. }
        | ConversationAction::Add { by, .. }
        | ConversationAction::Remove { by, .. }
        | ConversationAction::Send { by, .. }
        | ConversationAction::Talk { by, .. }
        | ConversationAction::Edit { by, .. }
        | ConversationAction::Recall { by, .. }
        | ConversationAction::Restore { by, .. }
        | ConversationAction::Pin { by, .. }
        | ConversationAction::React { by, .. }
        | ConversationAction::Unreact { by, .. }
        | ConversationAction::SetPolicy { by, .. }
        | ConversationAction::Sanction { by, .. }
        | ConversationAction::Lift { by, .. }
        | ConversationAction::Admit { by, .. }
        | ConversationAction::Decline { by, .. }
        | ConversationAction::CreateLink { by, .. }
        | ConversationAction::EndLink { by, .. } => *by = USER_COUNT,
    }
    Some(ask)
}
