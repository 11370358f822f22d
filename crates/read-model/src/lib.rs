//! The contract between the projector, which writes the read models, and the crates that read them.
//!
//! [`projection_signal`] is what the projector publishes after each batch, and [`live_entry`] the
//! entries that it passes on with it within a process. [`entry_type`]: the types of entries.
//!
//! The macros are SQL fragments for the visibility and unread rules: which messages a user can see,
//! and which of them are unread. Every query on `read.*` uses them.
//!
//! - [`visible_windows!`]: the ranges of messages that a member can see.
//! - [`can_see!`]: whether a member can see one message.
//! - [`unread_count!`]: how many messages are unread for a member.
//! - [`unread_mention_count!`]: how many unread messages mention a user.
//! - [`uses_file!`]: whether a message uses its file. [`is_file_used!`]: whether anything uses one
//!   file. [`file_uses!`]: what uses which files. [`user_avatars!`] and [`conversation_avatars!`]:
//!   which files are avatars.
//!
//! Only current members see a conversation; for all other users it is indistinguishable from one
//! that does not exist. With `history = all` a member sees every message; with `since_join`, the
//! messages of all their own membership periods (`read.stays`). What a member has cleared
//! (`read.members.cleared_seq`) is hidden from that member alone, in either case.
//!
//! The rule is expressed as *windows* of seqs, `after_seq < seq <= until_seq`, which never overlap:
//! one window, or one per membership period. A page of history, an unread count and a visibility
//! check therefore share one rule, and each costs a few index probes instead of a scan of every
//! message.
//!
//! The aggregates implement the same rule for commands: `Conversation::can_see` and
//! `Mailbox::has_cleared`.
//!
//! A message that is sent, and neither recalled nor erased, uses its file; so does one that waits
//! to be sent. In a direct conversation, one that both users have cleared does not: nobody will
//! ever see it again. In a group, who joins later may see what all members have cleared. A file
//! that is the avatar of a user or a conversation is used too.

#![deny(missing_docs)]

pub mod entry_type;
pub mod live_entry;
pub mod projection_signal;

