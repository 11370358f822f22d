//! Properties of the conversation aggregate.

use cqrs_es::Aggregate;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::{ConversationEvent, ConversationKind, Role};
use domain::conversation::{Conversation, REMEMBERED};
use domain::event::EventFamily;
use domain::ids::UserId;
use domain::refusal::Refusal;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::asks::{Ask, USERS, story};
use crate::naive::Naive;
use crate::stories;
use crate::world::{World, user};

fn replayed(log: &[ConversationEvent]) -> Conversation {
    let mut state = Conversation::default();
    for event in log {
        state.apply(event.clone());
    }
    state
}

fn everybody() -> impl Iterator<Item = UserId> {
    (0..=USERS).map(user)
}

/// Checks the invariants on members that hold after every command.
fn check_members(World { state, limits, .. }: &World) -> Result<(), TestCaseError> {
    let roles: Vec<_> = everybody()
        .filter_map(|user| state.role_of(&user))
        .collect();
    let owners = roles.iter().filter(|role| **role == Role::Owner).count();
    prop_assert_eq!(state.member_count(), roles.len());
    prop_assert!(roles.len() <= limits.group_members);
    match state.kind() {
        None => prop_assert_eq!(roles.len(), 0),
        Some(ConversationKind::Direct) => prop_assert_eq!(roles, [Role::Member; 2]),
        Some(ConversationKind::Group) => {
            prop_assert_eq!(
                owners,
                usize::from(!roles.is_empty()),
                "owners of {:?}",
                roles
            );
        }
    }
    let stays: std::collections::BTreeSet<_> = everybody()
        .filter_map(|user| state.standing(&user))
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
fn check_against(naive: &Naive, state: &Conversation) -> Result<(), TestCaseError> {
    let dense: Vec<i64> = (1..=naive.head()).collect();
    prop_assert_eq!(&naive.seqs, &dense, "seqs are 1, 2, 3, ...");
    prop_assert_eq!(
        state.head_seq(),
        naive.head(),
        "the head is the number of messages sent"
    );
    prop_assert_eq!(state.kind(), naive.kind);
    for user in everybody() {
        prop_assert_eq!(state.role_of(&user), naive.roles.get(&user).copied());
        let floor = state.standing(&user).map(|snapshot| snapshot.floor);
        prop_assert_eq!(
            floor,
            naive.floors.get(&user).copied(),
            "read floor of {}",
            user
        );
        for seq in -1..=naive.head() + 1 {
            let (actual, expected) = (state.may_see(&user, seq), naive.may_see(&user, seq));
            prop_assert_eq!(actual, expected, "{} and {}", user, seq);
        }
    }
    prop_assert_eq!(&naive.heirs, &naive.rightful_heirs, "succession");
    let mut line: Vec<_> = everybody()
        .filter_map(|user| Some((state.standing(&user)?.stay, user)))
        .collect();
    line.sort();
    prop_assert_eq!(
        line.into_iter().map(|(_, user)| user).collect::<Vec<_>>(),
        naive.line.clone()
    );
    Ok(())
}

/// Whether repeating this command must succeed and change nothing.
fn is_settled_once_done(command: &ConversationCommand) -> bool {
    match command {
        ConversationCommand::Create(create) => create.kind == ConversationKind::Direct,
        ConversationCommand::RemoveMember(remove) => remove.user != remove.by,
        ConversationCommand::Send(_) | ConversationCommand::Import(_) => false,
        _ => true,
    }
}

proptest! {
    #![proptest_config(stories(192))]

    #[test]
    fn replaying_the_log_gives_the_same_state(story in story()) {
        let world = World::after(&story);
        prop_assert_eq!(&replayed(&world.log), &world.state);
    }

    #[test]
    fn a_snapshot_and_the_rest_of_the_log_give_the_same_state(story in story(), cut: Index) {
        let world = World::after(&story);
        let (before, after) = world.log.split_at(cut.index(world.log.len() + 1));
        let state = replayed(before);
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
    fn decoding_reverses_encoding_for_every_event(story in story()) {
        for event in World::after(&story).log {
            let data = event.data().unwrap();
            let read = ConversationEvent::read(event.name(), event.version(), &data).unwrap();
            prop_assert_eq!(read, event);
        }
    }

    #[test]
    fn no_decision_breaks_an_invariant(story in story()) {
        let mut world = World::new();
        for ask in &story {
            for command in world.commands(ask) {
                if world.obey(command).is_ok() {
                    check_members(&world)?;
                }
            }
        }
        check_against(&Naive::read(&world.log), &world.state)?;
    }

    #[test]
    fn recent_messages_match_the_messages_folded_from_the_log(story in story()) {
        let world = World::after(&story);
        let head = world.state.head_seq();
        for seq in 0..=head + 1 {
            let newest = seq > head - REMEMBERED as i64 && (1..=head).contains(&seq);
            prop_assert_eq!(world.state.remembers(seq), newest);
            if newest {
                prop_assert_eq!(world.state.remembered(seq).cloned(), world.folded(seq));
            }
        }
    }

    #[test]
    fn repeating_a_command_changes_nothing(story in story()) {
        let mut world = World::new();
        for ask in &story {
            for command in world.commands(ask) {
                let done = world.obey(command.clone()).is_ok();
                if done && is_settled_once_done(&command) {
                    // The lookup in the first command is outdated; a service repeats it.
                    let again = if matches!(ask, Ask::Create { .. }) {
                        vec![command]
                    } else {
                        world.commands(ask)
                    };
                    for command in again {
                        prop_assert_eq!(world.decide(command), Ok(vec![]));
                    }
                }
            }
        }
    }

    #[test]
    fn for_a_non_member_nothing_exists(story in story(), requests in story_of_stranger()) {
        let mut world = World::after(&story);
        for ask in &requests {
            for command in world.commands(ask) {
                prop_assert_eq!(world.decide(command), Err(Refusal::not_found()));
            }
        }
    }
}

/// Random actions by a user who was never a member.
fn story_of_stranger() -> impl Strategy<Value = Vec<Ask>> {
    story().prop_map(|story| story.into_iter().filter_map(by_stranger).collect())
}

fn by_stranger(mut ask: Ask) -> Option<Ask> {
    match &mut ask {
        Ask::Create { .. } | Ask::Import { .. } | Ask::Wait { .. } => return None,
        Ask::Change { by, .. }
        | Ask::Add { by, .. }
        | Ask::Remove { by, .. }
        | Ask::Send { by, .. }
        | Ask::Talk { by, .. }
        | Ask::Edit { by, .. }
        | Ask::Recall { by, .. }
        | Ask::React { by, .. }
        | Ask::Unreact { by, .. } => *by = USERS,
    }
    Some(ask)
}
