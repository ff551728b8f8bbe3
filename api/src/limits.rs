//! Every request ends: within its time if it is small, and as long as its file keeps coming if it
//! is an upload.
//!
//! Headers of every answer as well: it is not to be stored, and its content type is to be taken as
//! it stands.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::{MatchedPath, Request, State},
    http::{
        HeaderName, HeaderValue, Method,
        header::{CACHE_CONTROL, CONNECTION, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use muster_storage::db::room;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{problem::Problem, state::Api};

/// How much longer than usual a request may take that works on many goals or groups.
const LONG_REQUEST_FACTOR: u32 = 4;
/// How long a request keeps its turn while it waits for its body: most bodies are there with their
/// heads.
const BRIEF: Duration = Duration::from_millis(10);
/// A body of so many bytes comes with its head.
const SMALL_BODY_BYTES: u64 = 16 * 1024;
/// How long a body may stand still once the api is to stop.
const STALL_TIMEOUT_AT_STOP: Duration = Duration::from_secs(2);

/// How the time of a request is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// From its beginning.
    Small,
    /// The same, with more of it.
    Large,
    /// From the last piece of its file that came. Pieces must come at some pace.
    Upload,
}

impl Kind {
    fn of(method: &Method, route: &str) -> Self {
        let is = |ends: &[&str]| *method == Method::POST && ends.iter().any(|end| route.ends_with(end));
        if is(&["/imports", "/imports/preview"]) {
            Self::Upload
        } else if (route.contains("/campaigns") && *method != Method::GET) || is(&["/duplicate", "/members/invite"]) {
            Self::Large
        } else {
            Self::Small
        }
    }
}

/// How far a request's body is.
#[derive(Debug)]
struct Coming {
    done: AtomicBool,
    /// The request has asked for it.
    begun: AtomicBool,
    /// The request waits for its client, and not for anything of ours.
    awaited: AtomicBool,
    too_slow: AtomicBool,
    last: Mutex<Instant>,
}

impl Coming {
    fn new(done: bool) -> Arc<Self> {
        Arc::new(Self {
            done: AtomicBool::new(done),
            begun: AtomicBool::new(false),
            awaited: AtomicBool::new(false),
            too_slow: AtomicBool::new(false),
            last: Mutex::new(Instant::now()),
        })
    }

    fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn came(&self, done: bool) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.done.store(done, Ordering::Release);
    }
}

