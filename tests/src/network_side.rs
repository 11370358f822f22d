//! What one side of a partitioned network can reach of two Postgres servers.

use std::time::Duration;

use crate::postgres_setup::USER;
use crate::proxy::TcpProxy;

/// No server listens at this port of this machine.
const CLOSED_PORT: u16 = 1;

/// The addresses of two servers, which stay the same for the processes of one side.
pub struct NetworkSide {
    links: [TcpProxy; 2],
}

impl NetworkSide {
    /// A side that reaches the servers at these ports.
    pub async fn start(ports: [u16; 2]) -> Self {
        let [first, second] = ports.map(|port| TcpProxy::start(port, Duration::ZERO));
        Self {
            links: [first.await, second.await],
        }
    }

    /// A URL with both servers.
    pub fn url(&self) -> String {
        let [first, second] = [self.links[0].port, self.links[1].port];
        format!(
            "postgres://{USER}@127.0.0.1:{first},127.0.0.1:{second}/tidings?target_session_attrs=read-write"
        )
    }

    /// Leads the address of one server to a port. The old connections are closed.
    pub fn lead(&self, server: usize, port: u16) {
        self.links[server].switch(port, false);
    }

    /// Cuts this side off from one server. With `silent`, the old connections stay open and pass
    /// nothing any more.
    pub fn cut(&self, server: usize, silent: bool) {
        self.links[server].switch(CLOSED_PORT, silent);
    }
}
