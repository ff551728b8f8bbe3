//! `POST /v1/organizations/{organization_id}/imports/preview`: the first rows of a file as they
//! would be read.

use std::{collections::BTreeMap, io::Cursor};

use axum::{Json as Answer, body::Body, extract::State};
use futures::StreamExt;
use muster_domain::ids::ImportSourceId;
use muster_ingest::{
    ReadError,
    preview::{Preview, preview},
};
use muster_storage::people::fields::{self, FileFields};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    admin::imports::definition::{Definition, mapping},
    auth::Admin,
    bounds,
    extract::Query,
    problem::Problem,
    shapes,
    state::Api,
};

/// Bytes of a file that are looked at.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Rows that are shown unless asked otherwise.
const DEFAULT_ROWS: usize = 10;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewQuery {
    /// As with an import.
    #[param(inline, value_type = Option<bounds::CsvMapping>)]
    mapping: Option<String>,
    /// A source: its mapping is used where none is given here.
    #[param(value_type = Option<uuid::Uuid>)]
    source_id: Option<ImportSourceId>,
    /// Rows to show; 10 unless told.
    #[param(inline, value_type = Option<bounds::PreviewRows>)]
    rows: Option<usize>,
}

/// A file as it would be read.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct PreviewBody(Preview);

impl PartialSchema for PreviewBody {
    fn schema() -> RefOr<Schema> {
        shapes::FilePreview::schema()
    }
}

impl ToSchema for PreviewBody {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        shapes::FilePreview::schemas(schemas);
    }
}

/// Shows a file's encoding, its columns and the fields that they fill, and its first rows and
/// rejects as an import would read them. Nothing is kept. The body is the file, or its beginning:
/// no more than 4 MiB are looked at, and 1 MiB of rows shown. A zip file must be whole.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/imports/preview", tag = "imports")]
pub(crate) async fn show(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<PreviewQuery>,
    body: Body,
) -> Result<Answer<PreviewBody>, Problem> {
    let rows = bounds::PreviewRows::read("rows", query.rows.unwrap_or(DEFAULT_ROWS))
        .map_err(|_| Problem::invalid_parameter("rows is not within its bounds"))?;
    let source = Definition::of(&api, &admin, query.source_id).await?;
    let mapping = if query.mapping.is_some() { mapping(query.mapping.as_deref())? } else { source.mapping };
    let terms = field_terms(&api, &admin).await?;
    let file = beginning(body).await?;
    let read = tokio::task::spawn_blocking(move || read(file, &mapping, rows, &terms)).await;
    match read.map_err(|error| Problem::internal(format!("the reader: {error}")))? {
        Ok(preview) => Ok(Answer(PreviewBody(preview))),
        Err(ReadError::Refused(refused)) => Err(Problem::invalid_body(refused.to_string())),
        Err(ReadError::Broken(error)) => Err(Problem::invalid_body(format!("the file cannot be read: {error}"))),
    }
}

async fn beginning(body: Body) -> Result<Vec<u8>, Problem> {
    let mut file = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::invalid_body(format!("the body broke off: {error}")))?;
        file.extend_from_slice(&chunk[..chunk.len().min(MOST_BYTES - file.len())]);
        if file.len() == MOST_BYTES {
            break;
        }
    }
    Ok(file)
}

/// Custom fields as a file meets them, and whether it may bring others (rule C14).
struct FieldTerms {
    fields: FileFields,
    takes_no_others: bool,
}

async fn field_terms(api: &Api, admin: &Admin) -> Result<FieldTerms, Problem> {
    let mut tx = api.pool.begin().await?;
    let organization = admin.organization(&mut tx).await?;
    tx.rollback().await?;
    let fields = fields::of_files(&api.pool, organization.id).await?;
    Ok(FieldTerms { fields, takes_no_others: organization.settings.lock_custom_fields })
}

fn read(
    file: Vec<u8>,
    mapping: &BTreeMap<String, String>,
    rows: usize,
    FieldTerms { fields, takes_no_others }: &FieldTerms,
) -> Result<Preview, ReadError> {
    preview(Cursor::new(file), mapping, rows, |header| {
        for (former, name) in &fields.former {
            header.rename_field(former, name);
        }
        if *takes_no_others {
            header.lock_fields(&fields.known);
        }
        header.leave_out(&fields.locked);
    })
}
