//! Finds ports for child processes. A port is chosen before the process starts, so that the process
//! can be restarted on the same one. The ports lie below the range that systems use for outgoing
//! connections.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

const MIN_PORT: u16 = 20_000;
const PORT_COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Finds a free port of the loopback interface. Another process may take it first; the caller then
/// has to try another one.
pub fn find_free() -> u16 {
    // Each test process starts at a different port, so that conflicts are rare.
    let home = (std::process::id().wrapping_mul(97) % u32::from(PORT_COUNT)) as u16;
    for _ in 0..PORT_COUNT {
        let offset = (home + NEXT.fetch_add(1, Ordering::Relaxed) % PORT_COUNT) % PORT_COUNT;
        let port = MIN_PORT + offset;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port from {MIN_PORT} on")
}
