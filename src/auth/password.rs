//! Passwords: Argon2id with the parameters that OWASP recommends. Hashing takes some 20 ms and 19 MiB; callers bound how many run at once.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

use crate::secret::Secret;

/// The hash of a password, in PHC form.
pub fn hash_password(password: &Secret) -> Option<Secret> {
    let salt = SaltString::generate(&mut rand_core::OsRng);
    let hash = Argon2::default()
        .hash_password(password.reveal().as_bytes(), &salt)
        .ok()?;
    Some(Secret::new(hash.to_string()))
}

/// Whether a password has this hash. Without a hash (there is no such user) it takes the same time and says no.
pub fn matches_password(password: &Secret, hash: Option<&Secret>) -> bool {
    let Some(hash) = hash else {
        hash_password(password);
        return false;
    };
    PasswordHash::new(hash.reveal()).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.reveal().as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_matches() {
        let hash = hash_password(&Secret::new("correct horse")).unwrap();
        assert!(matches_password(&Secret::new("correct horse"), Some(&hash)));
        assert!(!matches_password(&Secret::new("correct hors"), Some(&hash)));
        assert!(!matches_password(&Secret::new("correct horse"), None));
        assert!(!matches_password(
            &Secret::new("x"),
            Some(&Secret::new("no hash"))
        ));
        assert!(hash.reveal().starts_with("$argon2id$"));
    }
}
