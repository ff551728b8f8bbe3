//! A form that the carrier has signed.

use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, OriginalUri, Request},
};
use muster_carrier::twilio;

use crate::{problem::Problem, state::Api};

/// A form with a valid `X-Twilio-Signature`, as pairs in their order.
pub(crate) struct SignedForm(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for SignedForm
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let api = Api::from_ref(state);
        let signature =
            request.headers().get("x-twilio-signature").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
        // What the carrier signed is the URL that it knows, which a proxy may have changed on the way.
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        let url = format!("{}{path}", api.settings.public_url.trim_end_matches('/'));
        let body = Bytes::from_request(request, &()).await.map_err(|_| Problem::invalid_body("the form broke off"))?;
        let form: Vec<(String, String)> =
            serde_urlencoded::from_bytes(&body).map_err(|_| Problem::invalid_body("the body is not a form"))?;
        if form.iter().any(|(key, value)| key.contains('\0') || (value.contains('\0') && key != "Body")) {
            return Err(Problem::invalid_body("a field contains a NUL character"));
        }
        let valid = signature
            .is_some_and(|signature| twilio::verify(&api.settings.carrier_auth_token, &url, &form, &signature));
        if valid { Ok(Self(form)) } else { Err(Problem::bad_signature("X-Twilio-Signature is missing or wrong")) }
    }
}
