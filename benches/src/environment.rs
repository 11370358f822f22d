//! The machine and the servers on which a benchmark runs.

use embedded_servers::EmbeddedServers;
use embedded_servers::find::ServerProgram;

/// Describes the machine and the servers. `programs` are the programs that share the cores with
/// the servers.
pub fn describe(programs: &str, servers: &EmbeddedServers) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores shared by {programs}, Postgres {} (fsync on) and nats-server {}",
        version(servers.postgres.as_ref()),
        version(servers.nats.as_ref())
    )
}

fn version(program: Option<&ServerProgram>) -> String {
    program.map_or_else(String::new, |program| program.version.to_string())
}
