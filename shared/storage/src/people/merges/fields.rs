//! Slices of a merge of custom fields. Contacts are locked before memberships, both in the order of
//! their ids, as imports do.

use muster_domain::sending::template::merge_field_pattern;
use uuid::Uuid;

use crate::{Result, Tx, people::merges::Merge};

/// Names of the two fields.
struct Names {
    from: String,
    into: String,
}

async fn names(tx: &mut Tx, merge: &Merge) -> Result<Names> {
    let row = sqlx::query!(
        r#"select f.name as "from!", i.name as "into!" from custom_field f, custom_field i where f.id = $1 and i.id = $2"#,
        merge.from_id,
        merge.into_id,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Names { from: row.from, into: row.into })
}

/// Locks the next contacts with a value of the one.
async fn next(tx: &mut Tx, merge: &Merge, names: &Names, limit: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from contact
         where organization_id = $1 and fields ? $2 and id > coalesce($3, '00000000-0000-0000-0000-000000000000'::uuid)
         order by id limit $4 for no key update",
        merge.organization_id.0,
        names.from,
        merge.after_contact_id,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Gives contacts the one's value under the other's name, where they have none; returns them.
pub(super) async fn copy(tx: &mut Tx, merge: &Merge, limit: i64) -> Result<Vec<Uuid>> {
    write(tx, merge, limit, true).await
}

/// Takes the one from contacts that have it; returns them.
pub(super) async fn leave(tx: &mut Tx, merge: &Merge, limit: i64) -> Result<Vec<Uuid>> {
    write(tx, merge, limit, false).await
}

async fn write(tx: &mut Tx, merge: &Merge, limit: i64, stays: bool) -> Result<Vec<Uuid>> {
    let names = names(tx, merge).await?;
    let next = next(tx, merge, &names, limit).await?;
    sqlx::query!(
        "update contact
         set fields = (jsonb_build_object($3::text, fields -> $2::text) || fields) - case when $4::bool then '' else $2::text end,
             updated_at = now()
         where id = any($1)",
        &next,
        names.from,
        names.into,
        stays,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with held as materialized (
             select group_id, contact_id from membership
             where contact_id = any($1) and knows -> 'fields' ? $2::text
             order by contact_id, group_id for no key update
         )
         update membership m
         set knows = jsonb_set(m.knows, '{fields}',
             (jsonb_build_object($3::text, m.knows -> 'fields' -> $2::text) || (m.knows -> 'fields')) - case when $4::bool then '' else $2::text end)
         from held h where m.group_id = h.group_id and m.contact_id = h.contact_id",
        &next,
        names.from,
        names.into,
        stays,
    )
    .execute(tx.conn())
    .await?;
    Ok(next)
}

/// Scripts, targeting and sources come to name the other, and the one is no field any more.
pub(super) async fn switch(tx: &mut Tx, merge: &Merge) -> Result<Vec<Uuid>> {
    let names = names(tx, merge).await?;
    if merge.renames {
        // Values that were written under the old name while others were copied.
        sqlx::query!(
            "with late as materialized (
                 select id from contact
                 where organization_id = $1 and fields ? $2::text and (fields -> $2::text) is distinct from (fields -> $3::text)
                 order by id for no key update
             )
             update contact c set fields = c.fields || jsonb_build_object($3::text, c.fields -> $2::text), updated_at = now()
             from late where c.id = late.id",
            merge.organization_id.0,
            names.from,
            names.into,
        )
        .execute(tx.conn())
        .await?;
    }
    let pattern = merge_field_pattern(&names.from);
    let instead = format!("{{{{{}\\1", names.into.replace('\\', "\\\\"));
    sqlx::query!(
        "update goal
         set targeting = with_field(targeting, $2, $3), script = regexp_replace(script, $4, $5, 'g'),
             reminder_script = regexp_replace(reminder_script, $4, $5, 'g'), version = version + 1
         where organization_id = $1
           and (with_field(targeting, $2, $3) <> targeting or script ~ $4 or reminder_script ~ $4)",
        merge.organization_id.0,
        names.from,
        names.into,
        pattern,
        instead,
    )
    .execute(tx.conn())
    .await?;
    switch_scripts(tx, merge, &pattern, &instead).await?;
    sqlx::query!(
        "update import_source s
         set mapping = (select jsonb_object_agg(key, case value when to_jsonb('custom:' || $2::text) then to_jsonb('custom:' || $3::text) else value end)
                        from jsonb_each(s.mapping))
         where s.organization_id = $1 and exists (select from jsonb_each_text(s.mapping) where value = 'custom:' || $2::text)",
        merge.organization_id.0,
        names.from,
        names.into,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update form f
         set questions = (select jsonb_agg(case one ->> 'field' when 'custom:' || $2::text
                                           then one || jsonb_build_object('field', 'custom:' || $3::text) else one end order by nth)
                          from jsonb_array_elements(f.questions) with ordinality as said (one, nth)),
             version = version + 1
         where f.organization_id = $1 and f.questions @> jsonb_build_array(jsonb_build_object('field', 'custom:' || $2::text))",
        merge.organization_id.0,
        names.from,
        names.into,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("update custom_field set switched_at = clock_timestamp() where id = $1", merge.from_id)
        .execute(tx.conn())
        .await?;
    Ok(Vec::new())
}

/// Names the other field in response scripts, the library and agents' own scripts.
async fn switch_scripts(tx: &mut Tx, merge: &Merge, pattern: &str, instead: &str) -> Result<()> {
    sqlx::query!(
        "update goal g
         set responses = (select jsonb_agg(one || jsonb_build_object('script', regexp_replace(one ->> 'script', $2, $3, 'g')) order by nth)
                          from jsonb_array_elements(g.responses) with ordinality as said (one, nth)),
             version = version + 1
         where g.organization_id = $1
           and exists (select from jsonb_array_elements(g.responses) one where one ->> 'script' ~ $2)",
        merge.organization_id.0,
        pattern,
        instead,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update library_script set script = regexp_replace(script, $2, $3, 'g'), version = version + 1
         where organization_id = $1 and script ~ $2",
        merge.organization_id.0,
        pattern,
        instead,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update agent_script s set script = regexp_replace(s.script, $2, $3, 'g'), version = s.version + 1
         from member m where m.id = s.member_id and m.organization_id = $1 and s.script ~ $2",
        merge.organization_id.0,
        pattern,
        instead,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
