//! Names of event types on the command line.

use anyhow::Result;
use domain::conversation::event::ConversationEvent;
use domain::event::EventFamily as _;
use domain::mailbox::event::MailboxEvent;

use crate::usage::Usage;

/// Whether all of these are types of the log; else what there is is told.
pub fn check(named: &[String]) -> Result<()> {
    let conversations = ConversationEvent::TYPES.iter();
    let known: Vec<&str> = conversations
        .chain(MailboxEvent::TYPES)
        .map(|it| it.name)
        .collect();
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let known = known.join(", ");
            Err(Usage(format!("no event type {unknown:?}; there are {known}")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_the_log() {
        assert!(check(&["message_sent".into(), "device_acked".into()]).is_ok());
        let error = check(&["message_send".into()])
            .expect_err("unknown")
            .to_string();
        assert!(error.contains("member_added"), "{error}");
    }
}
