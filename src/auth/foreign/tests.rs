use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

use super::*;
use crate::auth::tests::pair;
use crate::auth::{Expected, ForeignTokenError as Error};
use crate::ident::UnixTime;

const NOW: UnixTime = UnixTime(1_000_000);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn token(header: Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Secret {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = BASE64.encode(sign(signed.as_bytes()));
    Secret::new(format!("{signed}.{signature}"))
}

fn hmac_of(secret: &str) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

fn good() -> Value {
    json!({ "sub": "ada", "aud": ["other", "x"], "iss": "https://issuer", "exp": NOW.0 + 60, "nbf": NOW.0 })
}

const AUDIENCES: &[&str] = &["x"];

fn claims(keys: &ForeignKeys, token: &Secret) -> Result<Value, Error> {
    let audiences: Vec<String> = AUDIENCES.iter().map(|one| (*one).to_owned()).collect();
    let expected = Expected {
        audiences: &audiences,
        issuers: &["https://other", "https://issuer"],
    };
    keys.claims(token, expected, NOW).map(Value::Object)
}

fn keys_of(text: &str) -> ForeignKeys {
    let mut keys = ForeignKeys::default();
    keys.add(text).unwrap();
    keys
}

fn shared(secret: &str) -> ForeignKeys {
    let mut keys = ForeignKeys::default();
    keys.add_secret(secret).unwrap();
    keys
}

fn elliptic(algorithm: &'static EcdsaSigningAlgorithm) -> (EcdsaKeyPair, Vec<u8>) {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref().to_vec();
    (pair, point)
}

/// An algorithm, a key as issuers publish it, and what signs with it.
type Kind = (&'static str, String, Box<dyn Fn(&[u8]) -> Vec<u8>>);

/// Each kind of key, as issuers publish it, with what signs as its issuer does.
fn each_kind() -> Vec<Kind> {
    let jwk = |crv: &str, kty: &str, x: &[u8], y: &[u8]| {
        let mut key =
            json!({ "kty": kty, "crv": crv, "x": BASE64.encode(x), "use": "sig", "kid": "k1" });
        if !y.is_empty() {
            key["y"] = BASE64.encode(y).into();
        }
        json!({ "keys": [{ "kty": "oct", "k": "AAAA" }, { "kty": "new" }, 7, key] }).to_string()
    };
    let (p256, p256_point) = elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let (p384, p384_point) = elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING);
    let seed = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let ed = seed.public_key().as_ref().to_vec();
    let elliptic_signer = |pair: EcdsaKeyPair| {
        move |message: &[u8]| {
            let signature = pair.sign(&SystemRandom::new(), message);
            signature.unwrap().as_ref().to_vec()
        }
    };
    let rsa = |message: &[u8]| pair().sign(message);
    let rsa_pem = pair().public_pem().unwrap();
    let public = {
        use rsa::pkcs8::DecodePublicKey;
        RsaPublicKey::from_public_key_pem(&rsa_pem).unwrap()
    };
    let older = {
        use rsa::pkcs1::{EncodeRsaPublicKey, LineEnding};
        public.to_pkcs1_pem(LineEnding::LF).unwrap()
    };
    let rsa_jwk = json!({
        "kty": "RSA", "n": BASE64.encode(public.n().to_bytes_be()), "e": BASE64.encode(public.e().to_bytes_be()),
    });
    let zero_before = |number: Vec<u8>| BASE64.encode([&[0], &number[..]].concat());
    let rsa_jwk_with_zeros = json!({
        "kty": "RSA", "n": zero_before(public.n().to_bytes_be()), "e": zero_before(public.e().to_bytes_be()),
    });
    vec![
        ("RS256", rsa_jwk_with_zeros.to_string(), Box::new(rsa)),
        ("RS256", format!("# a comment\n{rsa_pem}"), Box::new(rsa)),
        ("RS256", older, Box::new(rsa)),
        ("RS256", rsa_jwk.to_string(), Box::new(rsa)),
        (
            "ES256",
            jwk("P-256", "EC", &p256_point[1..33], &p256_point[33..]),
            Box::new(elliptic_signer(p256)),
        ),
        (
            "ES384",
            jwk("P-384", "EC", &p384_point[1..49], &p384_point[49..]),
            Box::new(elliptic_signer(p384)),
        ),
        (
            "EdDSA",
            jwk("Ed25519", "OKP", &ed, &[]),
            Box::new(move |message| seed.sign(message).as_ref().to_vec()),
        ),
    ]
}

#[test]
fn every_kind_of_key_verifies_what_its_issuer_has_signed_and_nothing_else() {
    let kinds = each_kind();
    for (number, (algorithm, text, sign)) in kinds.iter().enumerate() {
        let keys = keys_of(text);
        let header = json!({ "alg": algorithm, "kid": "unknown" });
        let right = token(header.clone(), &good(), sign);
        assert_eq!(claims(&keys, &right), Ok(good()), "{number}");
        let forged = token(header, &good(), |message| {
            let mut signature = sign(message);
            signature[5] ^= 1;
            signature
        });
        assert_eq!(claims(&keys, &forged), Err(Error::Signature), "{number}");
        for other in [
            "none", "HS256", "RS384", "ES256", "ES384", "EdDSA", "rs256", "",
        ] {
            if other != *algorithm {
                let token = token(json!({ "alg": other }), &good(), sign);
                assert_eq!(
                    claims(&keys, &token),
                    Err(Error::Signature),
                    "{number} {other}"
                );
            }
        }
        // What everybody knows is no secret.
        let confused = token(json!({ "alg": "HS256" }), &good(), hmac_of(text));
        assert_eq!(claims(&keys, &confused), Err(Error::Signature), "{number}");
    }
    let right = token(json!({ "alg": "HS256" }), &good(), hmac_of(SECRET));
    assert_eq!(claims(&shared(SECRET), &right), Ok(good()));
    let other = token(json!({ "alg": "HS256" }), &good(), hmac_of("x"));
    assert_eq!(claims(&shared(SECRET), &other), Err(Error::Signature));
    assert_eq!(
        claims(&ForeignKeys::default(), &right),
        Err(Error::Signature)
    );
}

#[test]
fn keys_in_pem_are_found_among_others_and_in_certificates() {
    let issuer = rcgen::KeyPair::generate().unwrap(); // P-256
    let certificate = rcgen::CertificateParams::new(vec!["issuer".into()]).unwrap();
    let certificate = certificate.self_signed(&issuer).unwrap().pem();
    let ring = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &issuer.serialize_der(),
        &SystemRandom::new(),
    )
    .unwrap();
    let both = format!("{}\n{certificate}", pair().public_pem().unwrap());
    for text in [both, issuer.public_key_pem()] {
        let right = token(json!({ "alg": "ES256" }), &good(), |message| {
            let signature = ring.sign(&SystemRandom::new(), message);
            signature.unwrap().as_ref().to_vec()
        });
        assert_eq!(claims(&keys_of(&text), &right), Ok(good()));
    }
}