/// Answers a request within its time.
pub(crate) async fn within(State(api): State<Api>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let kind = Kind::of(request.method(), route);
    let limit = api.settings.http.request_timeout();
    let (parts, body) = request.into_parts();
    let coming = Coming::new(body.is_end_stream());
    let is_small = body.size_hint().exact().is_some_and(|bytes| bytes <= SMALL_BODY_BYTES);
    let body = if body.is_end_stream() {
        body
    } else {
        let pace = (kind == Kind::Upload).then_some((limit, api.settings.http.upload_bytes_per_second));
        let incoming = Incoming {
            chunks: body.into_data_stream(),
            coming: Arc::clone(&coming),
            stop: api.stop.clone(),
            pace,
            waited: Duration::ZERO,
            bytes: 0,
        };
        incoming.into_body()
    };
    let answer = next.run(Request::from_parts(parts, body));
    let mut response = tokio::select! {
        response = answer => response,
        () = over(kind, limit, &coming) => {
            if coming.awaited.load(Ordering::Acquire) {
                too_slow()
            } else {
                tracing::warn!("a request took too long");
                let seconds = limit.as_secs();
                Problem::unavailable(format!("the request was not done within {seconds} s; try again")).into_response()
            }
        }
    };
    if coming.too_slow.load(Ordering::Acquire) && response.status().is_client_error() {
        response = if api.stop.is_cancelled() { stops() } else { too_slow() };
    }
    // The server passes over a small body that has come and that nothing has asked for, so that a
    // client that is put off keeps its connection.
    let is_unread = is_small && !coming.begun.load(Ordering::Acquire);
    if !coming.done.load(Ordering::Acquire) && !is_unread {
        // The rest of the body is not waited for.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn stops() -> Response {
    Problem::unavailable("the api stops; try again").into_response()
}

fn too_slow() -> Response {
    Problem::request_timeout("the request's body did not come in time").into_response()
}

/// Waits until a request's time is over.
async fn over(kind: Kind, limit: Duration, coming: &Coming) {
    match kind {
        Kind::Small => tokio::time::sleep(limit).await,
        Kind::Large => tokio::time::sleep(limit * LONG_REQUEST_FACTOR).await,
        Kind::Upload => loop {
            // Twice, because the pace is looked at for as long as once.
            let last = coming.last();
            tokio::time::sleep_until(last + limit * 2).await;
            if coming.last() == last {
                return;
            }
        },
    }
}

/// A body that is coming in.
struct Incoming {
    chunks: BodyDataStream,
    coming: Arc<Coming>,
    stop: CancellationToken,
    /// Of an upload: how long its client is waited for until it is looked how much has come, and
    /// bytes a second that must have.
    pace: Option<(Duration, u64)>,
    /// Time for which the client was waited for, and bytes that came, since the last check of the
    /// pace. Time in which nobody wanted more does not count.
    waited: Duration,
    bytes: u64,
}

impl Incoming {
    fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), async |incoming| {
            let mut incoming = incoming?;
            incoming.coming.begun.store(true, Ordering::Release);
            incoming.coming.awaited.store(true, Ordering::Release);
            let chunk = incoming.next().await;
            incoming.coming.awaited.store(false, Ordering::Release);
            incoming.coming.came(chunk.is_none());
            let chunk = chunk?;
            let rest = chunk.is_ok().then_some(incoming);
            Some((chunk, rest))
        }))
    }

    async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        let mut rested = false;
        loop {
            let began = Instant::now();
            let left = self.pace.map(|(window, _)| window.saturating_sub(self.waited));
            let chunk = tokio::select! {
                chunk = self.chunks.next() => Some(chunk),
                () = pause(left) => None,
                () = tokio::time::sleep(BRIEF), if !rested => {
                    // Others have its turn while its client is waited for.
                    room::rest();
                    rested = true;
                    None
                }
                () = stands_still(&self.stop) => return Some(self.broken("the api stops")),
            };
            self.waited += began.elapsed();
            if let Some(Some(Ok(bytes))) = &chunk {
                self.bytes += bytes.len() as u64;
            }
            if let Some((window, pace)) = self.pace
                && self.waited >= window
            {
                if u128::from(self.bytes) * 1_000 < u128::from(pace) * window.as_millis()
                    && !matches!(chunk, Some(None))
                {
                    return Some(self.broken("the upload came too slowly"));
                }
                (self.waited, self.bytes) = (Duration::ZERO, 0);
            }
            if let Some(chunk) = chunk {
                return chunk;
            }
        }
    }

    fn broken(&self, why: &'static str) -> Result<Bytes, axum::Error> {
        self.coming.too_slow.store(true, Ordering::Release);
        Err(axum::Error::new(io::Error::new(io::ErrorKind::TimedOut, why)))
    }
}

