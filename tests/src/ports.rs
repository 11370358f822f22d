//! Ports that children listen on. A port is chosen before the child starts, so that it can be
//! started again on the same one; they are taken from below the range from which systems take the
//! near ends of outgoing connections.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

const LOWEST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port of the loopback that is free now. Another process may still take it first: whoever starts
/// a server on it tries again with another.
pub fn free() -> u16 {
    // Test processes start at different places, so that they seldom try the same ports.
    let home = (std::process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let offset = (home + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        let port = LOWEST + offset;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port from {LOWEST} on")
}
