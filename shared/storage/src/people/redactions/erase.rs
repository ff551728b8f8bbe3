//! Erasing by a redaction's job behind the request: free text that may name the person, and rows
//! that were written while the request was made.

use std::collections::BTreeSet;

use muster_domain::{
    ids::{AccountId, RedactionId},
    people::traces::Patterns,
};
use sqlx::AssertSqlSafe;

use crate::{
    Result, Tx,
    people::redactions::{
        Redaction,
        names::names,
        person,
        run::{self, Erased},
    },
    trust::{
        audit::{self, Draft},
        exports,
        treatment::Treatment,
    },
};

/// Texts of a person that are left to be overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// There are none.
    None,
    /// There are some.
    Texts,
}

/// Overwrites rows that have come meanwhile: a contact that an import was just making, a text that
/// an agent was just sending. Tells whether texts are left that are being handed over.
pub async fn overwrite_again(tx: &mut Tx, id: RedactionId, redaction: &Redaction) -> Result<Leftover> {
    person::overwrite(tx, id, redaction, person::Depth::Everything).await?;
    // An export may have begun while the request was made, and read the person's rows before them.
    exports::end_for_redaction(tx, redaction.account_id, Some(id)).await?;
    let clean = sqlx::query_scalar!(
        r#"select not exists (
               select from message m join redaction r on m.contact_id = any(r.contact_ids)
               where r.id = $1 and (m.body <> '' or jsonb_path_exists(m.media, '$[*].url') or m.state in ('queued', 'held')))
           and not exists (
               select from message m join organization o on o.id = m.organization_id join redaction r on r.id = $1
               where o.account_id = $2 and m.kind = 'test' and m.body <> '' and m.created_at <= coalesce(r.looked_at, r.created_at)) as "clean!""#,
        id.0,
        redaction.account_id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(if clean { Leftover::None } else { Leftover::Texts })
}

/// Of these names, in lower case, those that somebody else of the account has.
async fn single_names_of_others(
    tx: &mut Tx,
    account_id: AccountId,
    names: &BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    let names: Vec<_> = names.iter().cloned().collect();
    let others = sqlx::query_scalar!(
        r#"select distinct n.name as "name!" from contact c join organization o on o.id = c.organization_id
           join unnest($2::text[]) as n (name) on n.name in (lower(c.first_name), lower(c.last_name))
           where o.account_id = $1 and c.redacted_at is null"#,
        account_id.0,
        &names,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(others.into_iter().collect())
}

/// Returns the single names of the person, by which free text of the account may tell them and
/// nobody else of the account is told. Contacts are looked through for those alone that a text has.
pub async fn telling_names(tx: &mut Tx, redaction: &Redaction) -> Result<BTreeSet<String>> {
    let names = redaction.traces.single_names();
    let patterns: Vec<_> =
        names.iter().map(|name| redaction.traces.patterns(None, &BTreeSet::from([name.clone()])).alone).collect();
    if names.is_empty() {
        return Ok(names);
    }
    let any = redaction.traces.patterns(None, &names).alone;
    // Made of names in the source alone.
    let said: Vec<String> = sqlx::query_scalar(AssertSqlSafe(Treatment::single_names_said()))
        .bind(redaction.account_id.0)
        .bind(names.iter().cloned().collect::<Vec<_>>())
        .bind(patterns)
        .bind(any)
        .fetch_all(tx.conn())
        .await?;
    let said: BTreeSet<_> = said.into_iter().collect();
    if said.is_empty() {
        return Ok(said);
    }
    let others = single_names_of_others(tx, redaction.account_id, &said).await?;
    Ok(said.difference(&others).cloned().collect())
}

/// Takes the person out of free text that is not theirs alone: definitions of imports and sources,
/// names of tags and fields, rejected rows, reasons, consents, and keys of requests. The registry
/// has the treatment of every column.
pub async fn free_text(tx: &mut Tx, id: RedactionId, redaction: &Redaction, patterns: &Patterns) -> Result<()> {
    let mut erased = Erased::default();
    // First, so that sources follow their tags.
    names(tx, redaction, patterns, &mut erased).await?;
    consents(tx, redaction, patterns, &mut erased).await?;
    rejects(tx, redaction, patterns, &mut erased).await?;
    let (account, treatment) = (redaction.account_id, redaction.treatment);
    run::searched(tx, treatment.searches(), account, patterns, &mut erased).await?;
    run::searched(tx, treatment.delete_with_a_trace(), account, patterns, &mut erased).await?;
    if treatment.has("audit_aside", "words") {
        let Patterns { sure, alone } = patterns;
        audit::forget_person(tx, account.0, &redaction.contacts, sure, alone).await?;
    }
    run::record(tx, id, &erased).await
}

/// Each contact of a file has a copy of its consent, and parts of imports that are over have
/// the tags that their rows named.
async fn consents(
    tx: &mut Tx,
    redaction: &Redaction,
    Patterns { sure, alone }: &Patterns,
    erased: &mut Erased,
) -> Result<()> {
    let account = redaction.account_id.0;
    if redaction.treatment.has("contact", "consent_text") {
        let copies = sqlx::query!(
            "update contact c set consent_text = without_person(c.consent_text, $2, $3, true)
             from import i join organization o on o.id = i.organization_id
             where o.account_id = $1 and c.source_import_id = i.id and i.consent_text ~* ('(' || $2::text || ')|(' || $3::text || ')')",
            account,
            sure,
            alone,
        )
        .execute(tx.conn())
        .await?;
        erased.add_rows("contact", copies.rows_affected());
    }
    if redaction.treatment.has("import_part", "tags") {
        let parts = sqlx::query!(
            "update import_part p set tags = null
             from import i join organization o on o.id = i.organization_id
             where o.account_id = $1 and p.import_id = i.id and p.tags is not null and i.state not in ('waiting', 'running')",
            account,
        )
        .execute(tx.conn())
        .await?;
        erased.add_rows("import_part", parts.rows_affected());
    }
    Ok(())
}

/// A rejected row is kept as it was in the file, with all its faults.
async fn rejects(
    tx: &mut Tx,
    redaction: &Redaction,
    Patterns { sure, alone }: &Patterns,
    erased: &mut Erased,
) -> Result<()> {
    if !redaction.treatment.has("import_reject", "raw") {
        return Ok(());
    }
    let rows = sqlx::query!(
        "update import_reject r set raw = '', column_name = null
         from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and r.import_id = i.id and r.raw <> '' and row_is_of(r.raw, $2, $3, $4)",
        redaction.account_id.0,
        redaction.number.national(),
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    erased.add_rows("import_reject", rows.rows_affected());
    Ok(())
}

/// Closes the ledger's entry: the number and the person's names go.
pub async fn finish(tx: &mut Tx, id: RedactionId, redaction: &Redaction) -> Result<()> {
    let done = sqlx::query!(
        "update redaction set e164 = case when $2 then null else e164 end, traces = case when $3 then null else traces end, contact_ids = '{}',
             finished_at = clock_timestamp()
         where id = $1
         returning account_id, requested_by",
        id.0,
        redaction.treatment.has("redaction", "e164"),
        redaction.treatment.has("redaction", "traces"),
    )
    .fetch_one(tx.conn())
    .await?;
    // One that a replay after a restore makes has no asker.
    if let Some(requested_by) = done.requested_by {
        let entry = Draft::of_job("redaction_done", requested_by, ("redaction", id.0));
        tx.record(entry.in_account(done.account_id));
    }
    Ok(())
}
