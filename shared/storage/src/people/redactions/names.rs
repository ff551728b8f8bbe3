//! Names of tags and custom fields that may name a person that is being redacted (rule R3).

use muster_domain::{ids::AccountId, people::traces::Patterns};

use crate::{
    Result, Tx,
    people::redactions::{Redaction, run::Erased},
};

/// Names of tags and custom fields; a single name only where nobody else has the tag or the field.
/// Tags stay, because imports under way know their ids; a field's name is also a member of
/// contacts' fields.
pub(super) async fn names(tx: &mut Tx, redaction: &Redaction, patterns: &Patterns, erased: &mut Erased) -> Result<()> {
    if redaction.treatment.has("tag", "name") {
        erased.add_rows("tag", tag_names(tx, redaction.account_id, patterns).await?);
    }
    if redaction.treatment.has("custom_field", "name") {
        erased.add_rows("custom_field", field_names(tx, redaction.account_id, patterns).await?);
    }
    Ok(())
}

async fn tag_names(tx: &mut Tx, account_id: AccountId, Patterns { sure, alone }: &Patterns) -> Result<u64> {
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
    let renamed = tags.len() as u64;
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
    Ok(renamed)
}

async fn field_names(tx: &mut Tx, account_id: AccountId, Patterns { sure, alone }: &Patterns) -> Result<u64> {
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
    let renamed = fields.len() as u64;
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
    Ok(renamed)
}
