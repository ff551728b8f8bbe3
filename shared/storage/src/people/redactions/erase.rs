//! Erasing by a redaction's job behind the request: free text that may name the person, and rows
//! that were written while the request was made.

use std::collections::BTreeSet;

use muster_domain::{
    ids::{AccountId, RedactionId},
    people::traces::Patterns,
};

use crate::{
    Result, Tx,
    people::redactions::{Redaction, person},
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
    let clean = sqlx::query_scalar!(
        r#"select not exists (
               select from message m join redaction r on m.contact_id = any(r.contact_ids)
               where r.id = $1 and (m.body <> '' or jsonb_path_exists(m.media, '$[*].url') or m.state in ('queued', 'held'))) as "clean!""#,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(if clean { Leftover::None } else { Leftover::Texts })
}

/// Of these names, in lower case, those that somebody else of the account has.
pub async fn single_names_of_others(
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

/// Takes the person out of free text that is not theirs alone: definitions of imports and sources,
/// names of tags and fields, rejected rows, reasons, consents, and keys of requests. `personal` has
/// the treatment of every column.
pub async fn free_text(tx: &mut Tx, redaction: &Redaction, patterns: &Patterns) -> Result<()> {
    // First, so that sources follow their tags.
    names(tx, redaction.account_id, patterns).await?;
    imports(tx, redaction, patterns).await?;
    rejects(tx, redaction, patterns).await?;
    targeting(tx, redaction.account_id, patterns).await?;
    bulk_changes(tx, redaction.account_id, patterns).await?;
    reasons(tx, redaction.account_id, patterns).await
}

/// Values that goals are targeted by: an address, an id. A single name in them is left, as other
/// people's tags and values are.
async fn targeting(tx: &mut Tx, account_id: AccountId, Patterns { sure, .. }: &Patterns) -> Result<()> {
    sqlx::query!(
        "update goal g set targeting = without_person(g.targeting, $2, $2, false)
         from organization o
         where o.id = g.organization_id and o.account_id = $1 and g.targeting <> '{}' and g.targeting::text ~* $2",
        account_id.0,
        sure,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn imports(tx: &mut Tx, redaction: &Redaction, Patterns { sure, alone }: &Patterns) -> Result<()> {
    let account = redaction.account_id.0;
    // Everybody whom a file brought has a copy of its consent. First, because the imports with the
    // person's name are found by their own.
    sqlx::query!(
        "update contact c set consent_text = without_person(c.consent_text, $2, $3, true)
         from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and c.source_import_id = i.id and i.consent_text ~* ('(' || $2::text || ')|(' || $3::text || ')')",
        account,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update import i
         set file_name = without_person(file_name, $2, $3, false), mapping = without_person(mapping, $2, $3, false),
             tags = without_person(tags, $2, $3, false), locked_tags = without_person(locked_tags, $2, $3, false),
             header = without_person(header, $2, $3, false),
             consent_text = without_person(consent_text, $2, $3, true), failure = without_person(failure, $2, $3, true)
         from organization o
         where o.id = i.organization_id and o.account_id = $1
           and concat_ws(' ', file_name, mapping, tags, locked_tags, header, consent_text, failure) ~* ('(' || $2::text || ')|(' || $3::text || ')')",
        account,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    // A later import goes by these names: a single name in them is left.
    sqlx::query!(
        "update import_source s
         set name = case when without_person(s.name, $2, $2, false) = s.name then s.name
                    else left(without_person(s.name, $2, $2, false), 160) || ' ' || s.id end,
             url = without_person(url, $2, $2, false), mapping = without_person(mapping, $2, $2, false),
             tags = without_person(tags, $2, $2, false), consent_text = without_person(consent_text, $2, $3, true),
             failure = without_person(failure, $2, $3, true)
         from organization o
         where o.id = s.organization_id and o.account_id = $1
           and concat_ws(' ', s.name, url, mapping, tags, consent_text, failure) ~* ('(' || $2::text || ')|(' || $3::text || ')')",
        account,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    // Needed until an import is admitted, and until its rows have their agents.
    sqlx::query!(
        "update import_part p set tags = null
         from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and p.import_id = i.id and p.tags is not null and i.state not in ('waiting', 'running')",
        account,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from import_agent a using import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and a.import_id = i.id and i.state not in ('waiting', 'running')
           and (a.email ~* $2 or a.email ~* $3)",
        account,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A rejected row is kept as it was in the file, with all its faults.
async fn rejects(tx: &mut Tx, redaction: &Redaction, Patterns { sure, alone }: &Patterns) -> Result<()> {
    sqlx::query!(
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
    sqlx::query!(
        "update import_reject r set column_name = without_person(column_name, $2, $3, false)
         from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and r.import_id = i.id and (column_name ~* $2 or column_name ~* $3)",
        redaction.account_id.0,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Names of tags and custom fields; a single name only where nobody else has the tag or the field.
/// Tags stay, because imports under way know their ids; a field's name is also a member of
/// contacts' fields.
async fn names(tx: &mut Tx, account_id: AccountId, patterns: &Patterns) -> Result<()> {
    tag_names(tx, account_id, patterns).await?;
    field_names(tx, account_id, patterns).await
}

async fn tag_names(tx: &mut Tx, account_id: AccountId, Patterns { sure, alone }: &Patterns) -> Result<()> {
    let tags = sqlx::query!(
        r#"with found as (
             select t.id, t.name from tag t join organization o on o.id = t.organization_id
             where o.account_id = $1
               and (t.name ~* $2 or (t.name ~* $3 and not exists (select from contact_tag ct where ct.tag_id = t.id)))
         )
         update tag t set name = left(without_person(t.name, $2, $3, false), 60) || ' ' || t.id
         from found f where f.id = t.id
         returning t.organization_id, f.name as before, t.name as after"#,
        account_id.0,
        sure,
        alone,
    )
    .fetch_all(tx.conn())
    .await?;
    for tag in tags {
        // Users of the tag's name go on.
        sqlx::query!(
            "update goal set targeting = replace(targeting::text, to_jsonb($2::text)::text, to_jsonb($3::text)::text)::jsonb
             where organization_id = $1 and strpos(targeting::text, to_jsonb($2::text)::text) > 0",
            tag.organization_id,
            tag.before,
            tag.after,
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update import_source set tags = array_replace(tags, $2::text, $3::text) where organization_id = $1 and $2 = any(tags)",
            tag.organization_id,
            tag.before,
            tag.after,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

async fn field_names(tx: &mut Tx, account_id: AccountId, Patterns { sure, alone }: &Patterns) -> Result<()> {
    let fields = sqlx::query!(
        r#"delete from custom_field f using organization o
           where o.id = f.organization_id and o.account_id = $1
             and (f.name ~* $2 or (f.name ~* $3 and not exists (
                 select from contact c where c.organization_id = f.organization_id and c.fields ? f.name)))
           returning f.organization_id, f.name, without_person(f.name, $2, $3, false) as "better!""#,
        account_id.0,
        sure,
        alone,
    )
    .fetch_all(tx.conn())
    .await?;
    for field in fields {
        sqlx::query!(
            "insert into custom_field (organization_id, name) values ($1, $2) on conflict do nothing",
            field.organization_id,
            field.better,
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update contact set fields = (fields - $2::text) || jsonb_build_object($3::text, fields -> $2::text)
             where organization_id = $1 and fields ? $2::text",
            field.organization_id,
            field.name,
            field.better,
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update membership m set knows = jsonb_set(m.knows, '{fields}',
                 (m.knows -> 'fields') - $2::text || jsonb_build_object($3::text, m.knows -> 'fields' -> $2::text))
             from contact c where c.id = m.contact_id and c.organization_id = $1 and (m.knows -> 'fields') ? $2::text",
            field.organization_id,
            field.name,
            field.better,
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update import_change h
             set known_before = jsonb_set(known_before, '{fields}', (known_before -> 'fields') - $2::text),
                 known_after = jsonb_set(known_after, '{fields}', (known_after -> 'fields') - $2::text)
             from import i where i.id = h.import_id and i.organization_id = $1 and (known_after -> 'fields') ? $2::text",
            field.organization_id,
            field.name,
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update import_change h
             set before = jsonb_set(before, '{fields}', (before -> 'fields') - $2::text), after = jsonb_set(after, '{fields}', (after -> 'fields') - $2::text)
             from import i where i.id = h.import_id and i.organization_id = $1 and ((before -> 'fields') ? $2::text or (after -> 'fields') ? $2::text)",
            field.organization_id,
            field.name,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Filters and actions of bulk changes. A filter is needed no more once its set is frozen.
async fn bulk_changes(tx: &mut Tx, account_id: AccountId, Patterns { sure, alone }: &Patterns) -> Result<()> {
    sqlx::query!(
        "update bulk_change b set filter = without_person(filter, $2, $3, false), action = without_person(action, $2, $3, false)
         from organization o
         where o.id = b.organization_id and o.account_id = $1
           and concat_ws(' ', filter, action) ~* ('(' || $2::text || ')|(' || $3::text || ')')",
        account_id.0,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn reasons(tx: &mut Tx, account_id: AccountId, Patterns { sure, alone }: &Patterns) -> Result<()> {
    sqlx::query!(
        "update target t set skip_reason = without_person(skip_reason, $2, $3, true)
         from goal g join organization o on o.id = g.organization_id
         where o.account_id = $1 and t.goal_id = g.id and t.skip_reason is not null
           and skip_reason not in ('redacted', 'opted_out', 'deactivated', 'not_in_group', 'not_textable')
           and without_person(skip_reason, $2, $3, true) <> skip_reason",
        account_id.0,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update contact c set opt_out_reason = without_person(opt_out_reason, $2, $3, true)
         from organization o
         where o.id = c.organization_id and o.account_id = $1 and opt_out_reason is not null
           and without_person(opt_out_reason, $2, $3, true) <> opt_out_reason",
        account_id.0,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from idempotency k using member m
         where m.id = k.member_id and m.account_id = $1
           and (k.key ~* $2 or k.key ~* $3 or k.body::text ~* $2 or k.body::text ~* $3)",
        account_id.0,
        sure,
        alone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Closes the ledger's entry: the number and the person's names go.
pub async fn finish(tx: &mut Tx, id: RedactionId) -> Result<()> {
    sqlx::query!(
        "update redaction set e164 = null, traces = null, contact_ids = '{}', finished_at = clock_timestamp() where id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
