//! What a demo needs.

use std::path::PathBuf;

use data_dir::SecretString;

/// What a demo needs.
#[derive(Debug)]
pub struct DemoSetup {
    /// The address of the system.
    pub base_url: String,
    /// The code to set the system up; `None` once it is set up.
    pub setup_code: Option<String>,
    /// The password of everybody.
    pub password: SecretString,
    /// The directory of the demo, for the file that is imported.
    pub dir: PathBuf,
}
