//! One shard of an import: COPY into a temporary table, then a fixed number of statements, for any
//! number of rows.
//!
//! All of it happens in the transaction that completes the job, so that a crash leaves nothing
//! behind and a second attempt starts afresh. Two imports of the same people never deadlock:
//! contacts are created in the order of their phones, then the known ones are locked in the order
//! of their ids, then come memberships and tags in the order of theirs. None in a later step waits
//! for one in an earlier. Where rows take contacts from an agent, goals come before all that
//! (`reassign`), and words of numbers in an account that shares opt-outs
//! (`account_words`).

use std::collections::BTreeMap;

use muster_domain::{ids::AccountId, imports::RejectReason, people::phone_hash::KeyId};

use crate::{
    Result, Tx,
    imports::{
        Import, admit, agents, knowledge,
        rejects::RejectBudget,
        rows::{PhoneHash, Sorted},
        stated,
    },
    people::{account_words, phone_keys},
};

/// The outcome of a shard's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// New contacts.
    pub created: i64,
    /// Known contacts that a row changed, or that joined the group or got a tag by it.
    pub updated: i64,
    /// Known contacts that a row did not change.
    pub unchanged: i64,
    /// Rows over a limit, or for an unknown agent.
    pub rejected: i64,
    /// The same by reason.
    pub reject_reasons: BTreeMap<String, i64>,
    /// The number of them that is kept.
    pub rejects_kept: i64,
    /// Contacts that joined the group.
    pub joined: i64,
    /// People with an opt-out stated in a row (rule C17).
    pub opted_out: i64,
}

/// Limits and settings of applying, beside the import itself.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The customer.
    pub account_id: AccountId,
    /// Contacts that an agent may have in a group (rule A2).
    pub agent_limit: i32,
    /// The fields of the file's columns, in order.
    pub fields: &'a [String],
    /// The names of its custom fields, in order.
    pub custom_fields: &'a [String],
    /// The name of the column that names agents.
    pub agents_column: Option<&'a str>,
    /// The key under which phones are hashed.
    pub key_id: KeyId,
    /// It has columns that state opt-outs.
    pub states_opt_outs: bool,
    /// How many rejects of a file may be kept.
    pub rejects: RejectBudget,
}

