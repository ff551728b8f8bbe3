//! Operations of sign-in, and of every signed-in member.

use super::operations;

operations! {
    SIGN_IN = POST "/v1/sign-in";
    SIGN_IN_CONFIRM = POST "/v1/sign-in/confirm";
    SIGN_IN_OIDC = POST "/v1/sign-in/oidc";
    SIGN_OUT = POST "/v1/sign-out";
    ACCOUNT = GET "/v1/account";
}
