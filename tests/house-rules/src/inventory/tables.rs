//! The tables of the database, with the crates that write and read them.

use std::collections::BTreeSet;

use super::markdown::{assert_no_others, code, describe, list, table};
use crate::programs::ProductSource;
use crate::sql;

const DESCRIPTIONS: &[(&str, &str)] = &[
    (
        "analytics.conversations",
        "view: conversations with their current titles, topics and counts",
    ),
    (
        "analytics.daily_active",
        "view: per day, users who sent, read or reacted, and messages",
    ),
    (
        "analytics.delivery",
        "view: per message and recipient, when it was received and read",
    ),
    (
        "analytics.members",
        "view: membership periods, current and past",
    ),
    (
        "analytics.messages",
        "view: messages in their current form, without recalled and erased content",
    ),
    (
        "analytics.reactions",
        "view: the current reactions, with their times",
    ),
    ("analytics.reads", "view: when users read conversations"),
    (
        "analytics.reply_times",
        "view: per reply, how long the other user had waited",
    ),
    (
        "analytics.service_sessions",
        "view: the sessions of customers at service desks",
    ),
    (
        "analytics.users",
        "view: users with their names, kinds and first conversation",
    ),
    (
        "jobs.jobs",
        "rebuilds and verifications that were started over HTTP",
    ),
    ("presence.last_seen", "when users were online last"),
    ("read.bans", "the bans of conversations, with their ends"),
    (
        "read.audit",
        "the events that administrators, moderators and services caused",
    ),
    (
        "audit.accesses",
        "who viewed what, or did what no event shows, with such rights",
    ),
    (
        "read.join_requests",
        "requests to join a group that wait for an answer",
    ),
    (
        "read.links",
        "the links by which users join a group, with their uses",
    ),
    (
        "read.name_keys",
        "folded names, and the rests of them from each word on, for the search of people",
    ),
    (
        "read.policies",
        "each policy of a conversation, from a position on",
    ),
    (
        "read.profiles",
        "what users show, have set, and what is decided about them",
    ),
    ("read.receipts_off", "when users sent no read receipts"),
    (
        "read.silences",
        "the silences of conversations, with their ends",
    ),
    (
        "read.thread_marks",
        "which threads users followed, unfollowed and read, and when",
    ),
    (
        "accounts.accounts",
        "local accounts with the Argon2id hashes of their passwords",
    ),
    (
        "accounts.attempts",
        "wrong passwords of the last 15 minutes, by digests of users and addresses",
    ),
    (
        "accounts.invites",
        "digests of the codes that open one account each",
    ),
    (
        "accounts.place",
        "what the pages call the deployment, and who owns it",
    ),
    (
        "accounts.revocations",
        "changes of passwords whose revocation of tokens the log does not have yet",
    ),
    (
        "accounts.setup_codes",
        "digests of the codes with which an owner sets the place up",
    ),
    (
        "hooks.check_secrets",
        "the secrets that sign questions to the service that checks messages",
    ),
    (
        "moderation.flood_offences",
        "the last flood of each sender, per conversation or in all together",
    ),
    (
        "moderation.progress",
        "one row: how far the moderation follower is in the log",
    ),
    ("read.case_acts", "what happened to cases, with the notes"),
    (
        "read.cases",
        "the cases of moderators, with their targets and states",
    ),
    (
        "read.files",
        "the files that are not deleted: names, sizes, digests and types",
    ),
    (
        "files.preview_progress",
        "one row: how far previews of images have been made",
    ),
    (
        "files.reservations",
        "the announced files that the read model may not have yet",
    ),
    (
        "files.unused",
        "the files that nothing uses, and since when",
    ),
    ("read.scheduled", "scheduled messages that wait or failed"),
    ("read.desks", "the service desks, with their settings"),
    (
        "read.service_sessions",
        "the sessions of customers at service desks",
    ),
    (
        "read.session_steps",
        "when each session was opened, accepted, transferred and closed",
    ),
    (
        "read.session_texts",
        "what people wrote about sessions: notes, reasons, ratings",
    ),
    (
        "secrets.links",
        "one row: the secret from which the codes of links derive",
    ),
    (
        "read.held",
        "held messages on which no moderator has decided yet",
    ),
    (
        "push.notices",
        "pending and sent pushes, one row per device and conversation",
    ),
    (
        "push.outcomes",
        "what providers answered, counted by hour, provider and outcome",
    ),
    ("push.parked", "pushes that failed for the last time"),
    ("push.progress", "one row: how far pushes are in the log"),
    (
        "push.tokens",
        "the tokens of devices, which the log names by digests",
    ),
    (
        "push.vapid_key",
        "one row: the private key for the push services of browsers",
    ),
    (
        "read.push_devices",
        "the devices that get pushes, with the digests of their registrations",
    ),
    (
        "hooks.notices",
        "pending and sent notifications, one row per user and conversation",
    ),
    ("hooks.parked", "deliveries that failed for the last time"),
    (
        "hooks.receipts",
        "per user and idempotency key: the first answer to a command about webhooks",
    ),
    (
        "hooks.seal_copies",
        "per address: the last seal that was delivered",
    ),
    (
        "hooks.waiting",
        "events at or before a webhook's position that are not delivered yet",
    ),
    (
        "hooks.webhooks",
        "the webhooks, with position, state and secret",
    ),
    (
        "log.erased",
        "the events whose content was erased; rows are never removed",
    ),
    (
        "log.conversation_retention",
        "how far the retention of each conversation with a policy of its own is",
    ),
    (
        "log.epochs",
        "the epochs, whose tags tell the histories of the log apart",
    ),
    (
        "log.erasure",
        "one row: how far erasure has progressed in the log and in its files",
    ),
    (
        "log.events",
        "every event, by position; changed by erasure only",
    ),
    (
        "log.head",
        "one row: the last position, its time, the id of the log, and the tag of the newest epoch",
    ),
    (
        "log.receipts",
        "the first response to each command with an idempotency key, forever",
    ),
    (
        "log.retention",
        "per kind of conversation: up to where retention has erased messages",
    ),
    (
        "log.seals",
        "signed hashes over ranges of events, with the salts and digests of the events",
    ),
    (
        "log.snapshots",
        "folded states of aggregates; may be deleted at any time",
    ),
    ("log.streams", "the numbers of aggregates"),
    (
        "public.events",
        "view: the log for analysts and postgres-es, with JSON payloads",
    ),
    (
        "read.ack_history",
        "the acknowledgements of devices, by position",
    ),
    ("read.blocks", "which user blocks whom"),
    (
        "read.checkpoint",
        "one row: position, floor of the offline window, numbering, generation",
    ),
    (
        "read.contacts",
        "contacts and requests, as each of the two users sees them",
    ),
    (
        "read.conversation_history",
        "conversations after each event that changed one",
    ),
    (
        "read.conversations",
        "the conversations, with their heads and counts",
    ),
    ("read.devices", "the acknowledged cursor of each device"),
    (
        "read.inbox",
        "fan-out on write: one row per recipient of an entry",
    ),
    (
        "read.invitations",
        "who is invited to which group, until the invitation ends",
    ),
    (
        "read.member_history",
        "members after each event that changed one",
    ),
    (
        "read.members",
        "present and former members, with read marks, preferences and clears",
    ),
    ("read.messages", "the messages in their current form"),
    (
        "read.parked",
        "events that could not be folded, and those behind them",
    ),
    (
        "read.reaction_history",
        "the reactions that were added and removed, by position",
    ),
    ("read.pins", "the pinned messages, now and before"),
    ("read.reactions", "the current reactions"),
    (
        "read.recall_history",
        "when messages were recalled and restored",
    ),
    (
        "read.stays",
        "membership periods, from which the visibility rule is made",
    ),
    ("read.timeline", "sync entries other than messages"),
    ("read.users", "the users, with their numbers"),
    ("read.versions", "the bodies that messages got by edits"),
];