/// Applies rows; nobody else has the same phones of this import. With a dry run the answer is the
/// same and nothing is kept (rule C12). `None` when an agent has got too many contacts meanwhile,
/// or somebody was redacted: nothing of this transaction may be kept, and another try will see it.
pub async fn apply(
    tx: &mut Tx,
    import: &Import,
    terms: &Terms<'_>,
    rows: &Sorted,
    hash: Option<&PhoneHash<'_>>,
) -> Result<Option<Applied>> {
    stage(tx, terms, rows, hash).await?;
    // A table's statistics lag behind the rows that imports put into it. A plan that was made while
    // the table was empty would read all rows that others have put in meanwhile, for each row: rows
    // are looked up along indexes, in spite of the planner's beliefs.
    sqlx::query!("select set_config('enable_seqscan', 'off', true) as planned").fetch_one(tx.conn()).await?;
    let staged = u64::try_from(rows.count()).unwrap_or(u64::MAX);
    let admitted = sqlx::query!(
        r#"select last_admitted_line is not null as "not_all!",
                  exists (select from import_agent where import_id = $1) as "to_agents!"
           from import where id = $1"#,
        import.id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let mut refused = Refused::default();
    if hash.is_some() {
        refuse_redacted(tx, import, terms, &mut refused).await?;
    }
    if admitted.not_all || admitted.to_agents {
        refuse_rows(tx, import, terms, &mut refused).await?;
    }
    let rejected = refused.reasons.values().sum::<i64>();
    if import.dry_run {
        sqlx::query!("savepoint dry_run").execute(tx.conn()).await?;
        // Made for real by the job that admits an import.
        let tags: Vec<String> = sqlx::query_scalar!(r#"select distinct unnest(tags) as "name!" from import_row"#)
            .fetch_all(tx.conn())
            .await?;
        admit::create_names(tx, import.organization_id, &[tags, import.tags.clone()].concat(), &[]).await?;
    }
    if admitted.to_agents {
        agents::lock_goals(tx, import).await?;
    }
    let words = if import.dry_run {
        None
    } else {
        account_words::lock_staged(tx, import.organization_id, &refused.opted_out).await?
    };
    let Some(known) = create_and_update(tx, import, terms.account_id, staged - rejected.unsigned_abs()).await? else {
        return Ok(None);
    };
    if terms.states_opt_outs {
        stated::opt_out(tx, import, &refused.opted_out).await?;
    }
    if let Some(words) = &words {
        account_words::hear_staged(tx, words, import.organization_id, &refused.opted_out).await?;
    }
    let joined = join_group(tx, import).await?;
    if known == Known::Partly {
        knowledge::remember(tx, import).await?;
    }
    if admitted.to_agents && !agents::assign(tx, import, terms).await? {
        return Ok(None);
    }
    tag(tx, import).await?;
    let outcome = sqlx::query!(
        r#"select count(*) filter (where fresh) as "created!", count(*) filter (where not fresh and told) as "updated!",
                  count(*) filter (where not fresh and not told) as "unchanged!", count(*) filter (where opt_out) as "opted_out!"
           from (
               -- Whom the group did not know is new to it, whoever has them (rule A5).
               select created or (joined and knows is not null) as fresh, case when knows is null then changed else news end as told, opt_out
               from import_row
           ) r"#
    )
    .fetch_one(tx.conn())
    .await?;
    if import.dry_run {
        sqlx::query!("rollback to savepoint dry_run").execute(tx.conn()).await?;
    }
    Ok(Some(Applied {
        created: outcome.created,
        updated: outcome.updated,
        unchanged: outcome.unchanged,
        rejected,
        reject_reasons: refused.reasons,
        rejects_kept: refused.kept,
        opted_out: outcome.opted_out + i64::try_from(refused.opted_out.len()).unwrap_or(i64::MAX),
        joined: if import.dry_run { 0 } else { joined },
    }))
}

/// Copies the rows into a table that this connection alone sees and that is empty again after the
/// transaction.
async fn stage(tx: &mut Tx, terms: &Terms<'_>, rows: &Sorted, hash: Option<&PhoneHash<'_>>) -> Result<()> {
    let made = sqlx::query_scalar!(r#"select to_regclass('pg_temp.import_row') is not null as "made!""#)
        .fetch_one(tx.conn())
        .await?;
    if !made {
        sqlx::query!(
            "create temporary table import_row (like public.import_row including defaults, unique (e164)) on commit delete rows"
        )
        .execute(tx.conn())
        .await?;
    }
    tx.copy(
            "copy import_row (e164, line, opt_out, first_name, last_name, email, postal_code, notes, external_id, agent, fields, tags,
                 contact_id, phone_hash, phone_hashes_previous) from stdin",
        rows.chunks_to_stage(terms.custom_fields, hash),
    )
    .await?;
    Ok(())
}

/// Rows that are not applied.
#[derive(Debug, Default)]
struct Refused {
    /// How many, by reason.
    reasons: BTreeMap<String, i64>,
    /// How many of them are kept.
    kept: i64,
    /// Phones of those that state an opt-out.
    opted_out: Vec<String>,
}

/// Rows of people that are being redacted become rejects of which nothing is kept. Rows that are
/// kept of others under another key go under the current one.
async fn refuse_redacted(tx: &mut Tx, import: &Import, terms: &Terms<'_>, refused: &mut Refused) -> Result<()> {
    let gone = sqlx::query_file!("src/imports/refuse_redacted.sql", import.id.0, terms.account_id.0);
    let gone = i64::try_from(gone.execute(tx.conn()).await?.rows_affected()).unwrap_or(i64::MAX);
    if gone > 0 {
        refused.reasons.insert(RejectReason::Redacted.as_str().to_owned(), gone);
        refused.kept += gone;
    }
    if !import.dry_run {
        phone_keys::rehash_staged(tx, terms.account_id, &terms.key_id).await?;
    }
    Ok(())
}

/// Rows over a limit, and rows for unknown agents, become rejects. Shards are alike, because phones
/// are spread over them: each keeps its share of the room that reading has left.
async fn refuse_rows(tx: &mut Tx, import: &Import, terms: &Terms<'_>, refused: &mut Refused) -> Result<()> {
    let share = |most: u64, kept: i64| {
        let left = most.saturating_sub(kept.unsigned_abs());
        i64::try_from(left / u64::from(import.shards.max(1))).unwrap_or(i64::MAX)
    };
    let rows = sqlx::query_file!(
        "src/imports/refuse_rows.sql",
        import.id.0,
        import.organization_id.0,
        import.group_id.map(|id| id.0),
        i64::from(terms.agent_limit),
        terms.fields,
        import.delimiter.unwrap_or(',').to_string(),
        terms.agents_column,
        share(terms.rejects.rows, import.rejects_kept),
        share(terms.rejects.bytes, import.rejects_kept_bytes),
    )
    .fetch_all(tx.conn())
    .await?;
    // Each row says how many are kept of all.
    refused.kept += rows.first().map_or(0, |row| row.kept);
    for row in rows {
        refused.reasons.insert(row.reason, row.rows);
        refused.opted_out.extend(row.opted_out);
    }
    Ok(())
}

/// How much the import's group knows of the people that were there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// All of everybody.
    Wholly,
    /// Of some only the values that it has brought itself.
    Partly,
}

/// Rule C1: a known contact is updated, a new one is created. `None` when a contact that a row was
/// taken for was redacted meanwhile.
async fn create_and_update(tx: &mut Tx, import: &Import, account_id: AccountId, rows: u64) -> Result<Option<Known>> {
    let organization = import.organization_id.0;
    let created = sqlx::query_file!(
        "src/imports/create_contacts.sql",
        import.id.0,
        organization,
        account_id.0,
        import.consent_text
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    if created == rows {
        return Ok(Some(Known::Wholly));
    }
    // Each row looks for its own contact, in spite of the planner's beliefs about new tables.
    sqlx::query!("select set_config('enable_hashjoin', 'off', true) as hash, set_config('enable_mergejoin', 'off', true) as merge")
        .fetch_one(tx.conn())
        .await?;
    // Also those that somebody else has created meanwhile.
    sqlx::query_file!("src/imports/find_contacts.sql", organization).execute(tx.conn()).await?;
    let known = if knowledge::learn(tx, import).await? { Known::Partly } else { Known::Wholly };
    // Locked in the order in which everybody locks contacts. The former values are kept for an undo
    // of the import, and the new ones for the list of its changes.
    let changed = sqlx::query!(
        "with locked as (
             select c.id, jsonb_build_object('first_name', c.first_name, 'last_name', c.last_name, 'email', c.email,
                 'postal_code', c.postal_code, 'notes', c.notes, 'external_id', c.external_id, 'fields', c.fields, 'updated_at', c.updated_at) as before,
                 jsonb_strip_nulls(jsonb_build_object('first_name', nullif(r.first_name, ''), 'last_name', nullif(r.last_name, ''),
                     'email', r.email, 'postal_code', r.postal_code, 'notes', r.notes, 'external_id', r.external_id))
                 || jsonb_build_object('fields', c.fields || r.fields) as brought,
                 r.known, r.knows
             from contact c join import_row r on r.contact_id = c.id
             where r.changed and c.e164 is not null order by c.id for no key update of c
         )
         insert into import_change (import_id, contact_id, before, after, changed_at, known_before, known_after)
         select $1, id, before, before || brought, now(), known, knows from locked",
        import.id.0,
    )
    .execute(tx.conn())
    .await?;
    if changed.rows_affected() > 0 {
        sqlx::query!(
            "update contact c
             set first_name = coalesce(nullif(r.first_name, ''), c.first_name),
                 last_name = coalesce(nullif(r.last_name, ''), c.last_name),
                 email = coalesce(r.email, c.email),
                 postal_code = coalesce(r.postal_code, c.postal_code),
                 notes = coalesce(r.notes, c.notes),
                 external_id = coalesce(r.external_id, c.external_id),
                 fields = c.fields || r.fields,
                 updated_at = now()
             from import_row r where r.changed and c.id = r.contact_id and c.e164 is not null",
        )
        .execute(tx.conn())
        .await?;
    }
    let found = sqlx::query_scalar!(
        r#"select not exists (select from import_row r join contact c on c.id = r.contact_id
                              where not r.created and c.redacted_at is not null) as "found!""#
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "select set_config('enable_hashjoin', 'on', true) as hash, set_config('enable_mergejoin', 'on', true) as merge"
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found.then_some(known))
}

