//! `tokens.json`: 65 tokens with the reference's verdict on signature, claims, expiry and rights by path. Who is an administrator is our own rule.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use ros::auth::{ClassicToken, PublicKey, TokenError};
use ros::ident::UnixTime;
use ros::secret::Secret;
use serde_json::Value;

#[test]
fn tokens_get_the_verdict_of_the_reference() {
    let Some(vectors) = super::load("tokens.json") else {
        return;
    };
    let key = PublicKey::from_pem(vectors["public_key_pem"].as_str().unwrap()).unwrap();
    let tokens = vectors["tokens"].as_array().unwrap();
    for case in tokens {
        let name = format!("{} ({})", case["name"], case["form"]);
        let verdict = ClassicToken::verify(&Secret::new(case["token"].as_str().unwrap()), &key);
        if is_of_another_algorithm(case["token"].as_str().unwrap()) {
            assert_eq!(verdict, Err(TokenError::Algorithm), "{name}");
        } else if case["accepted"] == true {
            check_claims(
                &name,
                case,
                &verdict.unwrap_or_else(|error| panic!("{name}: {error}")),
            );
        } else {
            check_refusal(&name, case["error"].as_str().unwrap(), verdict);
        }
    }
    println!("vectors: tokens {0}/{0}", tokens.len());
}

/// Whether a JWT says that it is not signed with RS256. The reference does not look; we do. What counts is the header, not the case's name: the
/// token that is recorded as "header says HS256" says RS256, and is byte for byte the one of another case.
fn is_of_another_algorithm(token: &str) -> bool {
    let header = token
        .split_once('.')
        .and_then(|(header, _)| BASE64_URL_SAFE.decode(header).ok());
    let header = header.and_then(|header| serde_json::from_slice::<Value>(&header).ok());
    header.is_some_and(|header| header["alg"] != "RS256")
}

fn check_claims(name: &str, case: &Value, token: &ClassicToken) {
    // The reference leaves the escapes of JSON in the identity.
    let identity: String =
        serde_json::from_str(&format!("\"{}\"", case["identity"].as_str().unwrap())).unwrap();
    assert_eq!(token.identity, identity, "{name}");
    assert_eq!(token.path.as_deref(), case["path"].as_str(), "{name}");
    let seconds = |time: Option<UnixTime>| time.map_or(0, |time| time.0);
    assert_eq!(
        Some(seconds(token.expires_at)),
        case["expires"].as_u64(),
        "{name}"
    );
    assert_eq!(
        Some(seconds(token.issued_at)),
        case["timestamp"].as_u64(),
        "{name}"
    );
    assert_eq!(
        Some(token.has_expired(UnixTime(1_700_000_000))),
        case["expired_at_1700000000"].as_bool(),
        "{name}"
    );
    let access = token.access.unwrap_or_default();
    for path in ["/valid", "/other"] {
        let here = token.path.as_deref().is_none_or(|named| named == path);
        assert_eq!(
            Some(here && access.download),
            case["can_download"][path].as_bool(),
            "{name} {path}"
        );
        assert_eq!(
            Some(here && access.upload),
            case["can_upload"][path].as_bool(),
            "{name} {path}"
        );
        assert_eq!(
            Some(here && access.manage),
            case["can_modify_schema"][path].as_bool(),
            "{name} {path}"
        );
    }
}

fn check_refusal(name: &str, reference: &str, verdict: Result<ClassicToken, TokenError>) {
    let ours: &[TokenError] = match reference {
        "invalid_signature" => &[
            TokenError::Signature,
            TokenError::Form,
            TokenError::Algorithm,
        ],
        "invalid_base64" => &[TokenError::Base64],
        "invalid_json" => &[TokenError::Claims],
        "invalid_jwt" => &[TokenError::Form],
        other => panic!("{name}: unknown verdict {other}"),
    };
    let error = verdict.expect_err(name);
    assert!(ours.contains(&error), "{name}: {error:?} for {reference}");
}
