//! The names of the event types in the log.

use data_dir::UsageError;
use domain::case::event::CaseEvent;
use domain::conversation::event::ConversationEvent;
use domain::deployment::event::DeploymentEvent;
use domain::event::EventFamily as _;
use domain::file::event::FileEvent;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;

/// Checks that all names are event types of the log. The error lists the known types.
pub fn validate_names(names: &[String]) -> Result<(), UsageError> {
    let conversations = ConversationEvent::TYPES.iter();
    let known: Vec<&str> = conversations
        .chain(MailboxEvent::TYPES)
        .chain(ProfileEvent::TYPES)
        .chain(DeploymentEvent::TYPES)
        .chain(CaseEvent::TYPES)
        .chain(FileEvent::TYPES)
        .map(|event_type| event_type.name)
        .collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let known = known.join(", ");
            Err(UsageError(format!(
                "unknown event type {unknown:?}; expected one of {known}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_rejected_with_the_known_ones() {
        assert!(validate_names(&["message_sent".into(), "device_acked".into()]).is_ok());
        let error = validate_names(&["message_send".into()])
            .expect_err("the type is unknown")
            .to_string();
        assert!(error.contains("member_added"), "{error}");
    }
}