/// Everybody in the file joins the group (rule C1); a deactivated membership stays one (rule C9).
async fn join_group(tx: &mut Tx, import: &Import) -> Result<i64> {
    let Some(group_id) = import.group_id else { return join_no_group(tx).await };
    let joined = sqlx::query_scalar!(
        r#"with joined as (
               insert into membership (group_id, contact_id, import_id, knows)
               select $2, r.contact_id, $1, r.knows from import_row r
               where r.created
                  or not exists (select from membership m where m.group_id = $2 and m.contact_id = r.contact_id offset 0)
               order by r.contact_id
               on conflict do nothing returning contact_id
           ), marked as (
               update import_row r set changed = true, joined = true from joined where r.contact_id = joined.contact_id and not r.created
           )
           select count(*) as "joined!" from joined"#,
        import.id.0,
        group_id.0,
    );
    Ok(joined.fetch_one(tx.conn()).await?)
}

/// A dry run's group that would be made has no members yet: everybody in the file joins it.
async fn join_no_group(tx: &mut Tx) -> Result<i64> {
    let joined = sqlx::query_scalar!(
        r#"with marked as (update import_row set changed = true, joined = true where not created)
           select count(*) as "joined!" from import_row"#
    );
    Ok(joined.fetch_one(tx.conn()).await?)
}

/// Rule C8: the file's tags go on every contact, a tag column's on its own.
async fn tag(tx: &mut Tx, import: &Import) -> Result<()> {
    sqlx::query!(
        "with wanted as (
             select distinct r.contact_id, t.tag_id, r.created
             from import_row r cross join lateral unnest(r.tags || $3) as w (name)
             join given_tag t on t.organization_id = $2 and t.name = w.name
         ), tagged as (
             insert into contact_tag (contact_id, tag_id, import_id)
             select contact_id, tag_id, $1 from wanted w
             where created
                or not exists (select from contact_tag ct where ct.contact_id = w.contact_id and ct.tag_id = w.tag_id offset 0)
             order by contact_id, tag_id
             on conflict do nothing returning contact_id
         )
         update import_row r set changed = true from tagged where r.contact_id = tagged.contact_id and not r.changed and not r.created",
        import.id.0,
        import.organization_id.0,
        &import.tags,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
