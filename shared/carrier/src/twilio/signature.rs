//! `X-Twilio-Signature`: base64 of an HMAC over the URL and the sorted form (rule I1).
//!
//! The carrier's official validators decide which requests are right; `deploy/checks/signatures`
//! compares with one of them.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::form::Form;

/// Signs a form that is posted to a URL.
pub fn sign(token: &SecretString, url: &str, form: &[(String, String)]) -> String {
    let signed = signed_text(url, form);
    mac::<Hmac<Sha1>>(token, &signed).map_or_else(String::new, |mac| STANDARD.encode(mac.finalize().into_bytes()))
}

/// A webhook as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The base URL that the carrier knows, which a proxy may have changed on the way.
    pub public_url: &'a str,
    /// Path and query below it.
    pub target: &'a str,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `X-Twilio-Signature`.
    pub signature: Option<&'a str>,
    /// `X-Twilio-Webhooks-Signature-Settings`, which names the algorithm of signatures by a shared
    /// key.
    pub settings: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// A webhook that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The signature is missing or wrong.
    #[error("the signature is missing or wrong")]
    Signature,
    /// It is signed, and holds no fields.
    #[error("the body is neither a form nor a JSON object")]
    Body,
}

impl Request<'_> {
    /// Verifies the signature and reads the fields. The URL may have been signed with or without
    /// its port, the scheme's own where it has none. A form is signed with its fields, each pair
    /// once. Of another body, the URL has a hash (`bodySHA256`).
    pub fn read(&self, token: &SecretString) -> Result<Form, BadSignature> {
        let is_form = self.content_type.is_none_or(is_form);
        let form = if is_form { Form::read(self.body) } else { Form::default() };
        let hash_holds = match body_hash(self.target) {
            _ if is_form => true,
            Some(hash) => hash == hex(&Sha256::digest(self.body)),
            None => self.body.is_empty(),
        };
        let signature = self.signature.and_then(|signature| STANDARD.decode(signature).ok());
        let signed = signature.is_some_and(|signature| {
            let [without, with] = self.urls();
            // Both are looked at in any case.
            let without = self.verify(token, &without, &form, &signature);
            let with = self.verify(token, &with, &form, &signature);
            without || with
        });
        if !signed || !hash_holds {
            return Err(BadSignature::Signature);
        }
        if is_form || self.body.is_empty() { Ok(form) } else { Form::read_json(self.body).ok_or(BadSignature::Body) }
    }

    fn verify(&self, token: &SecretString, url: &str, form: &Form, signature: &[u8]) -> bool {
        let signed = signed_text(url, form.pairs());
        match self.algorithm().to_ascii_uppercase().as_str() {
            "HMAC_SHA1" => mac::<Hmac<Sha1>>(token, &signed).is_some_and(|mac| mac.verify_slice(signature).is_ok()),
            "HMAC_SHA256" => mac::<Hmac<Sha256>>(token, &signed).is_some_and(|mac| mac.verify_slice(signature).is_ok()),
            _ => false,
        }
    }

    /// Returns the algorithm that the header names; without one, the usual.
    fn algorithm(&self) -> &str {
        let parts = self.settings.unwrap_or_default().split(',').filter_map(|part| part.split_once('='));
        let named = parts.map(|(name, value)| (name.trim(), value.trim()));
        named
            .filter(|(name, value)| *name == "algorithm" && !value.is_empty())
            .map(|(_, value)| value)
            .next()
            .unwrap_or("HMAC_SHA1")
    }

    /// Returns the URL without and with its port.
    fn urls(&self) -> [String; 2] {
        let (scheme, rest) = self.public_url.split_once("://").unwrap_or(("https", self.public_url));
        let scheme = scheme.to_ascii_lowercase();
        let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let base = base.trim_end_matches('/');
        // An empty query is none.
        let target = self.target.strip_suffix('?').unwrap_or(self.target);
        let host_begins = authority.rfind('@').map_or(0, |at| at + 1);
        let port = authority[host_begins..]
            .rfind(':')
            .map(|colon| host_begins + colon)
            .filter(|colon| authority[colon + 1..].bytes().all(|byte| byte.is_ascii_digit()));
        let (host, port) = match port {
            Some(colon) => (&authority[..colon], &authority[colon + 1..]),
            None => (authority, ""),
        };
        let usual = if scheme == "http" { "80" } else { "443" };
        let port = if port.is_empty() { usual } else { port };
        [format!("{scheme}://{host}{base}{target}"), format!("{scheme}://{host}:{port}{base}{target}")]
    }
}

fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Returns the hash of the body that the query has; an empty one is none.
fn body_hash(target: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    pairs.into_iter().find(|(name, value)| name == "bodySHA256" && !value.is_empty()).map(|(_, value)| value)
}

/// Returns the URL, then each field's name and value in the order of names and values, a pair that
/// comes twice once.
fn signed_text(url: &str, form: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = form.iter().collect();
    sorted.sort();
    sorted.dedup();
    sorted.into_iter().fold(url.to_owned(), |text, (name, value)| text + name + value)
}

