//! Notes: the texts that users write with requests and reports. Erasing a user erases them from all
//! earlier events. They are in events of several aggregates, so this table says where.

use serde_json::{Map, Value};

/// Who wrote a note.
enum NoteAuthor {
    /// The owner of the mailbox.
    Owner,
    /// The user in this field.
    Field(&'static str),
}

/// The field of an event that has a note.
struct NoteField {
    event_type: &'static str,
    author: NoteAuthor,
    field: &'static str,
}

/// Every event with a note. In all versions of these events the field may be absent.
const NOTE_FIELDS: [NoteField; 8] = [
    NoteField {
        event_type: "contact_requested",
        author: NoteAuthor::Owner,
        field: "note",
    },
    NoteField {
        event_type: "join_requested",
        author: NoteAuthor::Field("user"),
        field: "note",
    },
    NoteField {
        event_type: "report_filed",
        author: NoteAuthor::Field("reporter"),
        field: "note",
    },
    NoteField {
        event_type: "case_resolved",
        author: NoteAuthor::Field("by"),
        field: "note",
    },
    NoteField {
        event_type: "session_opened",
        author: NoteAuthor::Field("customer"),
        field: "custom",
    },
    NoteField {
        event_type: "session_noted",
        author: NoteAuthor::Field("by"),
        field: "text",
    },
    NoteField {
        event_type: "session_closed",
        author: NoteAuthor::Field("by"),
        field: "reason",
    },
    NoteField {
        event_type: "session_rated",
        author: NoteAuthor::Field("by"),
        field: "text",
    },
];

/// The data of an event that has a note, or had one.
#[derive(Debug, Clone, PartialEq)]
pub struct EventNote {
    author: String,
    field: &'static str,
    data: Map<String, Value>,
}

impl EventNote {
    /// The types of the events that can have a note.
    pub fn event_types() -> Vec<&'static str> {
        NOTE_FIELDS.iter().map(|known| known.event_type).collect()
    }

    /// Reads the data of an event of an aggregate with this id. `None` if such events have no note.
    pub fn parse(event_type: &str, aggregate_id: &str, data: &[u8]) -> Option<Self> {
        let mut known = NOTE_FIELDS.iter();
        let known = known.find(|known| known.event_type == event_type)?;
        let data: Map<String, Value> = serde_json::from_slice(data).ok()?;
        let author = match known.author {
            NoteAuthor::Owner => aggregate_id,
            NoteAuthor::Field(field) => data.get(field)?.as_str()?,
        };
        Some(Self {
            author: author.to_owned(),
            field: known.field,
            data,
        })
    }

    /// The user who wrote it.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Whether it is there: the user wrote one, and it is not erased.
    pub fn is_present(&self) -> bool {
        self.data.contains_key(self.field)
    }

    /// The data of the event without the note.
    pub fn into_erased_data(mut self) -> Vec<u8> {
        self.data.remove(self.field);
        Value::Object(self.data).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_erased_and_nothing_else() {
        let data = br#"{"user":"ann","note":"please"}"#;
        let note = EventNote::parse("join_requested", "team", data).expect("it can have a note");
        assert_eq!((note.author(), note.is_present()), ("ann", true));
        let erased = note.into_erased_data();
        assert_eq!(erased, br#"{"user":"ann"}"#);
        let note = EventNote::parse("join_requested", "team", &erased).expect("it had a note");
        assert!(!note.is_present());
    }

    #[test]
    fn the_author_is_the_owner_of_a_mailbox_or_named_by_the_event() {
        let data = br#"{"user":"bob","note":"hi","number":1}"#;
        let note = EventNote::parse("contact_requested", "ann", data).expect("a note");
        assert_eq!(note.author(), "ann");
        let data = br#"{"reporter":"cleo","reason":"spam"}"#;
        let note = EventNote::parse("report_filed", "case-1", data).expect("none was written");
        assert_eq!((note.author(), note.is_present()), ("cleo", false));
        assert_eq!(EventNote::parse("contact_added", "ann", b"{}"), None);
        assert_eq!(EventNote::parse("report_filed", "case-1", b"{}"), None);
    }
}
