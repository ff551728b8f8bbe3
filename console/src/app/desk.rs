//! An admin at one organization: the reader of a page, and the frame around it.

use askama::Template;
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    Console,
    app::kit::{Body, Form},
    client::{
        Call, List, Operation, Problem,
        operations::{admin as operations, sign_in},
    },
    flash::Flash,
    page::{Page, html, html_with, see},
    visit::Visit,
};

/// Groups that pages offer to choose from at most.
pub(crate) const GROUPS: u32 = 500;

/// The member of the session.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Me {
    pub(crate) member_id: String,
    pub(crate) role: String,
    /// None for an account admin.
    organization_id: Option<String>,
}

/// A group as pages name it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) zone: String,
    pub(crate) area_code: String,
    pub(crate) archived: bool,
    pub(crate) contacts: i64,
}

/// A request of an admin to a page of an organization.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) visit: Visit,
    /// The organization's id, as it stands in the address.
    pub(crate) organization: String,
    pub(crate) me: Me,
}

#[derive(Template)]
#[template(path = "app/sheet.html")]
struct Sheet<'a> {
    page: Page,
    desk: &'a Desk,
    body: String,
}

#[derive(Template)]
#[template(source = "{{ body|safe }}", ext = "html")]
struct Fragment {
    body: String,
}

/// Pages that are always in sight, and pages behind *More*: key, end of the address, name.
type Ways = [(&'static str, &'static str, &'static str)];

const NEAR: &Ways = &[
    ("home", "", "Today"),
    ("goals", "/goals", "Goals"),
    ("people", "/people", "People"),
    ("conversations", "/conversations", "Conversations"),
    ("imports", "/imports", "Imports"),
];

const FAR: &Ways = &[
    ("campaigns", "/campaigns", "Campaigns"),
    ("calendar", "/calendar", "Calendar"),
    ("groups", "/groups", "Groups"),
    ("team", "/team", "Team"),
    ("tags", "/tags", "Tags and fields"),
    ("library", "/library", "Library of texts"),
    ("automations", "/automations", "Automatic answers"),
    ("forms", "/forms", "Sign-up forms"),
    ("sources", "/sources", "Files that come again"),
    ("exports", "/exports", "Files to download"),
    ("compliance", "/compliance", "Stops and privacy"),
    ("companies", "/companies", "Phone companies"),
    ("settings", "/settings", "Settings"),
    ("audit", "/audit", "What was done"),
    ("sign-ins", "/sign-ins", "Where you are signed in"),
];

impl FromRequestParts<Console> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let Ok(visit) = Visit::from_request_parts(parts, console).await;
        let params = RawPathParams::from_request_parts(parts, console).await.map_err(IntoResponse::into_response)?;
        let organization =
            params.iter().find(|(name, _)| *name == "organization_id").map(|(_, value)| value.to_owned());
        let organization = organization.filter(|id| uuid::Uuid::try_parse(id).is_ok());
        let organization = organization.ok_or_else(|| Problem::nothing().into_response())?;
        let me: Me = visit.call(&sign_in::ACCOUNT, []).read().await.map_err(IntoResponse::into_response)?;
        if me.role == "agent" {
            let problem = Problem::own(StatusCode::FORBIDDEN, "forbidden", String::new());
            return Err(problem.into_response());
        }
        // A page that asks the api for nothing is no page of another tenant either.
        match &me.organization_id {
            Some(own) if *own == organization => {}
            Some(_) => return Err(Problem::nothing().into_response()),
            None => {
                let asked = visit.call(&operations::ORGANIZATION, [&organization]).done().await;
                asked.map_err(IntoResponse::into_response)?;
            }
        }
        Ok(Self { visit, organization, me })
    }
}

