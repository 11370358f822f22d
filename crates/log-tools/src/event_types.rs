//! The names of the event types in the log.

use data_dir::UsageError;
use domain::event;
use http_edge::extract::describe_unknown;

/// Checks that all names are event types of the log. The error has the nearest known type, or the
/// known types if none is near.
pub fn validate_names(names: &[String]) -> Result<(), UsageError> {
    let known = event::type_names();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let unknown = describe_unknown(event::short_name(name), &known);
            Err(UsageError(format!("event type {name:?}: {unknown}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_rejected_with_the_nearest_known_one() {
        assert!(validate_names(&["message_sent".into(), "device_acked".into()]).is_ok());
        let describe = |name: &str| {
            let error = validate_names(&[name.into()]).expect_err("the type is unknown");
            error.to_string()
        };
        let near = describe("message_send");
        assert_eq!(
            near,
            "event type \"message_send\": unknown; did you mean message_sent?"
        );
        assert_eq!(
            describe("tidings.message_sent.v1"),
            "event type \"tidings.message_sent.v1\": unknown; did you mean message_sent?"
        );
        let far = describe("zzz");
        assert!(
            far.contains("expected one of conversation_created,"),
            "{far}"
        );
    }
}
