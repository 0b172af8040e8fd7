//! Salts of client files: what a device shows with its ident, so that nobody else goes on with its file.

use sha2::{Digest, Sha256};

use crate::ident::{Salt, UserId};

/// What a user's device is told as the salt of a client file, and shows from then on: it is made of the file's own salt and the user, so that somebody else who learns it can do
/// nothing with it. The two names of the server's own token are one user.
pub fn salt_for(user: &UserId, own: Salt) -> Salt {
    let user = match &*user.0 {
        "__auth" => "__admin",
        user => user,
    };
    let digest = Sha256::new()
        .chain_update(own.0.to_le_bytes())
        .chain_update(user)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Salt((u64::from_le_bytes(first) >> 1).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_that_of_one_user_and_fits_the_protocol() {
        let user = |name: &str| UserId(name.into());
        let own = Salt(7);
        assert_eq!(salt_for(&user("ada"), own), salt_for(&user("ada"), own));
        assert_ne!(salt_for(&user("ada"), own), salt_for(&user("bob"), own));
        assert_ne!(salt_for(&user("ada"), own), salt_for(&user("ada"), Salt(8)));
        assert_ne!(salt_for(&user("ada"), own), own);
        assert_eq!(
            salt_for(&user("__auth"), own),
            salt_for(&user("__admin"), own)
        );
        for number in 0..1000 {
            let salt = salt_for(&user("ada"), Salt(number));
            assert!(salt.0 >= 1 && salt.0 < 1 << 63);
        }
    }
}
