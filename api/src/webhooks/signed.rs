//! A form that the carrier has signed.

use axum::{
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRef, FromRequest, OriginalUri, Request,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{HeaderMap, header::CONTENT_TYPE},
};
use muster_carrier::twilio::{self, BadSignature, Form};

use crate::{problem::Problem, state::Api};

/// Bytes of a webhook. A text of 1,600 characters is 20 kB in a form at most, and the addresses of
/// ten pictures are a few more.
const BODY_LIMIT: usize = 256 * 1024;

/// The fields of a webhook with a valid signature (rule I1).
pub(crate) struct SignedForm(pub(crate) Form);

impl<S: Send + Sync> FromRequest<S> for SignedForm
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        let api = Api::from_ref(state);
        let headers = request.headers().clone();
        let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
        DefaultBodyLimit::max(BODY_LIMIT).apply(&mut request);
        let body = Bytes::from_request(request, &()).await.map_err(|error| match error {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                Problem::too_large(format!("a webhook has at most {BODY_LIMIT} bytes"))
            }
            _ => Problem::invalid_body("the form broke off"),
        })?;
        let request = twilio::Request {
            public_url: &api.settings.carrier.public_url,
            target: uri.path_and_query().map_or("", |target| target.as_str()),
            content_type: header(&headers, CONTENT_TYPE.as_str()),
            signature: header(&headers, "x-twilio-signature"),
            settings: header(&headers, "x-twilio-webhooks-signature-settings"),
            body: &body,
        };
        request.read(&api.settings.carrier.auth_token).map(Self).map_err(|refused| match refused {
            BadSignature::Signature => Problem::bad_signature("X-Twilio-Signature is missing or wrong"),
            BadSignature::Body => Problem::invalid_body("the body is neither a form nor a JSON object"),
        })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