fn mac<M: Mac + KeyInit>(token: &SecretString, signed: &str) -> Option<M> {
    // HMAC takes keys of any length.
    let mut mac = <M as KeyInit>::new_from_slice(token.expose_secret().as_bytes()).ok()?;
    Mac::update(&mut mac, signed.as_bytes());
    Some(mac)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://muster.example";
    const PATH: &str = "/v1/webhooks/twilio/inbound";

    fn token() -> SecretString {
        SecretString::from("12345")
    }

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn request<'a>(public_url: &'a str, target: &'a str, body: &'a str, signature: &'a str) -> Request<'a> {
        Request {
            public_url,
            target,
            content_type: Some("application/x-www-form-urlencoded; charset=utf-8"),
            signature: Some(signature),
            settings: None,
            body: body.as_bytes(),
        }
    }

    fn holds(public_url: &str, signed_url: &str) -> bool {
        let target = signed_url.find("/v1").map_or("", |at| &signed_url[at..]);
        let signature = sign(&token(), signed_url, &form(&[("From", "+16465550000"), ("Body", "")]));
        request(public_url, target, "Body=&From=%2B16465550000", &signature).read(&token()).is_ok()
    }

    #[test]
    fn i1_the_documented_example_signs_as_documented() {
        let fields = form(&[
            ("To", "+18005551212"),
            ("From", "+14158675309"),
            ("Digits", "1234"),
            ("Caller", "+14158675309"),
            ("CallSid", "CA1234567890ABCDE"),
        ]);
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign(&token(), url, &fields), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[test]
    fn i1_a_changed_form_url_or_token_does_not_verify() {
        let signature = sign(&token(), &format!("{URL}{PATH}?a=1"), &form(&[("Body", "Yes")]));
        let target = format!("{PATH}?a=1");
        assert!(request(URL, &target, "Body=Yes", &signature).read(&token()).is_ok());
        for (target, body) in [(format!("{PATH}?a=2"), "Body=Yes"), (target.clone(), "Body=yes"), (target.clone(), "")]
        {
            let refused = request(URL, &target, body, &signature).read(&token());
            assert_eq!(refused, Err(BadSignature::Signature), "{target} {body}");
        }
        let other = SecretString::from("54321");
        assert_eq!(request(URL, &target, "Body=Yes", &signature).read(&other), Err(BadSignature::Signature));
        assert_eq!(request(URL, &target, "Body=Yes", "no base64").read(&token()), Err(BadSignature::Signature));
        let missing = Request { signature: None, ..request(URL, &target, "Body=Yes", "") };
        assert_eq!(missing.read(&token()), Err(BadSignature::Signature));
    }

    #[test]
    fn i1_a_url_verifies_with_and_without_its_port() {
        for (public_url, signed) in [
            ("https://muster.example", "https://muster.example/v1/a"),
            ("https://muster.example", "https://muster.example:443/v1/a"),
            ("https://muster.example:443", "https://muster.example/v1/a"),
            ("http://muster.example", "http://muster.example:80/v1/a"),
            ("https://muster.example:8443", "https://muster.example:8443/v1/a?b=c&d"),
            ("https://muster.example:8443/", "https://muster.example/v1/a?b=c"),
            ("https://muster.example/below/", "https://muster.example:443/below/v1/a"),
            ("https://ann:pass@muster.example", "https://ann:pass@muster.example:443/v1/a"),
            ("https://ann:pass@muster.example", "https://ann:pass@muster.example/v1/a/"),
            ("HTTPS://muster.example", "https://muster.example/v1/a"),
        ] {
            assert!(holds(public_url, signed), "{public_url} {signed}");
        }
        for (public_url, signed) in [
            ("https://muster.example", "http://muster.example/v1/a"),
            ("https://muster.example", "https://muster.example:80/v1/a"),
            ("https://muster.example:8443", "https://muster.example:443/v1/a"),
            ("https://muster.example", "https://elsewhere.example/v1/a"),
            ("https://muster.example", "https://muster.example/below/v1/a"),
        ] {
            assert!(!holds(public_url, signed), "{public_url} {signed}");
        }
    }

    #[test]
    fn i1_a_pair_that_comes_twice_is_signed_once() {
        let once = sign(&token(), &format!("{URL}{PATH}"), &form(&[("A", "1"), ("A", "2"), ("B", "")]));
        for body in ["A=1&A=2&B=", "A=2&A=1&A=2&B", "B=&B=&A=2&A=1"] {
            assert!(request(URL, PATH, body, &once).read(&token()).is_ok(), "{body}");
        }
        assert!(request(URL, PATH, "A=1&B=", &once).read(&token()).is_err());
    }

    #[test]
    fn i1_another_body_is_hashed_in_the_url() {
        let body = r#"{"MessageSid":"SM1","Body":"Hi"}"#;
        let target = format!("{PATH}?bodySHA256={}", hex(&Sha256::digest(body)));
        let signature = sign(&token(), &format!("{URL}{target}"), &[]);
        let json = Request { content_type: Some("application/json"), ..request(URL, &target, body, &signature) };
        assert_eq!(json.read(&token()).unwrap().get("Body"), Some("Hi"));
        assert_eq!(Request { body: b"{}", ..json }.read(&token()), Err(BadSignature::Signature));
        let unhashed = sign(&token(), &format!("{URL}{PATH}"), &[]);
        assert_eq!(
            Request { target: PATH, signature: Some(&unhashed), ..json }.read(&token()),
            Err(BadSignature::Signature)
        );
    }

    #[test]
    fn i1_the_header_names_the_algorithm() {
        let url = format!("{URL}{PATH}");
        let sha256: Hmac<Sha256> = mac(&token(), &(url.clone() + "A1")).unwrap();
        let (new, old) = (STANDARD.encode(sha256.finalize().into_bytes()), sign(&token(), &url, &form(&[("A", "1")])));
        let with =
            |signature, settings| Request { settings, ..request(URL, PATH, "A=1", signature) }.read(&token()).is_ok();
        assert!(with(&new, Some("key=k,algorithm=HMAC_SHA256")) && with(&old, Some("key=k")) && with(&old, None));
        assert!(!with(&old, Some("algorithm=HMAC_SHA256")) && !with(&new, None) && !with(&old, Some("algorithm=NONE")));
    }
}
