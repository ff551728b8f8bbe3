//! An ID token: its signature and its claims (OpenID Connect Core, 3.1.3.7).

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet},
};
use serde::Deserialize;

/// Signatures that are taken: those of public keys. Neither `none` nor a shared secret is.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

/// Seconds by which clocks may differ.
const SKEW_SECONDS: u64 = 60;

/// The claims that a token must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    /// It cannot be read, or its signature or a claim is wrong.
    #[error("the identity provider's token is not valid")]
    Invalid,
    /// No key of the provider has its name.
    #[error("the identity provider's token is signed with a key that is not known")]
    UnknownKey,
    /// It has no verified address.
    #[error("the identity provider does not confirm the person's email")]
    NoEmail,
}

#[derive(Debug, Deserialize)]
struct Claims {
    nonce: Option<String>,
    azp: Option<String>,
    aud: serde_json::Value,
    email: Option<String>,
    /// Some providers write it as a text.
    email_verified: Option<serde_json::Value>,
}

/// Returns the verified address of a token that is as wanted, in small letters.
pub(crate) fn email_of(token: &str, keys: &JwkSet, wanted: &Wanted<'_>) -> Result<String, BadToken> {
    let header = decode_header(token).map_err(|_| BadToken::Invalid)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(BadToken::Invalid);
    }
    let key = key(keys, header.kid.as_deref(), header.alg).ok_or(BadToken::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| BadToken::Invalid)?;
    let mut validation = Validation::new(header.alg);
    validation.leeway = SKEW_SECONDS;
    validation.validate_nbf = true;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[wanted.issuer]);
    validation.set_audience(&[wanted.client_id]);
    let claims = decode::<Claims>(token, &key, &validation).map_err(|_| BadToken::Invalid)?.claims;
    let many = claims.aud.as_array().is_some_and(|all| all.len() > 1);
    let party_is_ours = claims.azp.as_deref().map_or(!many, |party| party == wanted.client_id);
    if claims.nonce.as_deref() != Some(wanted.nonce) || !party_is_ours {
        return Err(BadToken::Invalid);
    }
    let verified = claims.email_verified.is_some_and(|said| said == true || said == "true");
    claims
        .email
        .filter(|email| verified && email.contains('@'))
        .map(|email| email.to_lowercase())
        .ok_or(BadToken::NoEmail)
}

/// Returns the key of a name; the only key of a set where the token names none. A key for another
/// algorithm or use is none.
fn key<'a>(keys: &'a JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    let fits = |key: &&Jwk| {
        let told = key.common.key_algorithm.map(|told| told.to_string());
        told.is_none_or(|told| told == format!("{algorithm:?}"))
    };
    match kid {
        Some(kid) => keys.find(kid).filter(fits),
        None => match keys.keys.as_slice() {
            [only] => Some(only).filter(fits),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::{DateTime, TimeDelta, Utc};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use muster_service::clock;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use serde_json::{Value, json};

    use super::*;

    struct Provider {
        key: EncodingKey,
        keys: JwkSet,
    }

    fn provider() -> Provider {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256", "x": x, "y": y }] });
        Provider { key: EncodingKey::from_ec_der(document.as_ref()), keys: serde_json::from_value(keys).unwrap() }
    }

    fn now() -> DateTime<Utc> {
        clock::machine_now()
    }

    fn claims(more: &Value) -> Value {
        let mut claims = json!({
            "iss": "https://id.example.org", "aud": "muster", "sub": "7", "nonce": "once",
            "email": "Ada@Example.org", "email_verified": true,
            "iat": now().timestamp(), "exp": (now() + TimeDelta::minutes(5)).timestamp(),
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    }

    const WANTED: Wanted<'static> = Wanted { issuer: "https://id.example.org", client_id: "muster", nonce: "once" };

    fn signed(provider: &Provider, more: &Value) -> String {
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims(more), &provider.key).unwrap()
    }

    #[test]
    fn a6_a_token_of_the_provider_gives_the_verified_address() {
        let provider = provider();
        for more in [
            json!({}),
            json!({ "email_verified": "true" }),
            json!({ "aud": ["muster"] }),
            json!({ "aud": ["muster", "other"], "azp": "muster" }),
            // Clocks differ a little.
            json!({ "exp": (now() - TimeDelta::seconds(30)).timestamp() }),
        ] {
            let token = signed(&provider, &more);
            assert_eq!(email_of(&token, &provider.keys, &WANTED).as_deref(), Ok("ada@example.org"), "{more}");
        }
    }

    #[test]
    fn a6_a_token_with_a_wrong_claim_is_refused() {
        let provider = provider();
        for more in [
            json!({ "iss": "https://evil.example" }),
            json!({ "iss": null }),
            json!({ "aud": "other" }),
            json!({ "aud": ["muster", "other"] }),
            json!({ "aud": ["muster", "other"], "azp": "other" }),
            json!({ "nonce": "twice" }),
            json!({ "nonce": null }),
            json!({ "exp": (now() - TimeDelta::minutes(2)).timestamp() }),
            json!({ "exp": null }),
            json!({ "nbf": (now() + TimeDelta::minutes(2)).timestamp() }),
        ] {
            let token = signed(&provider, &more);
            assert_eq!(email_of(&token, &provider.keys, &WANTED), Err(BadToken::Invalid), "{more}");
        }
        for more in [json!({ "email_verified": false }), json!({ "email": null }), json!({ "email_verified": null })] {
            let token = signed(&provider, &more);
            assert_eq!(email_of(&token, &provider.keys, &WANTED), Err(BadToken::NoEmail), "{more}");
        }
    }

    #[test]
    fn a6_a_token_that_the_provider_has_not_signed_is_refused() {
        let (ours, other) = (provider(), provider());
        let bad = |token: &str| email_of(token, &ours.keys, &WANTED);
        assert_eq!(bad(&signed(&other, &json!({}))), Err(BadToken::Invalid), "another key");
        let text = claims(&json!({})).to_string();
        for header in [json!({ "alg": "none" }), json!({ "alg": "none", "kid": "one" }), json!({ "alg": "NONE" })] {
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            let token = format!("{}.{}.", part(&header.to_string()), part(&text));
            assert_eq!(bad(&token), Err(BadToken::Invalid), "{header}");
        }
        // A shared secret that everybody knows: the public key.
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
        let public = serde_json::to_vec(&ours.keys.keys[0]).unwrap();
        let token = encode(&header, &claims(&json!({})), &EncodingKey::from_secret(&public)).unwrap();
        assert_eq!(bad(&token), Err(BadToken::Invalid), "a shared secret");
        let header = Header { kid: Some("two".to_owned()), ..Header::new(Algorithm::ES256) };
        let token = encode(&header, &claims(&json!({})), &ours.key).unwrap();
        assert_eq!(bad(&token), Err(BadToken::UnknownKey));
        let good = signed(&ours, &json!({}));
        let altered = good.replacen('.', ".e30", 1);
        for token in ["", "a.b.c", altered.as_str(), &good[..good.len() - 4]] {
            assert!(bad(token).is_err(), "{token}");
        }
    }
}
