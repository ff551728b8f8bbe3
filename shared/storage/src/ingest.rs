//! The write side of an import: COPY into staging, then a fixed number of statements, whatever the number of rows.
//!
//! All of it happens in the transaction that completes the job, so that a crash leaves nothing behind and a second attempt starts
//! afresh (rule C7: every row is counted once).

use muster_domain::{
    e164::E164,
    ids::{AccountId, ImportId},
};

use crate::{
    Pool, Result, Tx,
    imports::{Counters, Import},
};

/// A readable row of the file.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Line of the file at which it begins, from 1.
    pub line: i64,
    /// The phone.
    pub e164: &'a E164,
    /// Given name, may be blank.
    pub first_name: &'a str,
    /// Family name, may be blank.
    pub last_name: &'a str,
    /// Known columns; `None` leaves what is there.
    pub email: Option<&'a str>,
    /// Postal code.
    pub postal_code: Option<&'a str>,
    /// Notes.
    pub notes: Option<&'a str>,
    /// The caller's own id.
    pub external_id: Option<&'a str>,
    /// Custom fields that have a value, as a JSON object.
    pub fields: &'a str,
    /// Tags of the row's tag column.
    pub tags: &'a [String],
    /// Keyed hash of the phone, where redacted people are known.
    pub phone_hash: Option<[u8; 32]>,
}

/// Rows on their way, in the text format of COPY; filled and handed over in chunks so that memory stays flat.
#[derive(Debug, Default)]
pub struct Chunk {
    import_id: String,
    rows: Vec<u8>,
    rejects: Vec<u8>,
}

impl Chunk {
    /// An empty chunk of an import.
    pub fn new(id: ImportId) -> Self {
        Self { import_id: id.to_string(), ..Self::default() }
    }

    /// Bytes that wait to be written.
    pub fn len(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }

    /// Does nothing wait?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a readable row.
    pub fn row(&mut self, row: &Row<'_>) {
        let out = &mut self.rows;
        out.extend_from_slice(self.import_id.as_bytes());
        put(out, Some(&row.line.to_string()));
        put(out, Some(row.e164.as_str()));
        put(out, Some(row.first_name));
        put(out, Some(row.last_name));
        put(out, row.email);
        put(out, row.postal_code);
        put(out, row.notes);
        put(out, row.external_id);
        put(out, Some(row.fields));
        put(out, Some(&array(row.tags)));
        let hash = row.phone_hash.map(|hash| {
            hash.iter().fold(String::from("\\x"), |mut hex, byte| {
                use std::fmt::Write;
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        });
        put(out, hash.as_deref());
        out.push(b'\n');
    }

    /// Adds a row that cannot be read.
    pub fn reject(&mut self, line: i64, reason: &str, column: Option<&str>, raw: &str) {
        let out = &mut self.rejects;
        out.extend_from_slice(self.import_id.as_bytes());
        put(out, Some(&line.to_string()));
        put(out, Some(reason));
        put(out, column);
        put(out, Some(raw));
        out.push(b'\n');
    }
}

/// One more field in COPY's text format, after a tab. Postgres cannot store U+0000, so that it becomes U+FFFD.
fn put(out: &mut Vec<u8>, field: Option<&str>) {
    out.push(b'\t');
    let Some(field) = field else {
        out.extend_from_slice(b"\\N");
        return;
    };
    for byte in field.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            byte => out.push(byte),
        }
    }
}

/// A text array in the form that Postgres reads.
fn array(items: &[String]) -> String {
    let quoted: Vec<String> =
        items.iter().map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", quoted.join(","))
}

/// Does this account have redacted people, so that phones must be compared by their keyed hash?
pub async fn knows_redacted_people(pool: &Pool, account_id: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from suppression where account_id = $1) as "any!""#, account_id.0)
        .fetch_one(&pool.0)
        .await?)
}

