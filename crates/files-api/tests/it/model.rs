//! A small model of files and the messages of one conversation that use them.

/// A file of the model.
#[derive(Debug, Clone)]
pub struct ModelFile {
    pub id: String,
    pub is_stored: bool,
    pub is_deleted: bool,
    /// Whether a message that used it was erased since the last step.
    pub is_erased: bool,
}

/// A message of the model; its seq is its place.
#[derive(Debug, Clone)]
pub struct ModelMessage {
    pub file: Option<usize>,
    /// The files that it ever used.
    pub files: Vec<usize>,
    pub is_recalled: bool,
    pub is_erased: bool,
}

/// The files and messages of one conversation.
#[derive(Debug, Default)]
pub struct Model {
    pub files: Vec<ModelFile>,
    pub messages: Vec<ModelMessage>,
}

impl Model {
    pub fn is_used(&self, file: usize) -> bool {
        let mut messages = self.messages.iter();
        messages.any(|message| message.file == Some(file) && !message.is_recalled)
    }

    pub fn is_usable(&self, file: usize) -> bool {
        self.files[file].is_stored && !self.files[file].is_deleted
    }

    /// A step of the collector at which no time has passed.
    pub fn step(&mut self) {
        for file in 0..self.files.len() {
            if self.files[file].is_erased && self.is_usable(file) && !self.is_used(file) {
                self.files[file].is_deleted = true;
            }
            self.files[file].is_erased = false;
        }
    }

    /// A step after all grace has passed.
    pub fn expire(&mut self) {
        for file in 0..self.files.len() {
            self.files[file].is_deleted |= !self.is_used(file);
        }
    }

    /// The ids of the files that the store must have.
    pub fn stored(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter();
        let kept = files.filter(|file| file.is_stored && !file.is_deleted);
        kept.map(|file| file.id.as_str())
    }
}