impl Desk {
    /// Returns the address of a page of the organization.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("/app/o/{}{path}", self.organization)
    }

    /// Returns the path of an operation of the API, for links that download.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("/v1/organizations/{}{path}", self.organization)
    }

    /// Begins a request about the organization; `path` has the other parameters.
    pub(crate) fn call<const N: usize>(&self, operation: &'static Operation, path: [&str; N]) -> Call<'_> {
        let values: Vec<&str> = std::iter::once(self.organization.as_str()).chain(path).collect();
        Call::new(&self.visit, operation, &values)
    }

    /// Returns the groups that the admin sees.
    pub(crate) async fn groups(&self) -> Result<Vec<Group>, Problem> {
        let list: List<Group> = self.call(&operations::GROUPS, []).query("limit", GROUPS).read().await?;
        Ok(list.items)
    }

    /// Answers with a page.
    pub(crate) fn page(&self, title: impl Into<String>, nav: &'static str, body: Body) -> Response {
        html(&Sheet { page: self.visit.page(title, nav), desk: self, body: body.finish() })
    }

    /// Answers with a page on which something is wrong.
    pub(crate) fn wrong(&self, problem: &Problem, title: impl Into<String>, nav: &'static str, body: Body) -> Response {
        let page = self.visit.page(title, nav);
        html_with(problem.status(), &Sheet { page, desk: self, body: body.finish() })
    }

    /// Answers with a part of a page.
    pub(crate) fn part(body: Body) -> Response {
        html(&Fragment { body: body.finish() })
    }

    /// Leads to a page, which says that something is done.
    pub(crate) fn done(&self, path: &str, sentence: &str) -> Response {
        Flash::good(sentence).on(see(&self.at(path)))
    }

    /// Leads to a page, which says how an act has ended: as its sentence, or as the refusal.
    pub(crate) fn after(&self, path: &str, outcome: Result<(), Problem>, sentence: &str) -> Result<Response, Problem> {
        match outcome {
            Ok(()) => Ok(self.done(path, sentence)),
            Err(problem) if problem.is_of_the_input() => {
                Ok(Flash::bad(self.sentence(&problem)).on(see(&self.at(path))))
            }
            Err(problem) => Err(problem),
        }
    }

    /// Returns the fault as a sentence for people.
    pub(crate) fn sentence(&self, problem: &Problem) -> String {
        problem.sentence(self.visit.lang)
    }

    /// Puts a refusal into a form.
    pub(crate) fn refused(&self, form: Form, problem: Option<&Problem>) -> Form {
        form.refused(problem, |problem| self.sentence(problem))
    }

    /// Returns whether the member has the rights of an account's admins.
    pub(crate) fn is_account_admin(&self) -> bool {
        self.me.role == "account_admin"
    }

    /// Returns whether the member sees the whole organization.
    pub(crate) fn is_organization_admin(&self) -> bool {
        self.is_account_admin() || self.me.role == "organization_admin"
    }

    fn near(&self) -> Vec<(&'static str, String, &'static str)> {
        NEAR.iter().map(|(key, path, name)| (*key, self.at(path), *name)).collect()
    }

    fn far(&self) -> Vec<(&'static str, String, &'static str)> {
        FAR.iter().map(|(key, path, name)| (*key, self.at(path), *name)).collect()
    }
}

/// Returns the name of a group among those that the admin sees.
pub(crate) fn group_name<'g>(groups: &'g [Group], id: &str) -> &'g str {
    groups.iter().find(|group| group.id == id).map_or("A group", |group| group.name.as_str())
}

/// Returns groups as options of a form; archived ones are left out.
pub(crate) fn group_options(groups: &[Group], none: Option<&str>) -> Vec<(String, String)> {
    let none = none.map(|text| (String::new(), text.to_owned()));
    let open = groups.iter().filter(|group| !group.archived);
    none.into_iter().chain(open.map(|group| (group.id.clone(), group.name.clone()))).collect()
}

/// Returns a key by which a form that comes twice is known.
pub(crate) fn once() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Returns the key of a form, or a new one where it has none.
pub(crate) fn key(given: &str) -> String {
    if given.is_empty() { once() } else { given.to_owned() }
}
