//! A trace as text.

use std::fmt::Write as _;

use domain::time::Timestamp;

use super::message_trace::MessageTrace;
use super::recipients::MessageRecipient;

/// Renders a trace as text, with line endings.
pub fn render_trace(trace: &MessageTrace) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_trace(&mut text, trace);
    // What a receiver answered must not control the terminal.
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}

fn write_trace(text: &mut String, trace: &MessageTrace) -> std::fmt::Result {
    let sender = trace.sender.as_deref().unwrap_or("an unknown user");
    writeln!(
        text,
        "message {} of {}, from {sender}, at {}",
        trace.seq, trace.conversation_id, trace.cursor
    )?;
    for stage in &trace.stages {
        let at = stage.at.map_or_else(String::new, |at| format!(" {at}"));
        writeln!(
            text,
            "  {:<10} {:<8}{at}  {}",
            stage.stage, stage.state, stage.detail
        )?;
    }
    for change in &trace.changes {
        let by = change.by.as_deref().unwrap_or("an unknown user");
        writeln!(
            text,
            "  {} by {by} at position {} ({})",
            change.event_type, change.position, change.at
        )?;
    }
    writeln!(
        text,
        "recipients: {}; {} have it, {} have read it",
        trace.recipient_count, trace.delivered_count, trace.read_count
    )?;
    for recipient in &trace.recipients {
        write_recipient(text, recipient)?;
    }
    let more = trace.recipient_count - trace.recipients.len() as i64;
    if more > 0 {
        writeln!(text, "  and {more} more")?;
    }
    for delivery in &trace.webhooks.events {
        let why = delivery.error.as_deref().unwrap_or_default();
        writeln!(
            text,
            "webhook {} ({}): {}{} {why}",
            delivery.webhook,
            delivery.url,
            delivery.state,
            format_time(delivery.at)
        )?;
    }
    for notified in &trace.webhooks.notifications {
        let why = notified.error.as_deref().unwrap_or_default();
        writeln!(
            text,
            "notification of {} by webhook {}: {}{} {why}",
            notified.user,
            notified.webhook,
            notified.state,
            format_time(Some(notified.at))
        )?;
    }
    writeln!(text, "not stored anywhere: {}", trace.not_stored.join("; "))
}

fn write_recipient(text: &mut String, recipient: &MessageRecipient) -> std::fmt::Result {
    let left = if recipient.is_member { "" } else { " (left)" };
    write!(text, "  {}{left}: ", recipient.user)?;
    match (recipient.acknowledged_by, recipient.acknowledged_at) {
        (Some(position), at) => {
            let at = format_time(at);
            write!(text, "first acknowledged by position {position}{at}")?;
        }
        (None, _) if recipient.devices.iter().any(|device| device.has_message) => {
            write!(text, "acknowledged before the history that is kept")?;
        }
        (None, _) => write!(text, "not acknowledged")?,
    }
    match (recipient.is_read, recipient.read_by) {
        (true, Some(position)) => {
            let at = format_time(recipient.read_at);
            writeln!(text, ", read by position {position}{at}")?;
        }
        (true, None) => writeln!(text, ", read before the history that is kept")?,
        (false, _) => writeln!(text, ", not read")?,
    }
    for device in &recipient.devices {
        let has_message = if device.has_message {
            "has it"
        } else {
            "does not have it"
        };
        writeln!(
            text,
            "    {}: {has_message}; cursor {}, acknowledged at {}",
            device.device, device.cursor, device.acked_at
        )?;
    }
    Ok(())
}

fn format_time(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!(" ({at})"))
}
