//! Files that pages name: the style sheet, scripts and the icon, each of them in the program.
//!
//! A file's address has a hash of its bytes, so that browsers keep it for a year and never an old
//! one. `assets/SHA384SUMS` has the sums of files of others' making.

use std::{io::Write as _, sync::LazyLock};

use axum::{
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// The route of all assets.
pub(crate) const ROUTE: &str = "/assets/{name}";

/// Hexadecimal digits of the hash in an address.
const HASH_DIGITS: usize = 16;

const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asset {
    /// The one style sheet.
    Css,
    /// Scripts of every page: the event stream, times, confirmations.
    Console,
    /// Scripts of agents' screens.
    Texting,
    /// htmx.
    Htmx,
    /// The icon.
    Icon,
    /// Scripts of the API's documents.
    Docs,
}

struct Served {
    url: String,
    content_type: &'static str,
    bytes: Bytes,
    gzip: Bytes,
}

static ALL: LazyLock<Vec<Served>> = LazyLock::new(|| {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    let queue = served("queue.js", SCRIPT, include_bytes!("../assets/queue.js").as_slice());
    // A script imports another by the name of its bytes.
    let conversation = include_str!("../assets/conversation.js").replace("./queue.js", &queue.url);
    let conversation = served("conversation.js", SCRIPT, conversation);
    let texting = include_str!("../assets/texting.js").replace("./queue.js", &queue.url);
    let texting = texting.replace("./conversation.js", &conversation.url);
    vec![
        served("console.css", "text/css; charset=utf-8", include_bytes!("../assets/console.css").as_slice()),
        served("console.js", SCRIPT, include_bytes!("../assets/console.js").as_slice()),
        served("texting.js", SCRIPT, texting),
        served("htmx.js", SCRIPT, include_bytes!("../assets/htmx-2.0.11.min.js").as_slice()),
        served("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg").as_slice()),
        served("docs.js", SCRIPT, include_bytes!("../assets/docs.js").as_slice()),
        queue,
        conversation,
    ]
});

fn served(name: &str, content_type: &'static str, bytes: impl Into<Bytes>) -> Served {
    let bytes = bytes.into();
    let hash = Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail; a browser gets the plain bytes otherwise.
    let gzip = encoder.write_all(&bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    Served { url: format!("/assets/{stem}-{}.{ending}", &hash[..HASH_DIGITS]), content_type, bytes, gzip: gzip.into() }
}

impl Asset {
    /// Returns the file's address.
    pub(crate) fn url(self) -> &'static str {
        ALL.get(self as usize).map_or("", |served| &served.url)
    }
}

/// Answers with a file, for a browser to keep.
pub(crate) async fn get(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(found) = ALL.iter().find(|served| served.url.strip_prefix("/assets/") == Some(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let takes_gzip = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|accepted| {
        accepted.split(',').any(|coding| coding.split(';').next().is_some_and(|name| name.trim() == "gzip"))
    });
    let is_gzip = takes_gzip && !found.gzip.is_empty();
    let mut response = if is_gzip { found.gzip.clone() } else { found.bytes.clone() }.into_response();
    let labels = response.headers_mut();
    labels.insert(CONTENT_TYPE, HeaderValue::from_static(found.content_type));
    labels.insert(CACHE_CONTROL, CACHED);
    labels.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if is_gzip {
        labels.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_its_address() {
        for (asset, begins) in [
            (Asset::Css, "/assets/console-"),
            (Asset::Console, "/assets/console-"),
            (Asset::Texting, "/assets/texting-"),
            (Asset::Htmx, "/assets/htmx-"),
            (Asset::Icon, "/assets/icon-"),
            (Asset::Docs, "/assets/docs-"),
        ] {
            assert!(asset.url().starts_with(begins), "{asset:?}: {}", asset.url());
        }
        for (asset, ending) in [(Asset::Css, "css"), (Asset::Console, "js")] {
            assert_eq!(asset.url().rsplit('.').next(), Some(ending));
        }
        let texting = std::str::from_utf8(&ALL[Asset::Texting as usize].bytes).unwrap();
        for script in ["queue", "conversation"] {
            assert!(texting.contains(&format!("from \"/assets/{script}-")), "{texting}");
        }
        for served in ALL.iter().filter(|served| served.url.rsplit('.').next() == Some("js")) {
            let text = std::str::from_utf8(&served.bytes).unwrap();
            assert!(!text.contains("from \"./"), "{} imports a file by another name", served.url);
        }
    }

    #[test]
    fn the_files_of_others_making_are_those_that_were_pinned() {
        let sums = include_str!("../assets/SHA384SUMS");
        let bytes = include_bytes!("../assets/htmx-2.0.11.min.js");
        let sum = sha2::Sha384::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(sums.trim(), format!("{sum}  htmx-2.0.11.min.js"));
    }
}
