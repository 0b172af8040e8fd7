use std::sync::OnceLock;

use rsa::rand_core::OsRng;

use super::*;
use crate::secret::Secret;

/// One key pair for all tests: making one takes a while.
pub fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(&mut OsRng).unwrap())
}

#[test]
fn a_key_pair_survives_its_pem_forms() {
    let (private, public) = (pair().private_pem().unwrap(), pair().public_pem().unwrap());
    let again = KeyPair::from_pems(&private, &public).unwrap();
    assert!(pair().public().verify(b"message", &again.sign(b"message")));
    assert!(!pair().public().verify(b"massage", &again.sign(b"message")));
    assert!(
        !PublicKey::from_pem(&public)
            .unwrap()
            .verify(b"message", b"")
    );
}

#[test]
fn keys_that_do_not_belong_together_are_refused() {
    let other = KeyPair::generate(&mut OsRng).unwrap().public_pem().unwrap();
    let private = pair().private_pem().unwrap();
    assert_eq!(
        KeyPair::from_pems(&private, &other).err(),
        Some(KeyError::Mismatch)
    );
    assert_eq!(
        KeyPair::from_pems(&Secret::new("x"), &other).err(),
        Some(KeyError::Private)
    );
    assert_eq!(
        KeyPair::from_pems(&private, "x").err(),
        Some(KeyError::Public)
    );
}

#[test]
fn a_short_key_is_refused() {
    let short = rsa::RsaPrivateKey::new(&mut OsRng, 1024).unwrap();
    let pem =
        rsa::pkcs8::EncodePrivateKey::to_pkcs8_pem(&short, rsa::pkcs8::LineEnding::LF).unwrap();
    assert_eq!(
        KeyPair::from_pem(&Secret::new(pem.as_str())).err(),
        Some(KeyError::Short(1024))
    );
}

#[test]
fn the_older_pem_forms_are_taken_too() {
    use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey, LineEnding};
    use rsa::pkcs8::DecodePrivateKey;
    let key = rsa::RsaPrivateKey::from_pkcs8_pem(pair().private_pem().unwrap().reveal()).unwrap();
    let private = Secret::new(key.to_pkcs1_pem(LineEnding::LF).unwrap().as_str());
    let public = key.to_public_key().to_pkcs1_pem(LineEnding::LF).unwrap();
    assert!(KeyPair::from_pems(&private, &public).is_ok());
}

#[test]
fn passwords_are_recognized_by_their_hash() {
    let password = Secret::new("secret-password");
    let hash = hash_password(&password, [7; 16]).unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert_ne!(hash, hash_password(&password, [8; 16]).unwrap());
    assert_eq!(verify_password(&password, Some(&hash)), Ok(true));
    assert_eq!(
        verify_password(&Secret::new("wrong"), Some(&hash)),
        Ok(false)
    );
    assert_eq!(verify_password(&password, None), Ok(false));
    assert!(verify_password(&password, Some("no hash")).is_err());
}

#[test]
fn parameters_of_an_older_hash_are_its_own() {
    use argon2::password_hash::{PasswordHasher, SaltString};
    use argon2::{Algorithm, Argon2, Params, Version};
    let older = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(64, 1, 1, None).unwrap(),
    );
    let hash = older
        .hash_password(b"x", &SaltString::encode_b64(&[7; 16]).unwrap())
        .unwrap()
        .to_string();
    assert_eq!(verify_password(&Secret::new("x"), Some(&hash)), Ok(true));
    assert_eq!(verify_password(&Secret::new("y"), Some(&hash)), Ok(false));
}

#[test]
fn nobody_can_print_a_key() {
    assert_eq!(format!("{:?}", pair().private_pem().unwrap()), "Secret(…)");
}
