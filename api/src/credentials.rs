//! Credentials of requests: a bearer token, or the cookie of a session (rules A5 and A6).
//!
//! A session's secret is taken as a bearer token too. A token's is never taken as a cookie, which a
//! browser sends by itself. A request that changes something with a cookie must come from a page of
//! this origin (cross-site request forgery).

use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderValue, Method,
        header::{AUTHORIZATION, COOKIE, HOST, ORIGIN},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use muster_domain::{tenancy::sign_in::operator::OperatorRights, trust::audit::PrincipalKind};
use muster_service::secret;
use muster_storage::{
    tenancy::{
        members::Member,
        sign_in::{
            credentials::{self, Credential, CredentialKind},
            operators,
        },
    },
    trust::audit::{self, Principal},
};
use sha2::{Digest, Sha256};

use crate::{problem::Problem, state::Api};

/// The name of a session's cookie. Browsers take this prefix from the origin itself alone, with
/// `Secure`, for all paths and no other host.
pub(crate) const SESSION_COOKIE: &str = "__Host-muster";

/// Returns the hash under which a secret is kept. The secret has 244 random bits, so that a plain
/// hash is enough.
pub(crate) fn secret_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Returns the kind of a member's credential, by the beginning of its secret.
fn kind(secret: &str) -> CredentialKind {
    if secret.starts_with(secret::SESSION) { CredentialKind::Session } else { CredentialKind::Token }
}

/// Returns the secret of a request's bearer token. The scheme's name may be in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim_start())
}

/// Returns the secret in a request's session cookie, if there is one such cookie and no other.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = all
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='));
    let secret = ours.next().filter(|secret| secret.starts_with(secret::SESSION))?;
    ours.next().is_none().then_some(secret)
}

/// Returns whether a request is made with a session's cookie: a header with a token goes before.
fn is_by_cookie(headers: &HeaderMap) -> bool {
    !headers.contains_key(AUTHORIZATION) && cookie(headers).is_some()
}

/// Returns the secret that a request is made with.
pub(crate) fn secret_of(headers: &HeaderMap) -> Option<&str> {
    if headers.contains_key(AUTHORIZATION) { bearer(headers) } else { cookie(headers) }
}

/// Returns whether a method changes something.
fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// POSTs that read alone: their question has a body, because it does not belong into a URL.
const READING_POSTS: [&str; 5] = [
    "/v1/agent/batches/{batch_id}/preview",
    "/v1/organizations/{organization_id}/automations/dry-run",
    "/v1/organizations/{organization_id}/imports/preview",
    "/v1/organizations/{organization_id}/opt-outs/lookup",
    "/v1/organizations/{organization_id}/texts/segments",
];

/// Returns whether an operation changes something, so that it needs the full scope.
pub(crate) fn changes(method: &Method, route: &str) -> bool {
    writes(method) && !(*method == Method::POST && READING_POSTS.contains(&route))
}

fn changes_by(parts: &Parts) -> bool {
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    changes(&parts.method, route)
}

/// Returns whether a request comes from a page of this origin, by the browser's word. Every browser
/// sends one of the two headers with a request that changes something, and no page can change
/// either.
pub(crate) fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_ascii_lowercase();
    if let Some(site) = headers.get("sec-fetch-site") {
        return text(site) == "same-origin";
    }
    let Some(origin) = headers.get(ORIGIN).map(text) else { return false };
    let is_host =
        headers.get(HOST).is_some_and(|host| origin.split_once("://").is_some_and(|(_, at)| at == text(host)));
    let public_url = public_url.to_ascii_lowercase();
    let rest = public_url.strip_prefix(&origin);
    is_host || (!origin.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Refuses a request that changes something by a session's cookie and comes from another page.
pub(crate) async fn from_own_page(State(api): State<Api>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let by_page = writes(request.method()) && is_by_cookie(headers);
    if by_page && !is_same_origin(headers, &api.settings.carrier.public_url) {
        return Problem::cross_site("the request with a session's cookie comes from another page").into_response();
    }
    next.run(request).await
}

/// The hash of a request's secret, with which a long answer asks again whether it is in force.
#[derive(Debug, Clone)]
pub(crate) struct TokenHash(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequestParts<S> for TokenHash {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let secret = secret_of(&parts.headers);
        secret.map(|secret| Self(secret_hash(secret))).ok_or_else(|| Problem::unauthenticated("no token came"))
    }
}

/// A credential that is in force, of a scope that allows the operation.
#[derive(Debug, Clone)]
pub(crate) struct Signed(pub(crate) Credential);

impl<S: Send + Sync> FromRequestParts<S> for Signed
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let secret = secret_of(&parts.headers)
            .ok_or_else(|| Problem::unauthenticated("send the header Authorization: Bearer TOKEN"))?;
        let (api, hash) = (Api::from_ref(state), secret_hash(secret));
        if secret.starts_with(secret::OPERATOR) {
            return Err(match operators::by_secret(&api.pool, &hash).await? {
                Some(_) => Problem::forbidden("an operator has nothing of a tenant's"),
                None => not_in_force(),
            });
        }
        let found = credentials::by_secret(&api.pool, kind(secret), &hash).await?.ok_or_else(not_in_force)?;
        api.tenants.learn(hash, &found.member);
        if found.use_is_due {
            credentials::note_use(&api.pool, found.id).await?;
        }
        api.rates.count(&api, &found).await?;
        if !found.scope.allows(changes_by(parts)) {
            return Err(Problem::forbidden("the token or session is for reading alone"));
        }
        audit::acting_as(principal(&found.member));
        let signed = Self(found);
        parts.extensions.insert(signed.clone());
        Ok(signed)
    }
}

