//! Well-formed bodies of calls that are longer than a line of the table of routes.

/// The body of a call.
pub const CREATE: &str =
    r#"{"kind":"group","members":["zoe","yan"],"title":"a title","id":"fresh"}"#;

/// The body of a call.
pub const SEND: &str = r#"{"client_message_id":"k1","type":"text","body":{"text":"hello"},"reply_to":1,"mentions":["bob"]}"#;

/// The body of a call.
pub const NO_RULES: &str = r#"{"rules":[]}"#;

/// The body of a call.
pub const ACCOUNT: &str = r#"{"user":"zoe","password":"correct horse battery"}"#;

/// The body of a call.
pub const SETUP: &str =
    r#"{"code":"5f3a9c21","user":"zoe","password":"correct horse battery","name":"The Tea House"}"#;

/// The body of a call.
pub const PREFERENCES: &str = r#"{"muted":true,"pinned":true,"archived":true}"#;

/// A file to announce.
pub const NEW_FILE: &str = r#"{"name":"menu.txt","type":"text/plain","size":8}"#;

/// An edit of a message, or of a scheduled one.
pub const BETTER: &str = r#"{"body":{"text":"better"}}"#;

/// A registration of a browser for pushes.
pub const PUSH: &str = r#"{"provider":"webpush","subscription":{"endpoint":"https://push.example.net/send/7d2a","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}}"#;

/// The settings of a service desk.
pub const DESK: &str = r#"{"title":"Billing","agents":["zoe"]}"#;

/// The first message of a service session, or a note.
pub const TEXT: &str = r#"{"text":"hello"}"#;

/// Where a service session goes.
pub const TRANSFER: &str = r#"{"agent":"zoe","note":"please"}"#;

/// Why a service session ends.
pub const CLOSE: &str = r#"{"reason":"solved"}"#;

/// The tags of a service session.
pub const TAGS: &str = r#"{"tags":["refund"]}"#;

/// A rating of a service session.
pub const RATING: &str = r#"{"score":5,"text":"quick"}"#;
