//! Where systems are, unless somebody says otherwise.

/// The default data directory of everything but `tidings demo`.
pub const DEFAULT_DATA: &str = "./tidings-data";
/// The default address of `tidings demo`: another one, so that it runs beside a system.
pub const DEFAULT_LISTEN_DEMO: &str = "127.0.0.1:8090";
/// The default address of `tidings up`.
pub const DEFAULT_LISTEN_UP: &str = "127.0.0.1:8080";
/// The default address of `tidings command-svc`.
pub const DEFAULT_LISTEN_COMMAND_SVC: &str = "127.0.0.1:8081";
/// The default address of `tidings query-api`.
pub const DEFAULT_LISTEN_QUERY_API: &str = "127.0.0.1:8082";
/// The default address of the health and metrics endpoints of `tidings projector`.
pub const DEFAULT_LISTEN_PROJECTOR: &str = "127.0.0.1:8083";
/// The default address of the health and metrics endpoints of `tidings dispatcher`.
pub const DEFAULT_LISTEN_DISPATCHER: &str = "127.0.0.1:8084";
