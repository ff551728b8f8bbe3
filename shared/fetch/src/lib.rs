//! Fetching a tenant's file from the address that the tenant names: over HTTPS, from public
//! addresses alone, in bounded memory.
//!
//! Names are resolved here and connections go to exactly the addresses that were looked at, so that
//! a name cannot lead elsewhere a moment later. Each redirect is looked at like the first address.
//! No part of a request carries a secret of the installation.

mod asks;
mod guard;

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::{
    Client, ClientBuilder, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
    redirect,
};
use tracing::{Instrument, Span, field::Empty, info_span};

pub use asks::ANSWER_LIMIT;
pub use guard::{Guard, is_public};

/// The longest waits: for a connection, and for the next bytes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const STALL_TIMEOUT: Duration = Duration::from_mins(1);
/// Redirects that are followed.
const REDIRECT_LIMIT: usize = 5;

/// Why a file cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one that may be asked; asking again cannot help.
    #[error("{0}")]
    Refused(String),
    /// The other side says that there is nothing, or not for us; asking again cannot help.
    #[error("the server answered {0}")]
    Status(u16),
    /// The other side cannot be reached, or broke off.
    #[error("{0}")]
    Broken(String),
}

/// Validators of a file from its last fetch; it is only sent again when it has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its time of modification, as the server wrote it.
    pub last_modified: Option<String>,
}

/// A fetched file.
pub struct Fetched<S> {
    /// Validators to know it by next time.
    pub seen: Seen,
    /// Its bytes.
    pub bytes: S,
}

/// Fetches files.
#[derive(Debug, Clone)]
pub struct Fetcher {
    http: Client,
    /// Asks for small documents, and follows no redirect.
    asks: Client,
    guard: Arc<Guard>,
}

impl Fetcher {
    /// Returns a fetcher that keeps to a guard.
    pub fn new(guard: Guard) -> Result<Self, Error> {
        let guard = Arc::new(guard);
        // Another part of the process may have installed it already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let policy = {
            let guard = Arc::clone(&guard);
            redirect::Policy::custom(move |attempt| {
                if attempt.previous().len() > REDIRECT_LIMIT {
                    return attempt.error("too many redirects");
                }
                match check(&guard, attempt.url()) {
                    Ok(()) => attempt.follow(),
                    Err(error) => attempt.error(error.to_string()),
                }
            })
        };
        let http = builder(&guard)
            .redirect(policy)
            .read_timeout(STALL_TIMEOUT)
            .build()
            .map_err(|error| Error::Broken(error.to_string()))?;
        Ok(Self { http, asks: asks::client(&guard)?, guard })
    }

    /// Returns whether this address may be asked, as far as can be said without asking. An address
    /// is `https://HOST/…`, without a user or password.
    pub fn check(&self, url: &str) -> Result<Url, Error> {
        let url = Url::parse(url).map_err(|error| Error::Refused(format!("the URL cannot be read: {error}")))?;
        check(&self.guard, &url)?;
        Ok(url)
    }

    /// Fetches a file; `None` when it is as it was seen.
    pub async fn fetch(
        &self,
        url: &str,
        seen: &Seen,
    ) -> Result<Option<Fetched<impl Stream<Item = Result<Bytes, Error>> + Send + Unpin + use<>>>, Error> {
        let url = self.check(url)?;
        let span = span("GET", &url);
        let mut request = self.http.get(url);
        for (name, value) in [(IF_NONE_MATCH, &seen.etag), (IF_MODIFIED_SINCE, &seen.last_modified)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = request.send().instrument(span.clone()).await;
        record(&span, &answer);
        let response = answer.map_err(broken)?;
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(None),
            status if status.is_success() => {}
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Error::Broken(format!("the server answered {}", status.as_u16())));
            }
            status => return Err(Error::Status(status.as_u16())),
        }
        let seen =
            Seen { etag: text(response.headers(), &ETAG), last_modified: text(response.headers(), &LAST_MODIFIED) };
        let bytes = response.bytes_stream().map(|chunk| chunk.map_err(broken)).boxed();
        Ok(Some(Fetched { seen, bytes }))
    }
}

/// Returns a client that connects to addresses alone that the guard admits.
fn builder(guard: &Arc<Guard>) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .dns_resolver(Arc::new(Resolver(Arc::clone(guard))))
        .user_agent("muster")
}

