//! `…/tags` and `…/fields`: the words that an organization keeps about people: made, renamed,
//! locked, merged and deleted.

mod item;
mod list;
mod merge;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};

use crate::{
    Console,
    app::{Ids, desk::Desk},
    client::{Operation, operations::admin as operations},
    form::{Fields, Query},
};

/// Tags or fields: their operations, their address, and the sentences that differ.
#[derive(Debug)]
pub(super) struct Kind {
    list: &'static Operation,
    one: &'static Operation,
    make: &'static Operation,
    edit: &'static Operation,
    delete: &'static Operation,
    merge: &'static Operation,
    /// The operation by which a field gets another name; a tag gets it by an edit.
    rename: Option<&'static Operation>,
    /// The end of the address.
    path: &'static str,
    /// The heading of the list.
    title: &'static str,
    one_of: &'static str,
    about: &'static str,
    empty: &'static str,
    make_it: &'static str,
    locked: &'static str,
    merge_it: &'static str,
    merging: &'static str,
}

static TAGS: Kind = Kind {
    list: &operations::TAGS,
    one: &operations::TAG,
    make: &operations::NEW_TAG,
    edit: &operations::EDIT_TAG,
    delete: &operations::DELETE_TAG,
    merge: &operations::MERGE_TAG,
    rename: None,
    path: "/tags",
    title: "Tags",
    one_of: "Tag",
    about: "A tag marks people, such as “walker”. Goals choose their people by tags.",
    empty: "There is no tag yet. A file of people can bring tags along, and you can make one here.",
    make_it: "Make the tag",
    locked: "Only admins give it: files and texters do not",
    merge_it: "Merge it into another tag",
    merging: "Everybody who has it gets the other tag instead. Goals and files that name it name the other from \
              then on. It cannot be taken apart again.",
};

static FIELDS: Kind = Kind {
    list: &operations::FIELDS,
    one: &operations::FIELD,
    make: &operations::NEW_FIELD,
    edit: &operations::EDIT_FIELD,
    delete: &operations::DELETE_FIELD,
    merge: &operations::MERGE_FIELD,
    rename: Some(&operations::RENAME_FIELD),
    path: "/fields",
    title: "Fields",
    one_of: "Field",
    about: "A field keeps something about each person, such as the ward. Texts can say it: {{ward}}.",
    empty: "There is no field yet. A column of a file becomes one, and you can make one here.",
    make_it: "Make the field",
    locked: "Only admins fill it: files and texters leave it as it is",
    merge_it: "Merge it into another field",
    merging: "What people have in it goes into the other field. Who has something in both keeps the other's. \
              Goals and texts that name it name the other from then on. It cannot be taken apart again.",
};

/// Returns the routes.
pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(
            "/tags",
            get(|desk: Desk, query: Query| list::show(&TAGS, desk, query))
                .post(|desk: Desk, fields: Fields| list::make(&TAGS, desk, fields)),
        )
        .route(
            "/tags/{tag_id}",
            get(|desk: Desk, ids: Path<Ids>| item::show(&TAGS, desk, ids))
                .post(|desk: Desk, ids: Path<Ids>, fields: Fields| item::save(&TAGS, desk, ids, fields)),
        )
        .route(
            "/tags/{tag_id}/merge",
            post(|desk: Desk, ids: Path<Ids>, fields: Fields| merge::start(&TAGS, desk, ids, fields)),
        )
        .route("/tags/{tag_id}/delete", post(|desk: Desk, ids: Path<Ids>| item::delete(&TAGS, desk, ids)))
        .route(
            "/fields",
            get(|desk: Desk, query: Query| list::show(&FIELDS, desk, query))
                .post(|desk: Desk, fields: Fields| list::make(&FIELDS, desk, fields)),
        )
        .route(
            "/fields/{field_id}",
            get(|desk: Desk, ids: Path<Ids>| item::show(&FIELDS, desk, ids))
                .post(|desk: Desk, ids: Path<Ids>, fields: Fields| item::save(&FIELDS, desk, ids, fields)),
        )
        .route(
            "/fields/{field_id}/merge",
            post(|desk: Desk, ids: Path<Ids>, fields: Fields| merge::start(&FIELDS, desk, ids, fields)),
        )
        .route("/fields/{field_id}/delete", post(|desk: Desk, ids: Path<Ids>| item::delete(&FIELDS, desk, ids)))
        .route(
            "/fields/{field_id}/rename",
            post(|desk: Desk, ids: Path<Ids>, fields: Fields| merge::rename(&FIELDS, desk, ids, fields)),
        )
        .route("/merges/{merge_id}", get(merge::show))
        .route("/merges/{merge_id}/progress", get(merge::part))
}

impl Kind {
    /// Returns the id of one among the ids of an address.
    fn id<'i>(&self, ids: &'i Ids) -> &'i str {
        if self.rename.is_none() { &ids.tag_id } else { &ids.field_id }
    }

    /// Returns the address of one.
    fn at(&self, id: &str) -> String {
        format!("{}/{id}", self.path)
    }
}
