//! `X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and the sorted form (rule I1).

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;

/// Signs a form that is posted to a URL.
pub fn sign(token: &SecretString, url: &str, form: &[(String, String)]) -> String {
    mac(token, url, form).map_or_else(String::new, |mac| STANDARD.encode(mac.finalize().into_bytes()))
}

/// Is this the signature of the form? Compared in constant time.
pub fn verify(token: &SecretString, url: &str, form: &[(String, String)], signature: &str) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    mac(token, url, form).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
}

fn mac(token: &SecretString, url: &str, form: &[(String, String)]) -> Option<Hmac<Sha1>> {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()).ok()?;
    mac.update(url.as_bytes());
    let mut sorted: Vec<_> = form.iter().collect();
    sorted.sort();
    for (key, value) in sorted {
        mac.update(key.as_bytes());
        mac.update(value.as_bytes());
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i1_a_changed_form_url_or_token_does_not_verify() {
        let token = SecretString::from("12345");
        let form = vec![("To".to_owned(), "+18005551212".to_owned()), ("From".to_owned(), "+14158675310".to_owned())];
        let signature = sign(&token, "https://example.org/hook?a=1", &form);
        assert!(verify(&token, "https://example.org/hook?a=1", &form, &signature));
        assert!(!verify(&token, "https://example.org/hook?a=2", &form, &signature));
        assert!(!verify(&token, "https://example.org/hook?a=1", &form[..1], &signature));
        assert!(!verify(&SecretString::from("54321"), "https://example.org/hook?a=1", &form, &signature));
        assert!(!verify(&token, "https://example.org/hook?a=1", &form, "no base64"));
    }
}