#[test]
fn a_key_that_a_token_names_is_the_only_one_that_is_tried() {
    let (_, text, sign) = each_kind().swap_remove(4);
    let mut keys = keys_of(&text);
    keys.add(&pair().public_pem().unwrap()).unwrap();
    let named = |kid: Value, algorithm: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let token = token(json!({ "alg": algorithm, "kid": kid }), &good(), sign);
        claims(&keys, &token).is_ok()
    };
    let rsa = |message: &[u8]| pair().sign(message);
    assert!(named("k1".into(), "ES256", &sign) && named("k2".into(), "RS256", &rsa));
    assert!(named(Value::Null, "RS256", &rsa));
    assert!(!named("k1".into(), "RS256", &rsa));
}

#[test]
fn what_is_no_key_or_too_weak_is_refused() {
    let refused = |text: &str| ForeignKeys::default().add(text).err();
    let private = pair().private_pem().unwrap();
    let half = &pair().public_pem().unwrap()[..200];
    for text in [
        "",
        "hello",
        "{}",
        "{\"keys\":[]}",
        "{\"keys\":7}",
        private.reveal(),
        half,
        "-----BEGIN PUBLIC KEY-----",
    ] {
        assert_eq!(refused(text), Some(KeyError::Foreign), "{text}");
    }
    let weak = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
    let weak = weak.to_public_key();
    let pem = rsa::pkcs8::EncodePublicKey::to_public_key_pem(&weak, rsa::pkcs8::LineEnding::LF);
    assert_eq!(refused(&pem.unwrap()), Some(KeyError::Short(1024)));
    let jwk = json!({ "kty": "RSA", "n": BASE64.encode(weak.n().to_bytes_be()), "e": "AQAB" });
    assert_eq!(refused(&jwk.to_string()), Some(KeyError::Short(1024)));
    let byte = BASE64.encode([1; 31]);
    for (kty, crv) in [("EC", "P-256"), ("EC", "P-384"), ("OKP", "Ed25519")] {
        let half = json!({ "kty": kty, "crv": crv, "x": byte, "y": byte }).to_string();
        assert_eq!(refused(&half), Some(KeyError::Foreign), "{crv}");
    }
    let short = ForeignKeys::default().add_secret("short");
    assert_eq!(short.err(), Some(KeyError::ShortSecret(5)));
}

#[test]
fn a_token_says_what_it_must() {
    let keys = shared(SECRET);
    let told = |change: &dyn Fn(&mut Value)| {
        let mut said = good();
        change(&mut said);
        let token = token(json!({ "alg": "HS256" }), &said, hmac_of(SECRET));
        claims(&keys, &token).err()
    };
    let with = |name: &'static str, value: Value| told(&move |said| said[name] = value.clone());
    let without = |name: &'static str| {
        told(&move |said| {
            said.as_object_mut().unwrap().remove(name);
        })
    };
    assert_eq!(without("exp"), Some(Error::NoEnd));
    assert_eq!(with("exp", "soon".into()), Some(Error::NoEnd));
    assert_eq!(with("exp", (NOW.0 - 60).into()), None, "clocks differ");
    assert_eq!(with("exp", (NOW.0 - 61).into()), Some(Error::Expired));
    assert_eq!(with("exp", json!(1e300)), None);
    assert_eq!(with("exp", json!(-5)), Some(Error::NoEnd));
    assert_eq!(with("nbf", (NOW.0 + 61).into()), Some(Error::NotYet));
    assert_eq!(without("nbf"), None);
    assert_eq!(with("aud", "x".into()), None);
    assert_eq!(with("aud", "y".into()), Some(Error::Audience));
    assert_eq!(with("aud", json!([7])), Some(Error::Audience));
    assert_eq!(without("aud"), Some(Error::Audience));
    assert_eq!(with("iss", "https://issuer/".into()), Some(Error::Issuer));
    assert_eq!(without("iss"), Some(Error::Issuer));
    for form in ["", ".", "..", "a.b.c", "x", "e30.e30.e30"] {
        let told = claims(&keys, &Secret::new(form));
        assert_eq!(told, Err(Error::Form), "{form}");
    }
    let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
    let critical = token(critical, &good(), hmac_of(SECRET));
    assert_eq!(claims(&keys, &critical), Err(Error::Critical));
    let list = token(json!({ "alg": "HS256" }), &json!([1]), hmac_of(SECRET));
    assert_eq!(claims(&keys, &list), Err(Error::Form));
}
