//! Word to systemd that a daemon works and that it stops, for units of `Type=notify`
//! (`sd_notify(3)`). Without `NOTIFY_SOCKET` nothing is told.

use std::{
    convert::Infallible,
    env,
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    process,
    time::Duration,
};

/// Tells that the daemon works: it listens, and does all that the servers let it do. It does so
/// while Postgres or RabbitMQ is away too, which `/readyz` tells.
pub fn ready() {
    tell("READY=1\nSTATUS=works");
}

/// Tells that the daemon finishes its work and stops.
pub fn stopping() {
    tell("STOPPING=1\nSTATUS=finishes its work");
}

/// Tells for as long as it is polled that the daemon's tasks go on, where the unit has a
/// `WatchdogSec`.
pub(crate) async fn keep_watchdog() -> Infallible {
    let Some(interval) = watchdog(env::var("WATCHDOG_USEC").ok(), env::var("WATCHDOG_PID").ok()) else {
        return std::future::pending().await;
    };
    loop {
        tell("WATCHDOG=1");
        tokio::time::sleep(interval).await;
    }
}

/// Returns how often the watchdog wants to hear: twice within its time. It may be another
/// process's.
fn watchdog(microseconds: Option<String>, pid: Option<String>) -> Option<Duration> {
    let ours = pid.is_none_or(|pid| pid.parse() == Ok(process::id()));
    let microseconds: u64 = microseconds?.parse().ok()?;
    (ours && microseconds > 1).then(|| Duration::from_micros(microseconds / 2))
}

fn tell(state: &str) {
    if let Some(socket) = env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&socket, state)
    {
        tracing::debug!(%error, "systemd does not hear");
    }
}

/// Sends a word to a socket: a path, or after `@` a name without one.
fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn a_word_arrives_at_a_path_and_at_a_name_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("muster-notify-{}", process::id());
        let sockets = [
            (UnixDatagram::bind(&path).unwrap(), path.into_os_string()),
            (
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap(),
                OsString::from(format!("@{name}")),
            ),
        ];
        for (socket, address) in sockets {
            send(&address, "READY=1").unwrap();
            let mut word = [0; 64];
            let length = socket.recv(&mut word).unwrap();
            assert_eq!(&word[..length], b"READY=1");
        }
        assert!(send(OsStr::new("/no/such/socket"), "READY=1").is_err());
    }

    #[test]
    fn the_watchdog_hears_twice_within_its_time_if_it_is_ours() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(watchdog(some("30000000"), None), Some(Duration::from_secs(15)));
        assert_eq!(watchdog(some("30000000"), Some(process::id().to_string())), Some(Duration::from_secs(15)));
        for (microseconds, pid) in
            [(None, None), (some("0"), None), (some("soon"), None), (some("30000000"), some("0"))]
        {
            assert_eq!(watchdog(microseconds, pid), None);
        }
    }
}
