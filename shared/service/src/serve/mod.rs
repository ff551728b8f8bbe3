//! Serving HTTP/1.1 within bounds: so many connections, and so much time for the client's part.
//!
//! A connection on which no request is under way is closed when its next request does not begin in
//! time (`idle`) or is not there in time (`header`). One with a client that does not read its
//! answer is closed as well (`write`). How long a request may take is its handler's to decide.
//!
//! Beyond the bound, a few more connections are served by other routes, which say that there is no
//! room, and still answer health. Connections beyond those are closed at once. When it is time to
//! stop, requests that are under way are answered and nothing else is waited for.

mod pulse;

use std::{convert::Infallible, io, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, header::CONNECTION},
    middleware,
};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::metrics::Metrics;
use pulse::{Busy, Counted, Pulse, Watched};

/// Connections beyond the bound that are told so.
const SPARE: usize = 64;
/// Time limit of their work.
const HASTE: Duration = Duration::from_secs(2);
/// How often a connection's times are looked at, and how often once it is time to stop.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const LAST_LOOKS: Duration = Duration::from_millis(100);
/// Bytes of a request's head at most.
const HEAD: usize = 64 * 1024;

/// The bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// From the first byte of a request, or the beginning of the connection, to the end of the
    /// request's head.
    pub header: Duration,
    /// From one request's answer to the next request's first byte.
    pub idle: Duration,
    /// Time for which a client may read nothing of its answer.
    pub write: Duration,
}

/// Figures of a listener.
#[derive(Debug, Clone, Default)]
pub struct Connections {
    open: Gauge,
    refused: Counter,
}

impl Connections {
    /// Adds them to a process's metrics.
    pub fn register(metrics: &Metrics) -> Self {
        let connections = Self::default();
        metrics.register(|registry| {
            registry.register("connections", "Connections of clients that are open", connections.open.clone());
            registry.register("connections_refused", "Connections beyond the bound", connections.refused.clone());
        });
        connections
    }
}

/// The other end of a request's connection: an extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Serves `routes` until the token is cancelled and requests under way are answered. `beyond`
/// answers on connections for which there is no room.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    beyond: Router,
    limits: Limits,
    figures: Connections,
    stop: CancellationToken,
) -> io::Result<()> {
    let (room, spare) = (Arc::new(Semaphore::new(limits.connections)), Arc::new(Semaphore::new(SPARE)));
    let beyond = beyond.layer(middleware::map_response(closing));
    let hasty = Limits { header: HASTE, idle: HASTE, write: HASTE, ..limits };
    let connections = TaskTracker::new();
    while let Some((stream, peer)) = accept(&listener, &stop).await {
        let (permit, routes, limits) = if let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
            (permit, routes.clone(), limits)
        } else {
            figures.refused.inc();
            let Ok(permit) = Arc::clone(&spare).try_acquire_owned() else { continue };
            (permit, beyond.clone(), hasty)
        };
        let (stop, open) = (stop.clone(), figures.open.clone());
        connections.spawn(async move {
            open.inc();
            drive(stream, peer, routes, limits, &stop).await;
            open.dec();
            drop(permit);
        });
    }
    // Later clients are refused by the machine.
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

/// Returns the next connection; none when it is time to stop.
async fn accept(listener: &TcpListener, stop: &CancellationToken) -> Option<(TcpStream, Peer)> {
    loop {
        match stop.run_until_cancelled(listener.accept()).await? {
            Ok((stream, address)) => {
                // An answer is not held back for more that may follow. It fails where the client
                // has gone already.
                let _ = stream.set_nodelay(true);
                return Some((stream, Peer(address.ip())));
            }
            Err(error) => {
                let gone = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset];
                if !gone.contains(&error.kind()) {
                    // Most likely the process has no file descriptor left; some come back.
                    tracing::warn!(%error, "a connection could not be accepted");
                    stop.run_until_cancelled(tokio::time::sleep(LAST_LOOKS)).await?;
                }
            }
        }
    }
}

async fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Serves one connection to its end.
async fn drive(stream: TcpStream, peer: Peer, routes: Router, limits: Limits, stop: &CancellationToken) {
    let pulse = Arc::new(Pulse::new(Instant::now()));
    let service = Served { routes: TowerToHyperService::new(routes), peer, pulse: Arc::clone(&pulse) };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle.max(limits.header))
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Watched::new(stream, Arc::clone(&pulse))), service);
    let mut connection = std::pin::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(if stopping { LAST_LOOKS } else { LOOK_INTERVAL }) => {
                if pulse.is_overdue(&limits, stopping, Instant::now()) {
                    tracing::debug!("a connection's time is over");
                    return;
                }
            }
        }
    }
}

/// The routes, as hyper calls them.
struct Served {
    routes: TowerToHyperService<Router>,
    peer: Peer,
    pulse: Arc<Pulse>,
}

impl Service<Request<Incoming>> for Served {
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Counted>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let busy = Busy::begin(&self.pulse);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        let answer = self.routes.call(request);
        Box::pin(async move { Ok(answer.await?.map(|body| Counted::new(body, busy))) })
    }
}
