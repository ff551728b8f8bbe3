//! Free TCP ports on loopback that stay ours while a server is down.
//!
//! Ports come from below the range the kernel hands to outgoing connections. A port inside that
//! range could be taken by any client between a kill and a restart, and a client that retries
//! against it can even connect to itself. Accepted race: another program may bind the port between
//! the look and the server's own bind; that start fails.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, bail};

const LOWEST: u16 = 12_000;
const TRIES: usize = 200;

static HANDED_OUT: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// Returns a port on 127.0.0.1 that nobody listens on, and that this process has not handed out
/// before.
pub fn free_port() -> anyhow::Result<u16> {
    let end = first_ephemeral_port();
    for _ in 0..TRIES {
        let wanted = match end {
            Some(end) => LOWEST + random_u16()? % (end - LOWEST),
            None => 0,
        };
        let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)) else { continue };
        let port = listener.local_addr().context("asking for the port just bound")?.port();
        let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
        if handed_out.get_or_insert_default().insert(port) {
            return Ok(port);
        }
    }
    bail!("no free port on 127.0.0.1 after {TRIES} tries")
}

/// Returns where the kernel's range for outgoing connections begins, when that leaves enough ports
/// below it.
fn first_ephemeral_port() -> Option<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let first: u16 = range.split_whitespace().next()?.parse().ok()?;
    (first > LOWEST + 1_000).then_some(first)
}

fn random_u16() -> anyhow::Result<u16> {
    u16::from_str_radix(&crate::secret::hex(2)?, 16).context("reading two random bytes")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn a_port_is_handed_out_once() {
        let ports: HashSet<u16> = (0..50).map(|_| super::free_port().unwrap()).collect();
        assert_eq!(ports.len(), 50);
    }
}
