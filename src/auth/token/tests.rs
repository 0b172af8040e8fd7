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
        user_data: None,
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
        (r#"{}"#, false),
        (
            r#"{"identity":"root","admin":true,"isAdmin":true,"is_admin":true}"#,
            false,
        ),
        (
            r#"{"identity":"root","access":["upload","download","manage"]}"#,
            false,
        ),
        (r#"{"identity":"_admin"}"#, false),
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
fn names_of_the_server_and_of_everybody_are_nobodys() {
    for claims in [
        r#"{"identity":"__admin","path":"/a"}"#,
        r#"{"identity":"__auth","path":"/__auth/__management","access":["upload"]}"#,
        r#"{"identity":"__ADMIN"}"#,
        r#"{"identity":"__admin "}"#,
        r#"{"identity":"__joe","access":["refresh"]}"#,
        r#"{"sub":"__joe","path":"/a","access":["download"]}"#,
        r#"{"identity":"\u005f\u005fjoe"}"#,
        r#"{"identity":"__"}"#,
        r#"{"identity":"*"}"#,
    ] {
        let token = classic(claims);
        assert_eq!(
            ClassicToken::verify(&token, pair().public()),
            Err(TokenError::Nobody),
            "{claims}"
        );
        let seen = crate::auth::Inspection::of(&token, Some(pair().public()), UnixTime(0));
        assert_eq!(seen.refused, Some(TokenError::Nobody), "{claims}");
    }
    for user in ["__admin", "__joe", "*"] {
        let token = AppToken {
            user: UserId(user.into()),
            ..app_token()
        };
        let refused = verify(&token.sign(pair()), TokenKind::Access, 2000);
        assert_eq!(refused, Err(TokenError::Nobody), "{user}");
    }
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

/// The rows of a table of forged tokens: each says who would be let in by a careless server.
mod attacks {
    use std::sync::OnceLock;

    use rsa::rand_core::OsRng;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::auth::{KeyRing, Verifier};

    const ADMIN: &str = r#"{"identity":"__admin","access":["upload","download","manage"]}"#;

    /// Somebody else's key pair.
    fn foreign() -> &'static KeyPair {
        static PAIR: OnceLock<KeyPair> = OnceLock::new();
        PAIR.get_or_init(|| KeyPair::generate(&mut OsRng).unwrap())
    }

    fn ours() -> KeyPair {
        KeyPair::from_pem(&pair().private_pem().unwrap()).unwrap()
    }

    fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0; 64];
        match key.len() {
            0..=64 => block[..key.len()].copy_from_slice(key),
            _ => block[..32].copy_from_slice(&Sha256::digest(key)),
        }
        let pad = |with: u8| block.map(|byte| byte ^ with);
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message);
        let outer = Sha256::new().chain_update(pad(0x5c));
        outer.chain_update(inner.finalize()).finalize().to_vec()
    }

    fn with_signature(header: &str, claims: &str, signature: impl Fn(&[u8]) -> Vec<u8>) -> Secret {
        let signed = format!(
            "{}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(header),
            BASE64_URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature(signed.as_bytes()));
        Secret::new(format!("{signed}.{signature}"))
    }

    #[test]
    fn a_public_key_is_no_password() {
        // RFC 4231, test case 2: the sum itself is right.
        let known = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(known[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        let pem = pair().public_pem().unwrap();
        for secret in [pem.as_bytes(), pem.trim().as_bytes(), b""] {
            let mac = |message: &[u8]| hmac_sha256(secret, message);
            let verdict = |header| {
                let token = with_signature(header, ADMIN, mac);
                ClassicToken::verify(&token, pair().public())
            };
            assert_eq!(verdict(r#"{"alg":"HS256"}"#), Err(TokenError::Algorithm));
            assert_eq!(verdict(HEADER), Err(TokenError::Signature));
        }
    }

    #[test]
    fn a_header_brings_no_key_and_no_algorithm() {
        let key = foreign().public().id();
        let sign = |message: &[u8]| foreign().sign(message);
        for (header, refused) in [
            (HEADER.to_owned(), TokenError::Signature),
            (
                format!(r#"{{"alg":"RS256","kid":"{key}"}}"#),
                TokenError::Signature,
            ),
            (
                format!(r#"{{"alg":"RS256","kid":"{}"}}"#, pair().public().id()),
                TokenError::Signature,
            ),
            (
                r#"{"alg":"RS256","kid":"../../dev/null"}"#.to_owned(),
                TokenError::Signature,
            ),
            (
                r#"{"alg":"RS256","kid":["a"],"jku":"http://127.0.0.1:1/keys"}"#.to_owned(),
                TokenError::Signature,
            ),
            (
                r#"{"alg":"RS256","jwk":{"kty":"RSA","e":"AQAB","n":"AA"}}"#.to_owned(),
                TokenError::Signature,
            ),
            (r#"{"alg":"none"}"#.to_owned(), TokenError::Algorithm),
            (r#"{"alg":"None"}"#.to_owned(), TokenError::Algorithm),
            (r#"{"alg":"rs256"}"#.to_owned(), TokenError::Algorithm),
            (r#"{"alg":"PS256"}"#.to_owned(), TokenError::Algorithm),
            (r#"{"alg":["RS256"]}"#.to_owned(), TokenError::Algorithm),
        ] {
            let token = with_signature(&header, ADMIN, sign);
            let ring = KeyRing::from(ours());
            assert_eq!(
                ClassicToken::verify(&token, &ring),
                Err(refused),
                "{header}"
            );
        }
    }

    #[test]
    fn no_signature_is_none() {
        let (header, claims) = (
            BASE64_URL_SAFE_NO_PAD.encode(HEADER),
            BASE64_URL_SAFE_NO_PAD.encode(ADMIN),
        );
        let classic = BASE64_STANDARD.encode(ADMIN);
        let zeros = BASE64_URL_SAFE_NO_PAD.encode([0; 256]);
        for token in [
            format!("{header}.{claims}."),
            format!("{header}.{claims}.{zeros}"),
            format!("{header}.{claims}"),
            format!("{classic}:"),
            format!("{classic}:{zeros}"),
            format!("{classic}:{classic}"),
        ] {
            let verdict = ClassicToken::verify(&Secret::new(token.as_str()), pair().public());
            assert!(verdict.is_err(), "{token}");
        }
    }

    #[test]
    fn a_signature_is_for_one_form() {
        // The signature of a JWT over other claims, and the reverse: the bytes that are signed differ.
        let token = jwt(pair(), HEADER, ADMIN);
        let mut parts = token.reveal().split('.');
        let (header, claims, signature) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let moved = Secret::new(format!("{claims}:{signature}"));
        assert_eq!(
            ClassicToken::verify(&moved, pair().public()),
            Err(TokenError::Signature)
        );
        let token = ClassicToken::admin(pair());
        let (claims, signature) = token.reveal().split_once(':').unwrap();
        let moved = Secret::new(format!(
            "{header}.{}.{signature}",
            claims.trim_end_matches('=')
        ));
        assert_eq!(
            ClassicToken::verify(&moved, pair().public()),
            Err(TokenError::Signature)
        );
    }

    #[test]
    fn keys_change_and_tokens_go_on_until_the_old_key_is_taken_out() {
        let old = app_token().sign(foreign());
        let classic = ClassicToken::admin(foreign());
        let key = foreign().public().clone();
        let ring = KeyRing::new(ours(), vec![key]);
        let now = UnixTime(2000);
        assert!(AppToken::verify(&old, TokenKind::Access, &ring, now).is_ok());
        assert!(ClassicToken::verify(&classic, &ring).is_ok());
        let made = app_token().sign(ring.signing());
        assert!(AppToken::verify(&made, TokenKind::Access, &ring, now).is_ok());
        // What is made now is the new key's.
        assert!(AppToken::verify(&made, TokenKind::Access, pair().public(), now).is_ok());

        let without = KeyRing::from(ours());
        let verdict = AppToken::verify(&old, TokenKind::Access, &without, now);
        assert_eq!(verdict, Err(TokenError::Signature));
        assert_eq!(
            ClassicToken::verify(&classic, &without),
            Err(TokenError::Signature)
        );
    }

    #[test]
    fn a_key_that_is_named_is_the_one_that_is_tried() {
        let ring = KeyRing::new(ours(), vec![foreign().public().clone()]);
        let signature = foreign().sign(b"message");
        let by = |hint| ring.verified_by(hint, b"message", &signature).is_some();
        assert!(by(Some(foreign().public().id())) && by(None) && by(Some("nobody's")));
        assert!(!by(Some(pair().public().id())));
    }
}

mod inspected {
    use super::*;
    use crate::auth::{Form, Inspection};

    #[test]
    fn each_kind_of_token_is_known_by_what_it_says() {
        let access = app_token();
        let refresh = AppToken {
            kind: TokenKind::Refresh,
            ..app_token()
        };
        let of_user = classic(r#"{"identity":"ada","expires":3000}"#);
        let of_realm = classic(r#"{"identity":"ada","access":["download"],"path":"/ada/a"}"#);
        let gets_others = classic(r#"{"identity":"ada","access":["refresh"]}"#);
        for (token, kind, form, end) in [
            (access.sign(pair()), "app access", Form::Jwt, Some(2800)),
            (refresh.sign(pair()), "app refresh", Form::Jwt, Some(2800)),
            (ClassicToken::admin(pair()), "admin", Form::Classic, None),
            (of_user, "user", Form::Classic, Some(3000)),
            (of_realm, "access", Form::Classic, None),
            (gets_others, "refresh", Form::Classic, None),
        ] {
            let found = Inspection::of(&token, Some(pair().public()), UnixTime(2000));
            assert_eq!((found.kind, found.form), (Some(kind), Some(form)));
            assert_eq!((found.refused, found.expires_at), (None, end.map(UnixTime)));
            assert_eq!(found.signed_by.as_deref(), Some(pair().public().id()));
            let later = Inspection::of(&token, None, UnixTime(4000));
            assert_eq!(later.refused, end.map(|_| TokenError::Expired), "{kind}");
            assert_eq!((later.claims, later.signed_by), (found.claims, None));
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_what_can_be_read_is_shown() {
        let forged = classic(r#"{"identity":"__admin"}"#);
        let forged = Secret::new(format!(
            "{}AAA=",
            &forged.reveal()[..forged.reveal().len() - 4]
        ));
        for (token, refused) in [
            (Secret::new(""), TokenError::Form),
            (Secret::new("a"), TokenError::Form),
            (Secret::new("?:?"), TokenError::Base64),
            (
                jwt(pair(), r#"{"alg":"none"}"#, "{}"),
                TokenError::Algorithm,
            ),
            (jwt(pair(), HEADER, "7"), TokenError::Claims),
            (forged, TokenError::Signature),
        ] {
            let found = Inspection::of(&token, Some(pair().public()), UnixTime(0));
            assert_eq!(found.refused, Some(refused), "{found:?}");
        }
        let token = jwt(pair(), r#"{"alg":"none"}"#, r#"{"identity":"ada"}"#);
        let found = Inspection::of(&token, Some(pair().public()), UnixTime(0));
        assert_eq!(
            (&found.header["alg"], &found.claims["identity"]),
            (&"none".into(), &"ada".into())
        );
    }
}
