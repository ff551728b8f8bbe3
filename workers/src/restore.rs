//! Nothing is taken from a database that came back from a backup before the ledger of redactions
//! and opt-outs was replayed into it (rule R6).

use std::time::Duration;

use muster_domain::trust::ledger::{HEAD, Head, OBJECT_LIMIT};
use muster_service::health::Readiness;
use muster_storage::trust::ledger;

use crate::Context;

/// Between two looks.
const AGAIN: Duration = Duration::from_secs(2);
/// Said by `readyz` and the log.
pub(crate) const WHY: &str = "the database came back from a backup; nothing is sent: run muster ledger replay";

/// Waits until the database is known to be no older than the ledger's head in the object store, or
/// the ledger was replayed.
pub(crate) async fn until_replayed(context: &Context, readiness: &Readiness) {
    let mut told = None;
    loop {
        let problem = match is_restored(context).await {
            Ok(false) => {
                readiness.report("ledger", Ok(()));
                return;
            }
            Ok(true) => WHY.to_owned(),
            Err(error) => format!("the ledger's head cannot be read: {error}"),
        };
        if told.as_ref() != Some(&problem) {
            tracing::error!("{problem}");
        }
        readiness.report("ledger", Err(problem.clone()));
        told = Some(problem);
        tokio::time::sleep(AGAIN).await;
    }
}

async fn is_restored(context: &Context) -> anyhow::Result<bool> {
    let head = context.objects.read_small(HEAD, OBJECT_LIMIT).await?;
    let head = head.map(|text| Head::read(&text, &context.phone_hash_keys)).transpose()?;
    Ok(ledger::compare(&context.engine_pool, head.as_ref()).await?)
}
