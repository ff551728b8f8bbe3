//! `muster audit heads`.

use chrono::SecondsFormat;
use muster_storage::trust::audit;
use serde_json::json;

use super::named;
use crate::{commands::pool, out::say, table::Table};

/// Heads that are read at a time.
const PAGE_SIZE: i64 = 1_000;

pub(crate) async fn run(as_json: bool) -> anyhow::Result<()> {
    let pool = pool()?;
    let mut table = Table::with_names(["chain", ">entries", "last", ">published", "hash"]);
    let mut after = None;
    loop {
        let page = audit::heads(&pool, after, PAGE_SIZE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.chain);
        for head in page {
            let published = audit::published(&pool, head.chain).await?.last().map(|head| head.number);
            if as_json {
                say!("{}", json!({ "head": head, "published": published }))?;
            } else {
                let at = head.at.to_rfc3339_opts(SecondsFormat::Secs, true);
                let published = published.map_or_else(|| "-".to_owned(), |number| number.to_string());
                table.row([named(head.chain), head.number.to_string(), at, published, head.hash.to_string()]);
            }
        }
    }
    if as_json { Ok(()) } else { table.print("") }
}
