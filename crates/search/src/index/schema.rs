//! The schema of the index, and the document of a message.

use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

use super::analyser::TOKENIZER_NAME;
use super::document::MessageDocument;

/// The names of the fields that are also stored as columns.
pub(super) const POSITION: &str = "position";
pub(super) const CONVERSATION: &str = "conversation";
pub(super) const SEQ: &str = "seq";
pub(super) const SENT_AT: &str = "sent_at";

/// The mark of a message with a link.
pub(super) const LINK_MARK: &str = "link";
/// The mark of a message that mentions a user.
pub(super) const MENTION_MARK: &str = "mention";

#[derive(Debug, Clone, Copy)]
pub(super) struct SchemaFields {
    pub conversation: Field,
    pub sender: Field,
    pub sent_at: Field,
    seq: Field,
    position: Field,
    pub kind: Field,
    pub mark: Field,
    pub mentions: Field,
    pub text: Field,
}

pub(super) fn build_schema() -> (Schema, SchemaFields) {
    let mut builder = Schema::builder();
    let analysed = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER_NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    // The length of a name must not affect the score, so it is not stored.
    let name = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let name = TextOptions::default().set_indexing_options(name);
    let number = NumericOptions::default().set_indexed();
    let fields = SchemaFields {
        position: builder.add_u64_field(POSITION, FAST),
        conversation: builder.add_u64_field(CONVERSATION, number.clone().set_fast()),
        seq: builder.add_u64_field(SEQ, FAST),
        sender: builder.add_u64_field("sender", number),
        sent_at: builder.add_i64_field(SENT_AT, FAST),
        kind: builder.add_text_field("kind", name.clone()),
        mark: builder.add_text_field("mark", name.clone()),
        mentions: builder.add_text_field("mentions", name),
        text: builder.add_text_field(
            "text",
            TextOptions::default().set_indexing_options(analysed),
        ),
    };
    (builder.build(), fields)
}

impl SchemaFields {
    pub fn to_document(&self, message: &MessageDocument) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(self.position, message.position);
        document.add_u64(self.conversation, message.conversation);
        document.add_u64(self.seq, message.seq);
        document.add_u64(self.sender, message.sender);
        document.add_i64(self.sent_at, message.sent_at);
        document.add_text(self.kind, &message.kind);
        if has_link(&message.text) {
            document.add_text(self.mark, LINK_MARK);
        }
        if !message.mentions.is_empty() {
            document.add_text(self.mark, MENTION_MARK);
        }
        for user in &message.mentions {
            document.add_text(self.mentions, user);
        }
        document.add_text(self.text, &message.text);
        document
    }
}

/// Whether a text contains an HTTP or HTTPS link.
fn has_link(text: &str) -> bool {
    let begins_with = |scheme: &str| {
        text.match_indices(scheme)
            .any(|(at, _)| text[at + scheme.len()..].starts_with(|c: char| !c.is_whitespace()))
    };
    begins_with("http://") || begins_with("https://")
}
