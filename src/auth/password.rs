//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane). What was imported is PBKDF2, until its user signs in.
//!
//! Hashing takes tens of milliseconds and 19 MiB: call it on a thread that may block, few at a time.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use super::Pbkdf2;
use crate::secret::Secret;

/// A random salt.
pub type PasswordSalt = [u8; 16];

/// Why a password could not be hashed or compared; never the password's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("password hash: {0}")]
pub struct PasswordError(String);

/// The hash of a password as text that also says how it was made (PHC form).
pub fn hash_password(password: &Secret, salt: PasswordSalt) -> Result<String, PasswordError> {
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = hasher()?
        .hash_password(password.reveal().as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed. Without a hash, the same work is done and the answer is no: who listens to the time cannot
/// tell whether there is such a user. A hash that was imported takes the work of both.
pub fn verify_password(password: &Secret, hash: Option<&str>) -> Result<bool, PasswordError> {
    if let Some(imported) = hash.filter(|hash| Pbkdf2::is(hash)) {
        let imported =
            Pbkdf2::parse(imported).ok_or_else(|| PasswordError("malformed PBKDF2".to_owned()))?;
        let right = imported.verify(password);
        hash_password(password, PasswordSalt::default())?;
        return Ok(right);
    }
    let Some(hash) = hash else {
        hash_password(password, PasswordSalt::default())?;
        return Ok(false);
    };
    let parsed = PasswordHash::new(hash).map_err(failed)?;
    match hasher()?.verify_password(password.reveal().as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params =
        Params::new(19 * 1024, 2, 1, None).map_err(|error| PasswordError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: argon2::password_hash::Error) -> PasswordError {
    PasswordError(error.to_string())
}
