//! The one who writes.

use tantivy::{IndexWriter, Term};

use super::schema::Fields;
use super::{Index, IndexError, Message};

/// Bytes that are collected before a segment is written.
const MEMORY: usize = 64 * 1024 * 1024;

/// Adds and removes messages, and commits them together with the position up to which they are
/// complete. There is one at a time, over all processes: a second one is refused.
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
}

impl Index {
    /// Becomes the writer.
    pub fn writer(&self) -> Result<Writer, IndexError> {
        Ok(Writer {
            writer: self.library.writer_with_num_threads(1, MEMORY)?,
            fields: self.fields,
        })
    }
}

impl Writer {
    /// Adds a message that is not there yet.
    pub fn add(&self, message: &Message) -> Result<(), IndexError> {
        self.writer.add_document(self.fields.document(message))?;
        Ok(())
    }

    /// Takes a message out, if it is there.
    pub fn remove(&self, position: u64) {
        let term = Term::from_field_u64(self.fields.position, position);
        self.writer.delete_term(term);
    }

    /// Puts a message in the place of what there was.
    pub fn replace(&self, message: &Message) -> Result<(), IndexError> {
        self.remove(message.position);
        self.add(message)
    }

    /// Makes everything so far durable, all or nothing, complete up to this position in the log.
    pub fn commit(&mut self, position: u64) -> Result<(), IndexError> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&position.to_string());
        commit.commit()?;
        Ok(())
    }
}
