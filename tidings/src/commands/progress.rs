//! Progress bars of long-running commands.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Creates a progress bar that counts `unit`. It is drawn on standard error if that is a terminal.
pub fn new_progress_bar(unit: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(&format!(
        "{{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{per_sec}}, {{eta}} left"
    ));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
