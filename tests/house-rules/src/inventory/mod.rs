//! `docs/inventory.md`: every table, subject, file, metric and setting, found in the sources.
//!
//! The lists come from the sources; what the sources do not say, such as what a table contains, is
//! in tables of this module. Something new without a line there makes the generator fail.

mod files;
mod markdown;
mod metrics;
mod pattern;
mod settings;
mod subjects;
mod tables;

use crate::programs::{ProductSource, programs};

/// The text of `docs/inventory.md`.
///
/// # Panics
/// If something has no description, or a description has nothing that it describes.
pub fn render() -> String {
    let programs = programs();
    [
        "# Inventory\n\nEvery table, subject, file, metric and setting of Tidings, with the crate \
         that owns it.\nGenerated from the sources by `make inventory`; do not edit.\n",
        "## Tables\n\nThe schemas are `log` (the events), `read` (the read models), `hooks` \
         (webhooks, and the hook),\n`accounts` (local accounts), `moderation` (what follows the log \
         for moderators), `presence` (who was\nonline when), `audit` (who viewed what), `jobs` \
         (rebuilds over HTTP), `analytics` (views for\nanalysts) and `secrets` (what no event may \
         have). A rebuild fills schema `read_rebuild`;\n`tidings rebuild --keep` keeps the \
         previous version as `read_old`.\n",
        &tables::render(&programs),
        "## NATS\n\n`TIDINGS_STREAM` names a second system on the same nats-server.\n",
        &subjects::render_streams(&programs),
        &subjects::render(&programs),
        "## Files\n\n`DATA` is the data directory (`TIDINGS_DATA`).\n",
        &files::render(&programs),
        "## Metrics\n\nServed at `GET /metrics` of each process.\n",
        &metrics::render(&programs),
        "## Settings\n\nA flag takes precedence over its variable, and the variable over the \
         default.\n",
        &settings::render(&programs),
        "The program also reads variables of the system:\n",
        &settings::render_system_variables(&programs),
    ]
    .join("\n")
}

/// The name of every metric that the program records.
pub fn metric_names(programs: &[ProductSource]) -> Vec<String> {
    metrics::names(programs)
}
