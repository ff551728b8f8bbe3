//! `POST /v1/sign-in`: a code is sent to an address.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    engine::bucket::{BucketKind, Rate},
    ids::SignInId,
    tenancy::sign_in::code::MailLanguage,
};
use muster_jobs::kinds::MailSend;
use muster_service::{secret, trace};
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    tenancy::sign_in::attempts::{self, NewSignIn},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    bounds,
    credentials::secret_hash,
    document::WithCookie,
    problem::Problem,
    shapes,
    sign_in::{
        SignInClient,
        client::take,
        key,
        session::{ASKING_COOKIE, ASKING_SECONDS},
    },
    sign_ups::visitor::SmallJson,
    state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    #[schema(value_type = bounds::Email)]
    email: String,
    /// The mail's language; English if absent.
    #[schema(value_type = Option<shapes::MailLanguage>)]
    language: Option<MailLanguage>,
    /// For a page of this origin: a cookie by which the mail's link works in the same browser.
    #[serde(default)]
    cookie: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignInBegun {
    #[schema(value_type = uuid::Uuid)]
    sign_in_id: SignInId,
    /// With which this client, and no other, uses the code.
    client_secret: String,
    /// From then on the code is of no use.
    expires_at: DateTime<Utc>,
}

/// Sends a code to an address, and a link to a page that asks for a click, if a member has the
/// address. The answer is the same if nobody has it, and takes as long.
#[utoipa::path(post, path = "/v1/sign-in", tag = "sign-in")]
pub(crate) async fn begin(
    State(api): State<Api>,
    client: SignInClient,
    SmallJson(body): SmallJson<SignInBody>,
) -> Result<WithCookie<Answer<SignInBegun>>, Problem> {
    let email = bounds::Email::read("email", &body.email)?.to_lowercase();
    key(&api)?;
    if body.cookie {
        client.own_page(&api)?;
    }
    client.count(&api).await?;
    let rate = Rate::an_hour(api.settings.sign_in.email_an_hour);
    let subject = api.phone_hash_keys.client_hash(&format!("mail {email}"));
    take(&api, BucketKind::SignInEmail, &subject[..16], rate).await?;
    let (id, client_secret) = (SignInId::new(), secret::token());
    let new = NewSignIn {
        id,
        email: &email,
        language: body.language.unwrap_or_default(),
        client_hash: &secret_hash(&client_secret),
        client: &client.client,
        address: &client.address,
    };
    let mut tx = api.pool.begin().await?;
    let expires_at = attempts::begin(&mut tx, &new).await?;
    // The worker looks whether somebody has the address.
    let origin = Origin { organization_id: None, traceparent: trace::current() };
    enqueue(&mut tx, &MailSend::SignIn { sign_in_id: id }, &origin).await?;
    tx.commit().await?;
    let cookie = body.cookie.then(|| (ASKING_COOKIE, client_secret.clone(), Some(ASKING_SECONDS)));
    let answer = Answer(SignInBegun { sign_in_id: id, client_secret, expires_at });
    Ok(WithCookie::new(answer, cookie))
}
