//! Progress bars of long-running commands, on standard error if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar, which disappears when it is dropped.
pub struct CommandProgress(ProgressBar);

impl CommandProgress {
    /// A bar that counts `unit`.
    pub fn counting(unit: &str) -> Self {
        Self::with_template(&format!(
            "{{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{per_sec}}, {{eta}} left"
        ))
    }

    /// A bar over bytes, with a message.
    pub fn of_bytes() -> Self {
        Self::with_template("{wide_bar} {bytes}/{total_bytes}, {eta} left {msg}")
    }

    fn with_template(template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(template);
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Shows how much of the total is done.
    pub fn update(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// Shows up to which position of the log the work is done.
    pub fn update_position(&self, position: i64, head: i64) {
        self.update(position.unsigned_abs(), head.unsigned_abs());
    }

    /// Changes the message.
    pub fn set_message(&self, message: impl Into<std::borrow::Cow<'static, str>>) {
        self.0.set_message(message);
    }

    /// Hides the bar while `print` writes to the terminal.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }
}

impl Drop for CommandProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
