//! `import-apply`: a shard of a file's rows becomes contacts, memberships and tags (rules C1, C6,
//! C8 and C9).

use std::time::Duration;

use muster_domain::people::e164::E164;
use muster_ingest::headers::Column;
use muster_jobs::kinds::{ImportApply, ImportEnd};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    imports::{
        self, admit,
        apply::{self, Terms},
        parts,
        rows::PhoneHash,
    },
};

use super::{shard, steps};
use crate::{Context, Leased, error::JobError};

/// When to try again after somebody else has come first to an agent's last places.
const AGAIN: Duration = Duration::from_millis(100);

impl Leased for ImportApply {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        steps::step(ctx, job, self.import_id, apply(ctx, job, &self)).await
    }
}

async fn apply(ctx: &Context, job: &ClaimedJob, payload: &ImportApply) -> Result<Tx, JobError> {
    let Some((organization, import)) = steps::running(ctx, job, payload.import_id).await? else {
        return Ok(ctx.pool.begin().await?);
    };
    if parts::is_applied(&ctx.pool, import.id, payload.shard).await? {
        return Ok(ctx.pool.begin().await?);
    }
    let mut tx;
    let left = if import.cancel_requested {
        tx = ctx.pool.begin().await?;
        parts::record_applied(&mut tx, import.id, payload.shard, None, 0).await?
    } else {
        let rows = shard::gather(ctx, &ctx.pool, &import, payload.shard).await?;
        tx = ctx.pool.begin().await?;
        // Where people were redacted, a person that comes back is known by the keyed hash of the
        // phone alone (rule R4).
        let redacted = imports::knows_redacted_people(&mut tx, organization.account_id).await?;
        let keys = &ctx.phone_hash_keys;
        let hash = |e164: &E164| (keys.current_hash(e164), keys.previous_hashes(e164));
        let hash = redacted.then_some(&hash as &PhoneHash<'_>);
        let header = steps::header(&import)?;
        let agents = header.columns.iter().position(|column| *column == Column::AssignedAgent);
        let terms = Terms {
            account_id: organization.account_id,
            agent_limit: organization.settings.agent_contact_limit,
            fields: &header.columns.iter().map(Column::field).collect::<Vec<_>>(),
            key_id: keys.current_id(),
            custom_fields: &header.custom_fields(),
            states_opt_outs: header.columns.iter().any(|column| column.asks_of_opting_out().is_some()),
            rejects: steps::rejects_room(ctx, &import),
            agents_column: agents.and_then(|index| header.names.get(index)).map(String::as_str),
        };
        let Some(applied) = apply::apply(&mut tx, &import, &terms, &rows, hash).await? else {
            return Err(JobError::Retry {
                delay: Some(AGAIN),
                error: "contacts were assigned to an agent or redacted meanwhile".to_owned(),
                database_lost: false,
            });
        };
        if !admit::use_places(&mut tx, &import, applied.joined).await? {
            let limit = organization.settings.group_contact_limit;
            if !admit::more_places(&mut tx, &import, applied.joined, limit).await? {
                tx.rollback().await?;
                // The next try rejects people that would be new in the group, and no other row
                // (rule C10).
                admit::close(&ctx.pool, import.id).await?;
                return Err(JobError::retry(
                    "the group has no room left for people who were in it when the import was admitted",
                ));
            }
        }
        parts::record_applied(&mut tx, import.id, payload.shard, Some(&applied), rows.merged).await?
    };
    match left {
        Some(0) => {
            enqueue(&mut tx, &ImportEnd { import_id: import.id }, &ctx.origin(job)).await?;
            Ok(tx)
        }
        Some(_) => Ok(tx),
        None => steps::too_late(ctx, &import, tx).await,
    }
}
