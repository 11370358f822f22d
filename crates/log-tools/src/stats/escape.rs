//! Texts of users in a page and on a terminal.

/// Escapes a text for HTML, inside and outside of quoted attributes.
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Replaces the control characters of a text, with which a terminal could be controlled.
pub fn escape_controls(text: &str) -> String {
    text.replace(char::is_control, "\u{FFFD}")
}
