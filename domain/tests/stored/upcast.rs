//! Decoding of old versions, through `EventFamily::decode` and through the upcasters of cqrs-es.

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use domain::conversation::event::ConversationEvent;
use domain::event::EventFamily;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;
use domain::profile::settings::Consent;
use domain::{conversation, desk, mailbox, profile};
use serde_json::{Value, json};

use crate::example_values::Example;
use crate::examples;
use crate::golden::read_golden;
use crate::{desk_examples, mailbox_examples, system_examples};

#[test]
fn an_ack_of_version_1_decodes_with_previous_cursor_0() {
    let old = json!({ "device": "phone", "cursor": 5 }).to_string();
    let event = MailboxEvent::decode("device_acked", 1, old.as_bytes()).unwrap();
    assert_eq!(event.version(), 2);
    let written: Value = serde_json::from_str(event.encode().unwrap().get()).unwrap();
    assert_eq!(
        written,
        json!({ "device": "phone", "cursor": 5, "previous": 0 })
    );
}

#[test]
fn settings_of_version_1_follow_the_default_unless_they_differ_from_it() {
    for from in ["anyone", "contacts"] {
        let old = json!({ "direct_from": "anyone", "groups_from": from, "read_receipts": true,
                          "last_seen": true });
        let event = ProfileEvent::decode("settings_changed", 1, old.to_string().as_bytes());
        let ProfileEvent::SettingsChanged(settings) = event.unwrap() else {
            panic!("expected settings");
        };
        let default = settings.groups_from_or(Consent::Contacts);
        assert_eq!(default, Consent::Contacts);
        assert_eq!(settings.groups_from_or(Consent::Anyone).as_str(), from);
    }
}

/// Runs the upcasters on a row of the `events` view, as a cqrs-es store does.
fn run_upcasters(
    upcasters: &[Box<dyn EventUpcaster>],
    event_type: &str,
    version: &str,
    data: Value,
) -> SerializedEvent {
    let row = SerializedEvent::new(
        "id".to_owned(),
        1,
        "aggregate".to_owned(),
        event_type.to_owned(),
        version.to_owned(),
        data,
        json!({}),
    );
    upcasters.iter().fold(row, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    })
}

fn check_all<E: EventFamily>(upcasters: &[Box<dyn EventUpcaster>], examples: &[Example<E>]) {
    for (name, version, event) in examples {
        let data = serde_json::from_slice(&read_golden(name, *version)).unwrap();
        let upcast = run_upcasters(upcasters, name, &version.to_string(), data);
        assert_eq!(upcast.event_version, event.version().to_string());
        let read: E = serde_json::from_value(upcast.payload).unwrap();
        assert_eq!(&read, event, "{name} version {version}");
    }
}

#[test]
fn every_golden_file_decodes_the_same_through_cqrs_es() {
    check_all(&conversation::upcasters(), &examples::conversation());
    check_all(&mailbox::upcasters(), &mailbox_examples::mailbox());
    check_all(&profile::upcasters(), &system_examples::profile());
    check_all(&desk::upcasters(), &desk_examples::desk());
}

#[test]
fn versions_that_were_never_written_cannot_be_decoded() {
    let data = read_golden("device_acked", 2);
    for version in [i16::MIN, -1, 0, 3, i16::MAX] {
        let error = MailboxEvent::decode("device_acked", version, &data).unwrap_err();
        assert_eq!(error.reason, "unknown version");
        let text = version.to_string();
        let bare = serde_json::from_slice(&data).unwrap();
        let upcast = run_upcasters(&mailbox::upcasters(), "device_acked", &text, bare);
        serde_json::from_value::<MailboxEvent>(upcast.payload).unwrap_err();
    }
}

#[test]
fn invalid_data_cannot_be_decoded_and_the_error_says_why() {
    let error = ConversationEvent::decode("user_blocked", 1, b"{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot decode event user_blocked version 1: unknown type"
    );
    for data in [
        &b"{}"[..],
        b"[]",
        b"7",
        b"",
        b"{\"seq\":1",
        b"{\"seq\":\"1\",\"by\":\"anna\"}",
    ] {
        let error = ConversationEvent::decode("message_recalled", 1, data).unwrap_err();
        assert_eq!(
            (error.event_type.as_str(), error.version),
            ("message_recalled", 1)
        );
        assert!(!error.reason.is_empty());
    }
    for data in [&b"[]"[..], b"7", b"", b"{}"] {
        MailboxEvent::decode("device_acked", 1, data).unwrap_err();
    }
}
