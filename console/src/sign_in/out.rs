//! `POST /sign-out`: ends the session, everywhere.

use axum::response::Response;

use crate::{
    client::{Problem, operations::sign_in as operations},
    flash::Flash,
    page::see,
    visit::Visit,
};

pub(crate) async fn leave(visit: Visit) -> Result<Response, Problem> {
    let signed_out = || Flash::good(visit.lang.signed_out_now()).on(see("/sign-in"));
    match visit.call(&operations::SIGN_OUT, []).answer::<()>().await {
        Ok(answer) => Ok(answer.cookies_on(signed_out())),
        // It had ended before.
        Err(problem) if problem.status == 401 => Ok(signed_out()),
        Err(problem) => Err(problem),
    }
}
