//! Lists: their query, their cursor and their answer, the same for all of them.
//!
//! A list has one order, by the ids of its items. Its query has the list's own filters, `cursor`
//! and `limit`; its answer has the items of one page and `next`, the cursor of the page behind it.
//! A cursor is the id of the last item of a page, as [`muster_storage::Page`] says. Conversations
//! are listed by recency: their cursor is a place in that order, and their page may end before it
//! is full.

use std::borrow::Cow;

use axum::{Json as Answer, extract::FromRequestParts, http::request::Parts};
use muster_storage::Page;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr, Schema,
        path::{Parameter, ParameterIn},
        schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};
use uuid::Uuid;

use crate::{
    bounds,
    extract::{query_of, read_query},
    problem::Problem,
};

/// Items of a page unless asked otherwise.
const DEFAULT_LIMIT: i64 = 100;

/// The parameters that every list has.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// The `next` of the page before; none for the first.
    cursor: Option<Uuid>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Names of these.
const PAGE_PARAMETERS: [&str; 2] = ["cursor", "limit"];

/// The query of a list: its own filters, and the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListQuery<F = NoFilter> {
    /// Filters of this list.
    pub(crate) filter: F,
    cursor: Option<Uuid>,
    limit: i64,
}

/// Filters of a list that has none.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoFilter {}

impl IntoParams for NoFilter {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

impl<F> ListQuery<F> {
    /// Returns the page that is asked for. `id` makes an id of the list's items.
    pub(crate) fn page<K>(&self, id: impl FnOnce(Uuid) -> K) -> Page<K> {
        Page { after: self.cursor.map(id), limit: self.limit }
    }
}

impl<F: IntoParams> IntoParams for ListQuery<F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = F::into_params(&place);
        all.extend(PageQuery::into_params(&place));
        all
    }
}

impl<F: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let name = |pair: &&str| PAGE_PARAMETERS.contains(&pair.split('=').next().unwrap_or_default());
        let (page, filter): (Vec<_>, Vec<_>) = query_of(parts)?.split('&').partition(name);
        let PageQuery { cursor, limit } = read_query(&page.join("&"))?;
        Ok(Self { filter: read_query(&filter.join("&"))?, cursor, limit: page_limit(limit)? })
    }
}

/// Returns how many items a page has at most, as far as asked.
pub(crate) fn page_limit(asked: Option<i64>) -> Result<i64, Problem> {
    bounds::PageLimit::read("limit", asked.unwrap_or(DEFAULT_LIMIT))
        .map_err(|_| Problem::invalid_parameter("limit is not within its bounds"))
}

/// An item of a list that has pages.
pub(crate) trait Item: Serialize + ToSchema {
    /// Its id, by which the list is ordered.
    type Id: Serialize;

    /// Name of a page of them in the document.
    const PAGE: &'static str;
}

/// A page of a list, as it is answered.
#[derive(Serialize)]
#[serde(bound = "")]
pub(crate) struct Listed<T: Item> {
    items: Vec<T>,
    /// The cursor of the next page; null on the last.
    next: Option<T::Id>,
}

impl<T: Item> Listed<T> {
    /// Answers with the records that were found for a page.
    pub(crate) fn answer<R>(
        page: &Page<T::Id>,
        found: Vec<R>,
        id: impl FnOnce(&R) -> T::Id,
        item: impl FnMut(R) -> T,
    ) -> Answer<Self> {
        let next = page.next(&found, id);
        Answer(Self { items: found.into_iter().map(item).collect(), next })
    }

    /// Answers with the records of a page that ends where storage says, which may be before it is
    /// full.
    pub(crate) fn until<R>(next: Option<T::Id>, found: Vec<R>, item: impl FnMut(R) -> T) -> Answer<Self> {
        Answer(Self { items: found.into_iter().map(item).collect(), next })
    }
}

impl<T: Item> PartialSchema for Listed<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .format(Some(SchemaFormat::Custom("uuid".to_owned())))
            .description(Some("The cursor of the next page; null on the last."));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("items", items)
            .required("items")
            .property("next", next)
            .into()
    }
}

impl<T: Item> ToSchema for Listed<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::PAGE)
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        name: Option<String>,
    }

    async fn read(query: &str) -> Result<ListQuery<Filter>, Problem> {
        let (mut parts, ()) = Request::get(format!("/items{query}")).body(()).unwrap().into_parts();
        ListQuery::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_query_is_the_page_and_the_lists_filters_in_any_order() {
        let id = Uuid::from_u128(7);
        let asked = read(&format!("?limit=2&name=a%26b&cursor={id}")).await.unwrap();
        assert_eq!(asked.filter.name.as_deref(), Some("a&b"));
        assert_eq!(asked.page(|id| id), Page { after: Some(id), limit: 2 });
        for empty in ["", "?"] {
            let asked = read(empty).await.unwrap();
            assert!(asked.filter.name.is_none());
            assert_eq!(asked.page(|id| id), Page::first(DEFAULT_LIMIT));
        }
    }

    #[tokio::test]
    async fn unknown_and_wrong_parameters_are_refused() {
        for query in ["?nmae=a", "?cursor=1", "?limit=0", "?limit=501", "?limit=a", "?limit=1&limit=2", "?name=%00"] {
            assert!(read(query).await.is_err(), "{query}");
        }
    }
}
