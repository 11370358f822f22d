//! Every event type and version has a golden file, which still decodes to the same event.

use std::collections::BTreeSet;
use std::path::PathBuf;

use domain::case::event::CaseEvent;
use domain::conversation::event::ConversationEvent;
use domain::deployment::event::DeploymentEvent;
use domain::desk::event::DeskEvent;
use domain::event::EventFamily;
use domain::file::event::FileEvent;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;
use serde_json::Value;

use crate::example_values::Example;
use crate::examples::{self, Addition};
use crate::{
    avatar_examples, case_examples, desk_examples, file_examples, flag_examples, held_examples,
    mailbox_examples, system_examples,
};

fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Reads the stored data of a golden file, without the final line break.
pub fn read_golden(event_type: &str, version: i16) -> Vec<u8> {
    read_file(&format!("{event_type}.v{version}.json"))
}

fn read_file(name: &str) -> Vec<u8> {
    let path = golden_dir().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    text.strip_suffix('\n').unwrap().as_bytes().to_vec()
}

fn golden_file_names<E: EventFamily>() -> impl Iterator<Item = String> {
    let versions = |newest: &domain::event::EventType| {
        let name = newest.name;
        (1..=newest.version).map(move |version| format!("{name}.v{version}.json"))
    };
    E::TYPES.iter().flat_map(versions)
}

#[test]
fn every_type_and_version_has_a_golden_file_and_there_are_no_others() {
    let expected: BTreeSet<_> = golden_file_names::<ConversationEvent>()
        .chain(golden_file_names::<MailboxEvent>())
        .chain(golden_file_names::<ProfileEvent>())
        .chain(golden_file_names::<DeploymentEvent>())
        .chain(golden_file_names::<CaseEvent>())
        .chain(golden_file_names::<FileEvent>())
        .chain(golden_file_names::<DeskEvent>())
        .chain(examples::additions().iter().map(addition_file_name))
        .chain(flag_examples::conversation().iter().map(addition_file_name))
        .chain(flag_examples::profile().iter().map(addition_file_name))
        .chain(
            avatar_examples::conversation()
                .iter()
                .map(addition_file_name),
        )
        .chain(avatar_examples::profile().iter().map(addition_file_name))
        .collect();
    let present: BTreeSet<_> = std::fs::read_dir(golden_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(present, expected);
}

fn check_decoding<E: EventFamily>(examples: &[Example<E>]) {
    let covered: BTreeSet<_> = examples
        .iter()
        .map(|(name, version, _)| format!("{name}.v{version}.json"))
        .collect();
    assert_eq!(covered, golden_file_names::<E>().collect());
    for (name, version, event) in examples {
        let read = E::decode(name, *version, &read_golden(name, *version)).unwrap();
        assert_eq!(&read, event, "{name} version {version}");
    }
}

fn all_mailbox_examples() -> Vec<Example<MailboxEvent>> {
    [mailbox_examples::mailbox(), held_examples::held()].concat()
}

#[test]
fn every_golden_file_decodes_to_the_expected_event() {
    check_decoding(&examples::conversation());
    check_decoding(&all_mailbox_examples());
    check_decoding(&system_examples::profile());
    check_decoding(&system_examples::deployment());
    check_decoding(&case_examples::case());
    check_decoding(&file_examples::file());
    check_decoding(&desk_examples::desk());
}

fn check_encoding<E: EventFamily>(examples: &[Example<E>]) {
    for (name, version, event) in examples {
        assert_eq!(event.name(), *name);
        assert_eq!(
            (event.event_type().as_str(), event.event_version()),
            (*name, event.version().to_string())
        );
        if event.version() == *version {
            let written = event.encode().unwrap();
            assert_eq!(
                written.get(),
                String::from_utf8(read_golden(name, *version)).unwrap()
            );
        } else {
            assert!(*version < event.version());
        }
    }
}

#[test]
fn the_current_version_is_encoded_byte_for_byte() {
    check_encoding(&examples::conversation());
    check_encoding(&all_mailbox_examples());
    check_encoding(&system_examples::profile());
    check_encoding(&system_examples::deployment());
    check_encoding(&case_examples::case());
    check_encoding(&file_examples::file());
    check_encoding(&desk_examples::desk());
}

fn check_tags<E: EventFamily>(examples: &[Example<E>]) {
    for (name, _, event) in examples {
        let tagged = serde_json::to_value(event).unwrap();
        let data: Value = serde_json::from_str(event.encode().unwrap().get()).unwrap();
        assert_eq!(tagged, serde_json::json!({ *name: data }));
    }
}

#[test]
fn serde_tags_match_the_event_names_of_the_log() {
    check_tags(&examples::conversation());
    check_tags(&all_mailbox_examples());
    check_tags(&system_examples::profile());
    check_tags(&system_examples::deployment());
    check_tags(&case_examples::case());
    check_tags(&file_examples::file());
    check_tags(&desk_examples::desk());
}

fn addition_file_name<E: EventFamily>((field, event_type, event): &Addition<E>) -> String {
    format!("{event_type}.v{}.{field}.json", event.version())
}

fn check_additions<E: EventFamily>(additions: Vec<Addition<E>>) {
    for addition in additions {
        let stored = read_file(&addition_file_name(&addition));
        let (field, event_type, event) = addition;
        assert!(String::from_utf8_lossy(&stored).contains(field));
        let read = E::decode(event_type, event.version(), &stored).unwrap();
        assert_eq!(read, event);
        let written = event.encode().unwrap();
        assert_eq!(written.get(), String::from_utf8(stored).unwrap(), "{field}");
    }
}

#[test]
fn optional_fields_that_were_added_later_have_golden_files_too() {
    check_additions(examples::additions());
    check_additions(flag_examples::conversation());
    check_additions(flag_examples::profile());
    check_additions(avatar_examples::conversation());
    check_additions(avatar_examples::profile());
}

#[test]
fn absent_fields_of_a_message_are_omitted() {
    let mut sent = examples::message();
    (sent.reply_to, sent.mentions) = (None, vec![]);
    let event = ConversationEvent::MessageSent(sent);
    let data = event.encode().unwrap();
    let fields: Value = serde_json::from_str(data.get()).unwrap();
    assert!(fields.get("reply_to").is_none() && fields.get("mentions").is_none());
    assert_eq!(
        ConversationEvent::decode("message_sent", 1, data.get().as_bytes()).unwrap(),
        event
    );
}
