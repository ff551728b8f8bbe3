//! Texts that a worker may be about to call the carrier for (rule S9).

use muster_domain::ids::{ContactId, GoalId, OrganizationId};
use muster_jobs::{Job, kinds::Send};

use crate::{Pool, Result};

/// The texts that a change concerns.
#[derive(Debug, Clone, Copy)]
pub enum Concerned<'a> {
    /// The texts of goals, answers in their conversations too.
    Goals(&'a [GoalId]),
    /// The texts to contacts.
    Contacts(&'a [ContactId]),
    /// All texts of an organization.
    Organization(OrganizationId),
}

/// Returns whether a text that this concerns is marked for the carrier. Of an organization it is
/// enough that one of its `send` jobs runs. After the commit of a change all texts that were
/// decided before it are seen here: a hand-over holds its facts still until it has marked them.
pub async fn any_on_their_way(pool: &Pool, concerned: Concerned<'_>) -> Result<bool> {
    let any = match concerned {
        Concerned::Goals(ids) => {
            sqlx::query_scalar!(
                r#"select exists (select from message where goal_id = any($1) and state = 'sending') as "any!""#,
                &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
            )
            .fetch_one(&mut *pool.connection().await?)
            .await?
        }
        Concerned::Contacts(ids) => {
            sqlx::query_scalar!(
                r#"select exists (select from message where contact_id = any($1) and state = 'sending') as "any!""#,
                &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
            )
            .fetch_one(&mut *pool.connection().await?)
            .await?
        }
        Concerned::Organization(id) => {
            sqlx::query_scalar!(
                r#"select exists (select from job where state = 'running' and kind = $2 and organization_id = $1) as "any!""#,
                id.0,
                Send::NAME,
            )
            .fetch_one(&mut *pool.connection().await?)
            .await?
        }
    };
    Ok(any)
}
