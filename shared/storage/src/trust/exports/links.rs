//! Links to exports' files, each a member's, and their openings.

use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, ExportId, ExportLinkId, MemberId, OrganizationId};

use crate::{Pool, Result, Tx};

/// Links of an export that are told, and openings of each: the latest.
const MOST: i64 = 100;

/// A link to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewLink<'a> {
    /// The export.
    pub export_id: ExportId,
    /// The member that it is bound to.
    pub member_id: MemberId,
    /// The hash of its secret.
    pub secret_hash: &'a [u8],
    /// Hours until it expires.
    pub hours: i32,
}

/// Adds a link; returns when it expires.
pub async fn add_link(tx: &mut Tx, id: ExportLinkId, new: &NewLink<'_>) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(
        "insert into export_link (id, export_id, member_id, secret_hash, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(hours => $5)) returning expires_at",
        id.0,
        new.export_id.0,
        new.member_id.0,
        new.secret_hash,
        new.hours,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A link of an export.
#[derive(Debug, Clone)]
pub struct Link {
    /// The link.
    pub id: ExportLinkId,
    /// The member that it is bound to.
    pub member_id: MemberId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// How often it was opened.
    pub opened: i64,
    /// Its latest openings, the latest first.
    pub openings: Vec<Opening>,
}

/// An opening of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// When.
    pub at: DateTime<Utc>,
    /// The client's address; empty where none is known.
    pub client_address: String,
}

/// Returns the latest links of an export, the youngest first.
pub async fn links(pool: &Pool, export_id: ExportId) -> Result<Vec<Link>> {
    let rows = sqlx::query!(
        r#"select l.id, l.member_id, l.created_at, l.expires_at,
                  (select count(*) from export_opening o where o.link_id = l.id) as "opened!",
                  array(select o.at from export_opening o where o.link_id = l.id order by o.id desc limit $2) as "at!",
                  array(select o.client_address from export_opening o where o.link_id = l.id order by o.id desc limit $2) as "addresses!"
           from export_link l where l.export_id = $1 order by l.id desc limit $2"#,
        export_id.0,
        MOST,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Link {
            id: ExportLinkId(row.id),
            member_id: MemberId(row.member_id),
            created_at: row.created_at,
            expires_at: row.expires_at,
            opened: row.opened,
            openings: row
                .at
                .into_iter()
                .zip(row.addresses)
                .map(|(at, client_address)| Opening { at, client_address })
                .collect(),
        })
        .collect())
}

/// A link that has not expired, as its secret is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The link.
    pub link_id: ExportLinkId,
    /// The member that it is bound to.
    pub member_id: MemberId,
    /// The account.
    pub account_id: AccountId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The export.
    pub export_id: ExportId,
}

/// Returns the link with this secret, unless it has expired. Its export's row is locked, so that a
/// redaction at the same time ends the file before or after the opening.
pub async fn find_by_secret(tx: &mut Tx, secret_hash: &[u8]) -> Result<Option<Opened>> {
    let row = sqlx::query!(
        "select l.id, l.member_id, o.account_id, e.organization_id, l.export_id
         from export_link l join export e on e.id = l.export_id join organization o on o.id = e.organization_id
         where l.secret_hash = $1 and l.expires_at > clock_timestamp()
         for share of e",
        secret_hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Opened {
        link_id: ExportLinkId(row.id),
        member_id: MemberId(row.member_id),
        account_id: AccountId(row.account_id),
        organization_id: OrganizationId(row.organization_id),
        export_id: ExportId(row.export_id),
    }))
}

/// Records an opening of a link.
pub async fn record_opening(tx: &mut Tx, link_id: ExportLinkId, client_address: &str) -> Result<()> {
    sqlx::query!("insert into export_opening (link_id, client_address) values ($1, $2)", link_id.0, client_address)
        .execute(tx.conn())
        .await?;
    Ok(())
}