/// Forgets what an earlier attempt may have staged.
pub async fn begin(tx: &mut Tx, id: ImportId) -> Result<()> {
    sqlx::query!("delete from import_row where import_id = $1", id.0).execute(tx.conn()).await?;
    sqlx::query!("delete from import_reject where import_id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// Writes a chunk by COPY and empties it.
pub async fn stage(tx: &mut Tx, chunk: &mut Chunk) -> Result<()> {
    let tables = [
        (
            "copy import_row (import_id, line, e164, first_name, last_name, email, postal_code, notes, external_id, fields, tags,
                 phone_hash) from stdin",
            &mut chunk.rows,
        ),
        ("copy import_reject (import_id, line, reason, column_name, raw) from stdin", &mut chunk.rejects),
    ];
    for (statement, bytes) in tables {
        if !bytes.is_empty() {
            let mut copy = tx.conn().copy_in_raw(statement).await?;
            copy.send(bytes.as_slice()).await?;
            copy.finish().await?;
            bytes.clear();
        }
    }
    Ok(())
}

/// Applies what is staged. `rows_read` and `unreadable` are the reader's counts; `fields` the file's custom fields;
/// `group_limit` is rule A2's. With `dry_run` the counters are the same and nothing is kept (rule C12).
pub async fn apply(
    tx: &mut Tx,
    import: &Import,
    account_id: AccountId,
    rows_read: i64,
    unreadable: i64,
    fields: &[String],
    group_limit: i32,
) -> Result<Counters> {
    let id = import.id.0;
    // The table is empty between imports, and the planner would think that it still is: it would compare every row with every other.
    sqlx::query!("analyze import_row").execute(tx.conn()).await?;
    // Rule C6: the last row for a phone wins.
    let merged = sqlx::query!(
        "delete from import_row r where r.import_id = $1 and exists (
             select from import_row later where later.import_id = $1 and later.e164 = r.e164 and later.line > r.line)",
        id
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let full = reject_over_group_limit(tx, import, group_limit).await?;
    if import.dry_run {
        sqlx::query!("savepoint dry_run").execute(tx.conn()).await?;
    }
    let created = upsert_contacts(tx, import, account_id, fields).await?;
    join_group_and_tags(tx, import).await?;
    let counts = sqlx::query!(
        r#"select count(*) filter (where outcome = 'updated') as "updated!",
                  count(*) filter (where outcome = 'unchanged') as "unchanged!"
           from import_row where import_id = $1"#,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    if import.dry_run {
        sqlx::query!("rollback to savepoint dry_run").execute(tx.conn()).await?;
    }
    sqlx::query!("delete from import_row where import_id = $1", id).execute(tx.conn()).await?;
    Ok(Counters {
        rows_read,
        created,
        updated: counts.updated,
        unchanged: counts.unchanged,
        merged: signed(merged),
        rejected: unreadable + full,
    })
}

/// Rule C10: rows over the group's limit are rejected, in the order of the file. The group's row is locked, so that imports into one
/// group count one after the other.
async fn reject_over_group_limit(tx: &mut Tx, import: &Import, limit: i32) -> Result<i64> {
    sqlx::query!("select from contact_group where id = $1 for update", import.group_id.0).execute(tx.conn()).await?;
    let rejected = sqlx::query!(
        "with fresh as (
             select r.line, r.e164, row_number() over (order by r.line) as place
             from import_row r
             left join contact c on c.organization_id = $2 and c.e164 = r.e164
             left join membership m on m.group_id = $3 and m.contact_id = c.id
             where r.import_id = $1 and m.contact_id is null
         ), over_limit as (
             delete from import_row r using fresh
             where r.import_id = $1 and r.line = fresh.line
               and fresh.place > $4 - (select count(*) from membership where group_id = $3)
             returning r.line, r.e164, r.first_name, r.last_name
         )
         insert into import_reject (import_id, line, reason, column_name, raw)
         select $1, line, 'group_full', null, concat_ws(',', first_name, last_name, e164) from over_limit",
        import.id.0,
        import.organization_id.0,
        import.group_id.0,
        i64::from(limit),
    )
    .execute(tx.conn())
    .await?;
    Ok(signed(rejected.rows_affected()))
}

/// Creates and updates contacts in the order of their phones, so that two imports of the same people wait for one another and never
/// deadlock. Blank cells leave what is there. A redacted number comes back as a new contact that keeps its opt-out (rule C9).
async fn upsert_contacts(tx: &mut Tx, import: &Import, account_id: AccountId, fields: &[String]) -> Result<i64> {
    sqlx::query!(
        "insert into custom_field (organization_id, name) select $1, unnest($2::text[]) on conflict do nothing",
        import.organization_id.0,
        fields,
    )
    .execute(tx.conn())
    .await?;
    let created = sqlx::query_file_scalar!(
        "src/ingest_upsert.sql",
        import.id.0,
        import.organization_id.0,
        account_id.0,
        import.consent_text,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(created)
}

/// Rules C1 and C8: everybody in the file joins the group and gets the tags; who did not have them before counts as updated.
async fn join_group_and_tags(tx: &mut Tx, import: &Import) -> Result<()> {
    sqlx::query!(
        "update import_row r set contact_id = c.id from contact c
         where r.import_id = $1 and r.contact_id is null and c.organization_id = $2 and c.e164 = r.e164",
        import.id.0,
        import.organization_id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("analyze import_row").execute(tx.conn()).await?;
    sqlx::query!(
        "with joined as (
             insert into membership (group_id, contact_id)
             select $2, contact_id from import_row where import_id = $1 order by contact_id
             on conflict do nothing returning contact_id
         )
         update import_row r set outcome = 'updated' from joined
         where r.import_id = $1 and r.contact_id = joined.contact_id and r.outcome = 'unchanged'",
        import.id.0,
        import.group_id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into tag (organization_id, name)
         select $2, name from (
             select unnest($3::text[]) as name union select unnest(tags) from import_row where import_id = $1
         ) names order by name on conflict do nothing",
        import.id.0,
        import.organization_id.0,
        &import.tags,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with tagged as (
             insert into contact_tag (contact_id, tag_id)
             select r.contact_id, t.id
             from import_row r join tag t on t.organization_id = $2 and (t.name = any($3) or t.name = any(r.tags))
             where r.import_id = $1 order by r.contact_id, t.id
             on conflict do nothing returning contact_id
         )
         update import_row r set outcome = 'updated' from tagged
         where r.import_id = $1 and r.contact_id = tagged.contact_id and r.outcome = 'unchanged'",
        import.id.0,
        import.organization_id.0,
        &import.tags,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_text_escapes_what_would_end_a_field() {
        let mut out = Vec::new();
        put(&mut out, Some("a\tb\\c\nd\0"));
        put(&mut out, None);
        assert_eq!(String::from_utf8(out).unwrap(), "\ta\\tb\\\\c\\nd\u{fffd}\t\\N");
    }

    #[test]
    fn arrays_quote_their_items() {
        assert_eq!(array(&["a,b".into(), "say \"hi\"\\".into()]), r#"{"a,b","say \"hi\"\\"}"#);
        assert_eq!(array(&[]), "{}");
    }
}
