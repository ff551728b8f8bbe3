//! The HTTP client this crate and its programs use against loopback: plain, short timeouts, no
//! proxy.

use std::time::Duration;

use anyhow::Context as _;

/// Returns a client that ends every request within `timeout`. It keeps no connections: a kept one
/// belongs to the runtime that opened it, and tests in one process have a runtime each.
pub fn client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    // Loopback is plain HTTP, but the client wants a crypto provider to exist; an error says that
    // one does already.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(timeout)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .context("building an HTTP client")
}
