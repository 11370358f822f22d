//! A small model of files, and of the messages and avatars that use them: those of one conversation
//! and of its owner.

/// A file of the model.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an act that happens or not, in any combination"
)]
#[derive(Debug, Clone)]
pub struct ModelFile {
    pub id: String,
    pub is_stored: bool,
    pub is_image: bool,
    pub is_deleted: bool,
    /// Whether a message that used it, or its user, was erased since the last step.
    pub is_erased: bool,
}

/// A message of the model; its seq is its place.
#[derive(Debug, Clone)]
pub struct ModelMessage {
    pub file: usize,
    pub is_recalled: bool,
    pub is_erased: bool,
}

/// A message of the model that waits to be sent.
#[derive(Debug, Clone)]
pub struct ModelScheduled {
    pub id: String,
    pub file: usize,
}

/// The files, messages and avatars.
#[derive(Debug, Default)]
pub struct Model {
    pub files: Vec<ModelFile>,
    pub messages: Vec<ModelMessage>,
    pub scheduled: Vec<ModelScheduled>,
    pub avatar_of_user: Option<usize>,
    pub avatar_of_group: Option<usize>,
}

impl Model {
    pub fn is_used(&self, file: usize) -> bool {
        let mut messages = self.messages.iter();
        let mut scheduled = self.scheduled.iter();
        [self.avatar_of_user, self.avatar_of_group].contains(&Some(file))
            || messages.any(|message| message.file == file && !message.is_recalled)
            || scheduled.any(|message| message.file == file)
    }

    pub fn is_usable(&self, file: usize) -> bool {
        self.files[file].is_stored && !self.files[file].is_deleted
    }

    /// Erases a message, and the file that it used. Only the first erasure finds it.
    pub fn erase_message(&mut self, seq: usize) {
        let message = &mut self.messages[seq];
        message.is_recalled = true;
        if !std::mem::replace(&mut message.is_erased, true) {
            self.files[message.file].is_erased = true;
        }
    }

    /// Erases all messages, the profile and the files of the user.
    pub fn erase_user(&mut self) {
        for seq in 0..self.messages.len() {
            self.erase_message(seq);
        }
        self.scheduled.clear();
        self.avatar_of_user = None;
        for file in &mut self.files {
            file.is_erased = true;
        }
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