/// Returns the client span of a request, by OpenTelemetry's semantic conventions; its path may be a
/// tenant's secret.
fn span(method: &'static str, url: &Url) -> Span {
    info_span!(
        "request",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method,
        url.scheme = url.scheme(),
        server.address = url.host_str(),
        server.port = url.port_or_known_default().map(i64::from),
        http.response.status_code = Empty,
        "error.type" = Empty,
    )
}

/// Records how a request ended.
fn record(span: &Span, answer: &Result<reqwest::Response, reqwest::Error>) {
    let failed = match answer {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", i64::from(status.as_u16()));
            (status.is_client_error() || status.is_server_error()).then(|| status.as_u16().to_string())
        }
        Err(error) if error.is_timeout() => Some("timeout".to_owned()),
        Err(error) if error.is_connect() => Some("connect".to_owned()),
        Err(_) => Some("_OTHER".to_owned()),
    };
    if let Some(kind) = failed {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(ToOwned::to_owned)
}

/// Addresses and file names may be a tenant's secret, so that errors go without them.
fn broken(error: reqwest::Error) -> Error {
    let redirected = error.is_redirect();
    let error = error.without_url();
    let mut why = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    if redirected || why.contains(NO_ADDRESS) { Error::Refused(why) } else { Error::Broken(why) }
}

fn check(guard: &Guard, url: &Url) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::Refused(why.to_owned()));
    let Some(host) = url.host_str() else { return refuse("the URL names no host") };
    let named = guard.names(host, url.port_or_known_default().unwrap_or_default());
    match url.scheme() {
        "https" => {}
        "http" if named => {}
        _ => return refuse("the URL must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("the URL must not hold a user or password");
    }
    // Hosts that are addresses are not resolved, so that they are looked at here.
    let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    match literal {
        Some(address) if !named && !is_public(address) => refuse("the URL leads to an address that is not public"),
        // Such a name may have any address, and the resolver does not know for which port it is
        // asked.
        None if !named && guard.names_host(host) => refuse("the URL leads to a port of this host that is not allowed"),
        _ => Ok(()),
    }
}

/// The resolver's answer for a host without an address that may be asked.
const NO_ADDRESS: &str = "the host has no public address";

#[derive(Debug)]
struct Resolver(Arc<Guard>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted = guard.admit(name.as_str(), found);
            if admitted.is_empty() {
                return Err(NO_ADDRESS.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(guard: &Guard, url: &str) -> Option<String> {
        let url = Url::parse(url).unwrap();
        check(guard, &url).err().map(|error| error.to_string())
    }

    #[test]
    fn urls_that_lead_inside_are_refused() {
        let guard = Guard::default();
        for url in [
            "http://example.org/a.csv",
            "ftp://example.org/a.csv",
            "file:///etc/passwd",
            "https://127.0.0.1/a.csv",
            "https://[::1]/a.csv",
            "https://[::ffff:10.0.0.1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://user:secret@example.org/a.csv",
        ] {
            assert!(refusal(&guard, url).is_some(), "{url}");
        }
        assert_eq!(refusal(&guard, "https://example.org/a.csv?sig=1"), None);
        assert_eq!(refusal(&guard, "https://8.8.8.8/a.csv"), None);
    }

    #[test]
    fn hosts_that_the_installation_names_may_be_asked_plainly() {
        let guard = Guard::new(vec!["127.0.0.1:8000".to_owned()]);
        assert_eq!(refusal(&guard, "http://127.0.0.1:8000/a.csv"), None);
        assert!(refusal(&guard, "http://127.0.0.1:8001/a.csv").is_some());
    }

    #[test]
    fn a_named_host_opens_no_other_port_of_it() {
        let guard = Guard::new(vec!["Files.internal:8443".to_owned(), "plain.internal:80".to_owned()]);
        for url in ["https://files.internal:8443/a.csv", "http://files.internal:8443/", "http://plain.internal/a.csv"] {
            assert_eq!(refusal(&guard, url), None, "{url}");
        }
        for url in [
            "https://files.internal/a.csv",
            "https://FILES.internal:22/",
            "https://files.internal:9200/_search",
            "https://plain.internal/a.csv",
            "http://files.internal/a.csv",
        ] {
            assert!(refusal(&guard, url).is_some(), "{url}");
        }
        assert_eq!(refusal(&guard, "https://example.org:9200/a.csv"), None, "public addresses have any port");
    }
}