/// Returns a member as the audit has them.
pub(crate) fn principal(member: &Member) -> Principal {
    Principal {
        kind: PrincipalKind::Member,
        account_id: Some(member.account_id.0),
        organization_id: member.organization_id.map(|id| id.0),
        member_id: Some(member.id.0),
        role: Some(member.role.as_str().to_owned()),
        operator: None,
    }
}

fn not_in_force() -> Problem {
    Problem::invalid_token("the token is not known, was ended or has expired")
}

/// An operator of the installation, with a token that is in force and rights for the operation.
#[derive(Debug, Clone)]
pub(crate) struct Operator(pub(crate) operators::Operator);

impl<S: Send + Sync> FromRequestParts<S> for Operator
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // An operator's token is never in a cookie.
        let secret = bearer(&parts.headers)
            .ok_or_else(|| Problem::unauthenticated("send the header Authorization: Bearer TOKEN"))?;
        let (api, hash) = (Api::from_ref(state), secret_hash(secret));
        if !secret.starts_with(secret::OPERATOR) {
            return Err(match credentials::by_secret(&api.pool, kind(secret), &hash).await? {
                Some(_) => Problem::forbidden("only an operator may do this"),
                None => not_in_force(),
            });
        }
        let found = operators::by_secret(&api.pool, &hash).await?.ok_or_else(not_in_force)?;
        if changes_by(parts) && found.rights < OperatorRights::Act {
            return Err(Problem::forbidden("the operator may look and not act"));
        }
        audit::acting_as(Principal::operator(found.name.clone()));
        Ok(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "muster_session_0123456789abcdef";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a6_a_cookie_is_a_sessions_alone_and_a_header_goes_before_it() {
        let ours = format!("theme=dark; {SESSION_COOKIE}={SECRET}");
        assert_eq!(secret_of(&headers(&[("cookie", &ours)])), Some(SECRET));
        assert_eq!(secret_of(&headers(&[("cookie", &ours), ("authorization", "Bearer one")])), Some("one"));
        assert_eq!(secret_of(&headers(&[("cookie", &ours), ("authorization", "Basic one")])), None);
        let token = format!("{SESSION_COOKIE}=muster_0123");
        let twice = format!("{ours}; {SESSION_COOKIE}={SECRET}");
        for other in [&token, &twice, &format!("x{SESSION_COOKIE}={SECRET}"), &format!("{SESSION_COOKIE}x={SECRET}")] {
            assert_eq!(secret_of(&headers(&[("cookie", other)])), None, "{other}");
        }
    }

    #[test]
    fn a6_a_change_by_cookie_comes_from_a_page_of_this_origin() {
        let is = |pairs: &[(&'static str, &str)]| is_same_origin(&headers(pairs), "https://muster.example.org/api");
        assert!(is(&[("sec-fetch-site", "same-origin"), ("origin", "https://muster.example.org")]));
        assert!(is(&[("origin", "https://muster.example.org")]));
        assert!(is(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")]));
        for other in [
            &[][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://muster.example.org")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://muster.example.or")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "https://evil.example"), ("host", "muster.example.org")],
        ] {
            assert!(!is(other), "{other:?}");
        }
    }

    #[test]
    fn a5_reading_is_a_get_or_a_question_with_a_body() {
        assert!(!changes(&Method::GET, "/v1/account") && !changes(&Method::HEAD, "/v1/account"));
        assert!(!changes(&Method::POST, READING_POSTS[3]) && changes(&Method::PUT, READING_POSTS[3]));
        assert!(changes(&Method::POST, "/v1/organizations") && changes(&Method::DELETE, "/v1/account"));
    }
}
