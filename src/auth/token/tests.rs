use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::*;
use crate::auth::KeyPair;
use crate::auth::tests::pair;
use crate::ident::{AppId, LoginId, UnixTime, UserId};
use crate::secret::Secret;

fn app_token() -> AppToken {
    AppToken {
        kind: TokenKind::Access,
        app: AppId::parse("myapp").unwrap(),
        user: UserId("e130d5efbf44f5c7c6350ba0".into()),
        login: LoginId("071f3ab557278bf24ecdd46c".into()),
        device: "d9fb6ab77b5772514a141746".to_owned(),
        domain: "5f0000000000000000000000".to_owned(),
        issued_at: UnixTime(1000),
        expires_at: UnixTime(2800),
    }
}

fn verify(token: &Secret, kind: TokenKind, now: u64) -> Result<AppToken, TokenError> {
    AppToken::verify(token, kind, pair().public(), UnixTime(now))
}

/// A JWT with this header and these claims, signed properly.
fn jwt(keys: &KeyPair, header: &str, claims: &str) -> Secret {
    let signed = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header),
        BASE64_URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = BASE64_URL_SAFE_NO_PAD.encode(keys.sign(signed.as_bytes()));
    Secret::new(format!("{signed}.{signature}"))
}

fn classic(claims: &str) -> Secret {
    let signature = BASE64_STANDARD.encode(pair().sign(claims.as_bytes()));
    Secret::new(format!("{}:{signature}", BASE64_STANDARD.encode(claims)))
}

#[test]
fn app_tokens_come_back_as_they_were_signed() {
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        let token = AppToken {
            kind,
            ..app_token()
        };
        assert_eq!(verify(&token.sign(pair()), kind, 2800), Ok(token));
    }
}

#[test]
fn clients_find_integers_in_the_middle_part() {
    let token = app_token().sign(pair());
    let middle = token.reveal().split('.').nth(1).unwrap();
    let claims: serde_json::Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap();
    assert_eq!(
        (claims["exp"].as_u64(), claims["iat"].as_u64()),
        (Some(2800), Some(1000))
    );
    assert_eq!(
        (claims["typ"].as_str(), claims["baas_device_id"].as_str()),
        (Some("access"), Some("d9fb6ab77b5772514a141746"))
    );
}

#[test]
fn app_tokens_are_refused_for_the_right_reason() {
    let token = app_token().sign(pair());
    assert_eq!(
        verify(&token, TokenKind::Access, 2801),
        Err(TokenError::Expired)
    );
    assert_eq!(
        verify(&token, TokenKind::Refresh, 2000),
        Err(TokenError::Kind)
    );
    assert_eq!(
        verify(&ClassicToken::admin(pair()), TokenKind::Access, 0),
        Err(TokenError::Form)
    );
    for text in ["", ".", "..", "a", "a.b", "a:b.c"] {
        assert!(
            verify(&Secret::new(text), TokenKind::Access, 0).is_err(),
            "{text:?}"
        );
    }
    let foreign = jwt(
        pair(),
        HEADER,
        r#"{"sub":"u1","exp":1800000000,"iat":1,"path":"/a","access":["download"]}"#,
    );
    assert_eq!(
        verify(&foreign, TokenKind::Access, 0),
        Err(TokenError::Claims)
    );
}

#[test]
fn a_change_of_any_byte_is_noticed() {
    let token = app_token().sign(pair());
    for at in 0..token.reveal().len() {
        let mut bytes = token.reveal().as_bytes().to_vec();
        // Two steps in the alphabet: the last digit of a part may carry bits that do not count.
        bytes[at] = if bytes[at] == b'Q' { b'B' } else { b'Q' };
        let changed = Secret::new(String::from_utf8(bytes).unwrap());
        assert!(
            verify(&changed, TokenKind::Access, 2000).is_err(),
            "byte {at}"
        );
    }
}

const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

#[test]
fn only_rs256_is_taken_whatever_else_is_signed_well() {
    let claims = r#"{"identity":"__admin"}"#;
    assert!(ClassicToken::verify(&jwt(pair(), HEADER, claims), pair().public()).is_ok());
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"RS512"}"#,
        r#"{"alg":null}"#,
        "{}",
        "",
        "RS256",
    ] {
        let token = jwt(pair(), header, claims);
        assert_eq!(
            ClassicToken::verify(&token, pair().public()),
            Err(TokenError::Algorithm),
            "{header}"
        );
    }
}

#[test]
fn a_token_of_an_app_opens_no_classic_door() {
    let token = app_token().sign(pair());
    assert_eq!(
        ClassicToken::verify(&token, pair().public()),
        Err(TokenError::Kind)
    );
}

#[test]
fn who_is_admin_depends_on_nothing_but_path_and_identity() {
    for (claims, admin) in [
        (r#"{"identity":"__admin"}"#, true),
        (
            r#"{"identity":"__auth","access":["upload","download","manage"]}"#,
            true,
        ),
        (r#"{"sub":"__admin"}"#, true),
        (r#"{"identity":"__admin","path":"/a"}"#, false),
        (r#"{}"#, false),
        (
            r#"{"identity":"root","admin":true,"isAdmin":true,"is_admin":true}"#,
            false,
        ),
        (
            r#"{"identity":"root","access":["upload","download","manage"]}"#,
            false,
        ),
        (r#"{"identity":"__ADMIN"}"#, false),
    ] {
        let token = ClassicToken::verify(&classic(claims), pair().public()).unwrap();
        assert_eq!(token.is_admin(), admin, "{claims}");
    }
    assert!(
        ClassicToken::verify(&ClassicToken::admin(pair()), pair().public())
            .unwrap()
            .is_admin()
    );
}

#[test]
fn times_are_numbers_or_nothing() {
    let expiry = |claims: &str| {
        ClassicToken::verify(&classic(claims), pair().public()).map(|token| token.expires_at)
    };
    for (claims, end) in [
        (r#"{}"#, None),
        (r#"{"expires":null}"#, None),
        (r#"{"expires":0}"#, None),
        (r#"{"expires":1500000000}"#, Some(UnixTime(1_500_000_000))),
        (r#"{"exp":1500000000.9}"#, Some(UnixTime(1_500_000_000))),
        (r#"{"exp":-5}"#, Some(UnixTime(1))),
        (r#"{"exp":1e300}"#, Some(UnixTime(u64::MAX))),
    ] {
        assert_eq!(expiry(claims), Ok(end), "{claims}");
    }
    for claims in [
        r#"{"expires":"never"}"#,
        r#"{"expires":true}"#,
        r#"{"identity":7}"#,
        r#"["identity"]"#,
        "7",
        "",
    ] {
        assert_eq!(expiry(claims), Err(TokenError::Claims), "{claims}");
    }
}

#[test]
fn an_array_is_no_set_of_claims() {
    let token = classic(r#"["__admin",null,null,null,null,null,null,null,null]"#);
    assert_eq!(
        ClassicToken::verify(&token, pair().public()),
        Err(TokenError::Claims)
    );
}
