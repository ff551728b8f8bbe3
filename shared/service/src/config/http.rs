//! `[http]`: the bounds of the api's listener.

use std::time::Duration;

use super::{
    key::{default, unset},
    section::{Check, section},
};

section! {
    /// The api's listener. See [overload](operations.md#overload).
    Http in "http" {
        /// Address on which the api answers `/livez`, `/readyz` and `/metrics`. Give it one in
        /// production: clients never have to do with it.
        health_listen: Option<String> = unset(), env "health_listen", shown "`process.listen`";
        /// Connections of clients that the api serves at once. Keep it 200 below the files that a
        /// process may open (`ulimit -n`).
        // The default leaves room below the 1,024 files that processes usually may open.
        max_connections: usize = default(800_usize), within 1..=1_000_000, env "listen_max_connections";
        /// Seconds that the head of a request may take to come.
        header_timeout_seconds: u64 = default(10_u64), within 1..=86_400, env "header_timeout_seconds";
        /// Seconds that a connection stays open without a request; longer than the proxy in front
        /// keeps its own.
        // Proxies usually let go after 60 s, and should be first.
        idle_timeout_seconds: u64 = default(75_u64), within 1..=86_400, env "idle_timeout_seconds";
        /// Seconds that a client may take nothing of its answer.
        write_timeout_seconds: u64 = default(30_u64), within 1..=86_400, env "write_timeout_seconds";
        /// Seconds that a request may take, with its body. Uploads may take longer as long as they
        /// move; campaigns and duplicates four times as long.
        request_timeout_seconds: u64 = default(15_u64), within 1..=86_400, env "request_timeout_seconds";
        /// Requests that a token or a session may make within a minute, over all processes.
        token_requests_a_minute: u32 = default(6_000_u32), within 1..=10_000_000, env "token_requests_a_minute";
        /// Requests that an account's members may make within a minute, over all processes.
        account_requests_a_minute: u32 = default(300_000_u32), within 1..=100_000_000, env "account_requests_a_minute";
        /// The slowest pace of an upload, over each `request_timeout_seconds` that the api waits
        /// for it.
        upload_bytes_per_second: u64 = default(1_024_u64), within 0..=1_099_511_627_776, env "upload_bytes_per_second";
        /// Header in which the proxy in front tells the client's address, such as
        /// `x-forwarded-for`; its last entry counts. Sign-up forms bound their rate by it.
        client_address_header: Option<String> = unset(), env "client_address_header", shown "the connection's address";
    }
}

impl Check for Http {}

impl Http {
    /// Returns the bounds of the listener for clients.
    pub const fn limits(&self) -> crate::serve::Limits {
        crate::serve::Limits {
            connections: self.max_connections,
            header: Duration::from_secs(self.header_timeout_seconds),
            idle: Duration::from_secs(self.idle_timeout_seconds),
            write: Duration::from_secs(self.write_timeout_seconds),
        }
    }

    /// Returns the longest that a request may take.
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }
}
