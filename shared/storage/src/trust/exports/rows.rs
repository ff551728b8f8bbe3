//! The records of an export, as one COPY out of the database.
//!
//! COPY takes no arguments, and the chosen columns are part of the statement: it is the one that is
//! not checked when Muster is compiled. Postgres itself writes the values into it as literals
//! (`format`), columns are ours, and the rest is a function of a migration for each kind. The
//! registry (`trust::exported`) says of each column how a redacted person appears in it. A test
//! runs every kind with every column.

use bytes::Bytes;
use muster_domain::trust::export::{Chosen, ExportKind};
use sqlx::AssertSqlSafe;
use tokio::sync::mpsc;

use crate::{
    Error, Result, Tx,
    trust::{exported, exports::Export},
};

/// Bytes that are handed on at a time.
const PIECE: usize = 64 * 1024;

/// A piece of the records, in COPY's text format: whole lines. None is the end behind the last one,
/// without which the records are not whole.
pub type Piece = Option<Bytes>;

/// Returns the query of an export's records.
async fn query(tx: &mut Tx, export: &Export) -> Result<String> {
    let function = match export.kind {
        ExportKind::Contacts => "export_contacts",
        ExportKind::Conversations => "export_conversations",
        ExportKind::GoalResults => "export_goal_results",
        ExportKind::CampaignResults => "export_campaign_results",
        ExportKind::OptOuts => "export_opt_outs",
        ExportKind::Audit => "export_audit",
        ExportKind::AccessRequest => {
            let what = "an access request, whose records are no list".to_owned();
            return Err(Error::Corrupt { table: "export", what });
        }
    };
    let mut columns = Vec::new();
    for column in export.chosen() {
        let value = match &column {
            Chosen::Fixed(column) => format!("\"{}\"", column.name),
            Chosen::Field(name) => {
                let literal = sqlx::query_scalar!(r#"select format('%L', $1::text) as "literal!""#, name);
                format!("fields ->> {}", literal.fetch_one(tx.conn()).await?)
            }
        };
        let exported = exported::column(export.kind, &column).ok_or_else(|| Error::Corrupt {
            table: "export",
            what: format!("a column of {} that the registry does not export", export.kind),
        })?;
        columns.push(exported.expression(column.form(), &value));
    }
    let readers: Option<Vec<_>> = export.readers.as_ref().map(|groups| groups.iter().map(|id| id.0).collect());
    Ok(sqlx::query_scalar!(
        r#"select format('select %s from %s(%L::uuid, %L::uuid[], %L::jsonb)', $1::text, $2::text, $3::uuid, $4::uuid[], $5::jsonb) as "query!""#,
        columns.join(", "),
        function,
        export.organization_id.0,
        readers.as_deref(),
        export.filter,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns about how many records an export has, as the planner believes.
pub async fn expected(tx: &mut Tx, export: &Export) -> Result<Option<i64>> {
    let query = query(tx, export).await?;
    let plan: serde_json::Value =
        sqlx::query_scalar(AssertSqlSafe(format!("explain (format json) {query}"))).fetch_one(tx.conn()).await?;
    Ok(plan[0]["Plan"]["Plan Rows"].as_i64())
}

/// Sends an export's records, those of one instant, as fast as they are received.
pub async fn copy(tx: &mut Tx, export: &Export, to: &mpsc::Sender<Piece>) -> Result<()> {
    let query = query(tx, export).await?;
    // Instants come with an offset of zero.
    sqlx::query!("set local time zone 'UTC'").execute(tx.conn()).await?;
    tx.copy_out(&format!("copy ({query}) to stdout"), PIECE, to).await?;
    // A receiver that has gone away has failed by itself.
    let _gone = to.send(None).await;
    Ok(())
}

/// Reads lines of COPY's text format.
#[derive(Debug, Default)]
pub struct Values {
    /// The values of a line one after another, as they are meant.
    text: Vec<u8>,
    /// The end of each value in it; none for no value.
    ends: Vec<Option<usize>>,
}

impl Values {
    /// Reads whole lines, and hands the values of each on. Returns how many lines there were.
    pub fn read(&mut self, lines: &[u8], mut each: impl FnMut(&[Option<&str>])) -> Result<u64> {
        let mut count = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            self.text.clear();
            self.ends.clear();
            for field in line.strip_suffix(b"\n").unwrap_or(line).split(|byte| *byte == b'\t') {
                if field == b"\\N" {
                    self.ends.push(None);
                } else {
                    unescape(&mut self.text, field);
                    self.ends.push(Some(self.text.len()));
                }
            }
            let text = std::str::from_utf8(&self.text)
                .map_err(|error| Error::Corrupt { table: "export", what: error.to_string() })?;
            let mut from = 0;
            let values: Vec<_> = self
                .ends
                .iter()
                .map(|end| {
                    end.map(|end| {
                        let value = text.get(from..end).unwrap_or_default();
                        from = end;
                        value
                    })
                })
                .collect();
            each(&values);
            count += 1;
        }
        Ok(count)
    }
}

fn unescape(out: &mut Vec<u8>, mut field: &[u8]) {
    while let Some(at) = field.iter().position(|byte| *byte == b'\\') {
        out.extend_from_slice(&field[..at]);
        let Some(escaped) = field.get(at + 1) else { break };
        out.push(match escaped {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            other => *other,
        });
        field = &field[at + 2..];
    }
    out.extend_from_slice(field);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_values_are_read_as_the_database_means_them() {
        let mut read = Vec::new();
        let lines = b"a\\tb\\\\c\\n\t\\N\t\nx\t\xc3\xa9\\r\\b\t\\\\N\n";
        let count = Values::default()
            .read(lines, |values| read.push(values.iter().map(|one| one.map(ToOwned::to_owned)).collect::<Vec<_>>()))
            .unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(count, 2);
        assert_eq!(read, [[some("a\tb\\c\n"), None, some("")], [some("x"), some("é\r\u{8}"), some("\\N")]]);
    }
}