async fn pause(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Waits until the api is to stop, and a little longer.
async fn stands_still(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(STALL_TIMEOUT_AT_STOP).await;
}

/// Answers hold personal data or secrets: no cache on the way stores them. A download is not taken
/// for another type.
pub(crate) async fn labelled(mut response: Response) -> Response {
    let labels: [(HeaderName, &str); 2] = [(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in labels {
        // Events say `no-cache` by themselves, which lets them be kept.
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(body: Body, pace: Option<(Duration, u64)>, stop: CancellationToken) -> (Arc<Coming>, Body) {
        let coming = Coming::new(false);
        let chunks = body.into_data_stream();
        let incoming = Incoming { chunks, coming: Arc::clone(&coming), stop, pace, waited: Duration::ZERO, bytes: 0 };
        (coming, incoming.into_body())
    }

    const WINDOW: Duration = Duration::from_millis(100);

    /// Pieces of so many bytes, each after a while.
    fn pieces(bytes: usize, after: Duration, number: usize) -> Body {
        Body::from_stream(stream::unfold(number, move |left| async move {
            tokio::time::sleep(after).await;
            let left = left.checked_sub(1)?;
            Some((Ok::<_, io::Error>(Bytes::from(vec![b'x'; bytes])), left))
        }))
    }

    #[tokio::test]
    async fn an_upload_that_keeps_moving_comes_in_however_long_it_takes() {
        let slowly = pieces(6_000, WINDOW / 4, 20);
        let (coming, body) = incoming(slowly, Some((WINDOW, 1)), CancellationToken::new());
        let size = body.into_data_stream().fold(0, async |size, chunk| size + chunk.unwrap().len()).await;
        assert_eq!(size, 120_000);
        assert!(coming.done.load(Ordering::Acquire) && !coming.too_slow.load(Ordering::Acquire));
    }

    #[tokio::test]
    async fn an_upload_that_drips_or_stands_still_is_broken_off() {
        for after in [WINDOW / 50, Duration::from_hours(1)] {
            let (coming, body) =
                incoming(pieces(1, after, 1_000_000), Some((WINDOW, 1_000_000)), CancellationToken::new());
            let last = body.into_data_stream().map(|chunk| chunk.is_ok()).collect::<Vec<_>>().await.pop();
            assert_eq!(last, Some(false));
            assert!(coming.too_slow.load(Ordering::Acquire));
        }
    }

    #[tokio::test]
    async fn time_in_which_nobody_asks_for_more_is_not_the_clients() {
        let (coming, body) =
            incoming(pieces(1, Duration::ZERO, 3), Some((WINDOW, 1_000_000)), CancellationToken::new());
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            chunk.unwrap();
            tokio::time::sleep(WINDOW).await;
        }
        assert!(!coming.too_slow.load(Ordering::Acquire));
    }

    #[tokio::test]
    async fn a_body_that_stands_still_does_not_put_a_stop_off() {
        let stop = CancellationToken::new();
        let (coming, body) = incoming(pieces(1, Duration::from_hours(1), 1), None, stop.clone());
        stop.cancel();
        assert!(body.into_data_stream().next().await.is_some_and(|chunk| chunk.is_err()));
        assert!(coming.too_slow.load(Ordering::Acquire));
    }

    #[test]
    fn files_are_uploads_and_nothing_else_is() {
        let of = |method: &str, route: &str| Kind::of(&method.parse().unwrap(), route);
        assert_eq!(of("POST", "/v1/organizations/{organization_id}/imports"), Kind::Upload);
        assert_eq!(of("POST", "/v1/organizations/{organization_id}/imports/preview"), Kind::Upload);
        assert_eq!(of("GET", "/v1/organizations/{organization_id}/imports"), Kind::Small);
        assert_eq!(of("POST", "/v1/organizations/{organization_id}/campaigns"), Kind::Large);
        let campaign = "/v1/organizations/{organization_id}/campaigns/{campaign_id}";
        assert_eq!((of("PUT", campaign), of("GET", campaign)), (Kind::Large, Kind::Small));
        for act in ["launch", "groups", "follow-up", "{action}"] {
            assert_eq!(of("POST", &format!("{campaign}/{act}")), Kind::Large, "{act}");
        }
        assert_eq!(of("POST", "/v1/organizations/{organization_id}/registered-campaigns"), Kind::Small);
        assert_eq!(of("POST", "/v1/webhooks/twilio/inbound"), Kind::Small);
    }
}