/// A subquery that returns the visible windows `(after_seq, until_seq)` of a current member `$m` (a
/// row of `read.members`) of a conversation `$c` (a row of `read.conversations`). A window that the
/// member has cleared is empty: it ends where it begins, or before.
#[macro_export]
macro_rules! visible_windows {
    ($m:literal, $c:literal) => {
        concat!(
            "(SELECT ",
            $m,
            ".cleared_seq AS after_seq, ",
            $c,
            ".head_seq AS until_seq
              WHERE ",
            $c,
            ".history = 'all'
              UNION ALL
              SELECT greatest(stay.after_seq, ",
            $m,
            ".cleared_seq), coalesce(stay.until_seq, ",
            $c,
            ".head_seq)
              FROM read.stays stay
              WHERE ",
            $c,
            ".history <> 'all' AND stay.conversation = ",
            $m,
            ".conversation
                AND stay.user_id = ",
            $m,
            ".user_id)"
        )
    };
}

/// A condition: the current member `$m` of conversation `$c` can see the message with seq `$seq`.
#[macro_export]
macro_rules! can_see {
    ($m:literal, $c:literal, $seq:literal) => {
        concat!(
            "EXISTS (SELECT FROM ",
            $crate::visible_windows!($m, $c),
            " seen
                     WHERE seen.after_seq < ",
            $seq,
            " AND ",
            $seq,
            " <= seen.until_seq)"
        )
    };
}

/// An expression: the number of unread messages for the current member `$m` of conversation `$c`.
/// It costs a few index probes regardless of the size of the conversation.
///
/// Sending a message moves the sender's read mark to it, so a user's own messages can lie after the
/// mark only if the mark was moved back. Those are counted through the index on the sender.
#[macro_export]
macro_rules! unread_count {
    ($m:literal, $c:literal) => {
        concat!(
            "CASE WHEN ",
            $m,
            ".read_seq >= ",
            $c,
            ".head_seq THEN 0 ELSE (
                SELECT coalesce(sum(
                    CASE WHEN w.until_seq = ",
            $c,
            ".head_seq THEN ",
            $c,
            ".countable
                         ELSE coalesce((SELECT o.ordinal FROM read.messages o
                                        WHERE o.conversation = ",
            $m,
            ".conversation
                                          AND o.seq = w.until_seq), 0) END
                    - coalesce((SELECT o.ordinal FROM read.messages o
                                WHERE o.conversation = ",
            $m,
            ".conversation AND o.seq = w.mark), 0)
                    - (SELECT count(*) FROM read.messages o
                       WHERE o.recalled AND o.conversation = ",
            $m,
            ".conversation
                         AND o.seq > w.mark AND o.seq <= w.until_seq
                         AND o.sender <> ",
            $m,
            ".user_id AND o.type <> 'control')
                    - CASE WHEN ",
            $m,
            ".own_seq <= w.mark THEN 0 ELSE (
                        SELECT count(*) FROM read.messages o
                        WHERE o.sender = ",
            $m,
            ".user_id
                          AND o.position > coalesce((SELECT p.position FROM read.messages p
                                                     WHERE p.conversation = ",
            $m,
            ".conversation
                                                       AND p.seq = w.mark), 0)
                          AND o.conversation = ",
            $m,
            ".conversation
                          AND o.seq <= w.until_seq AND o.type <> 'control') END
                ), 0)::bigint
                FROM (SELECT greatest(v.after_seq, ",
            $m,
            ".read_seq) AS mark, v.until_seq
                      FROM ",
            $crate::visible_windows!($m, $c),
            " v) w
                WHERE w.until_seq > w.mark) END"
        )
    };
}

/// An expression: how many of the unread messages mention the user with the external id `$user`.
#[macro_export]
macro_rules! unread_mention_count {
    ($m:literal, $c:literal, $user:literal) => {
        concat!(
            "(SELECT count(*)
              FROM ",
            $crate::visible_windows!($m, $c),
            " w
              JOIN read.messages o ON o.conversation = ",
            $m,
            ".conversation
                  AND o.seq > greatest(w.after_seq, ",
            $m,
            ".read_seq) AND o.seq <= w.until_seq
              WHERE o.mentions IS NOT NULL AND NOT o.recalled AND o.type <> 'control'
                AND o.sender <> ",
            $m,
            ".user_id AND o.mentions::jsonb ? ",
            $user,
            ")"
        )
    };
}

/// A condition: the message `$g` (a row of `read.messages`), which has a file, of the conversation
/// `$c` uses its file.
#[macro_export]
macro_rules! uses_file {
    ($g:literal, $c:literal) => {
        concat!(
            "(NOT ",
            $g,
            ".recalled AND (",
            $c,
            ".kind <> 'direct' OR EXISTS (
                  SELECT FROM read.members m WHERE m.conversation = ",
            $g,
            ".conversation AND m.present
                  AND m.cleared_seq < ",
            $g,
            ".seq)))"
        )
    };
}

/// A subquery that returns a pair `(file, user_id)` for each user whose avatar is a file.
#[macro_export]
macro_rules! user_avatars {
    () => {
        "(SELECT a.avatar AS file, a.user_id FROM read.profiles a WHERE strpos(a.avatar, ':') = 0)"
    };
}

/// A subquery that returns a pair `(file, conversation)` for each conversation whose avatar is a
/// file. Its newest policy counts.
#[macro_export]
macro_rules! conversation_avatars {
    () => {
        "(SELECT p.avatar_file AS file, p.conversation FROM read.policies p
          WHERE p.avatar_file IS NOT NULL AND NOT EXISTS (
              SELECT FROM read.policies n
              WHERE n.conversation = p.conversation AND n.position > p.position))"
    };
}

/// A condition: something uses the file with the id `$file`.
#[macro_export]
macro_rules! is_file_used {
    ($file:literal) => {
        concat!(
            "(EXISTS (SELECT FROM read.messages g JOIN read.conversations c ON c.id = g.conversation
              WHERE g.file = ",
            $file,
            " AND ",
            $crate::uses_file!("g", "c"),
            ")
             OR EXISTS (SELECT FROM read.scheduled s WHERE s.file = ",
            $file,
            ")
             OR EXISTS (SELECT FROM read.held h WHERE h.file = ",
            $file,
            ")
             OR EXISTS (SELECT FROM ",
            $crate::user_avatars!(),
            " a WHERE a.file = ",
            $file,
            ")
             OR EXISTS (SELECT FROM ",
            $crate::conversation_avatars!(),
            " a WHERE a.file = ",
            $file,
            "))"
        )
    };
}

/// A subquery that returns a pair `(file, conversation)` for everything that uses a file. The
/// conversation of the avatar of a user is null.
#[macro_export]
macro_rules! file_uses {
    () => {
        concat!(
            "(SELECT g.file, g.conversation
              FROM read.messages g JOIN read.conversations c ON c.id = g.conversation
              WHERE g.file IS NOT NULL AND ",
            $crate::uses_file!("g", "c"),
            "
              UNION ALL SELECT s.file, s.conversation FROM read.scheduled s WHERE s.file IS NOT NULL
              UNION ALL SELECT h.file, h.conversation FROM read.held h WHERE h.file IS NOT NULL
              UNION ALL SELECT a.file, a.conversation FROM ",
            $crate::conversation_avatars!(),
            " a
              UNION ALL SELECT a.file, NULL::bigint FROM ",
            $crate::user_avatars!(),
            " a)"
        )
    };
}