pub(super) fn render(programs: &[ProductSource]) -> String {
    let (tables, views) = (sql::tables(), sql::views());
    assert!(tables.len() > 25, "only {} tables were found", tables.len());
    let names: BTreeSet<String> = tables.union(&views).cloned().collect();
    assert_no_others(DESCRIPTIONS, &names);
    let strings: Vec<(&str, Vec<String>)> = programs
        .iter()
        .map(|program| (program.package.as_str(), program.source.strings()))
        .collect();
    let rows: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let mut writers = packages(&strings, |text| sql::writes(text, name));
            if writers.is_empty() && sql::is_written_by_migrations(name) {
                writers.insert("migrations".to_owned());
            }
            assert!(
                views.contains(name) || !writers.is_empty(),
                "no statement writes {name}"
            );
            let mut readers = packages(&strings, |text| sql::names(text, name));
            readers.retain(|package| !writers.contains(package));
            vec![
                code(name),
                list(&writers),
                list(&readers),
                describe(DESCRIPTIONS, name),
            ]
        })
        .collect();
    table(&["table", "written by", "also named by", "content"], &rows)
}

/// The packages with a string for which `is_found` holds.
fn packages(strings: &[(&str, Vec<String>)], is_found: impl Fn(&str) -> bool) -> BTreeSet<String> {
    strings
        .iter()
        .filter(|(_, strings)| strings.iter().any(|text| is_found(text)))
        .map(|(package, _)| (*package).to_owned())
        .collect()
}
