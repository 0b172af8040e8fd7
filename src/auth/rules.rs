//! Which passwords somebody may choose: the rules of OWASP ASVS 5.0 (6.2). Long enough, not one that many have, not one's own name; any characters, in any composition.
//!
//! A password is taken as it comes: nothing is cut off, nothing put into another form. Those that are there already are not judged.

use std::ops::RangeInclusive;

use crate::limits::SHORTEST_PASSWORD;
use crate::secret::Secret;

/// What ASVS asks for 3,000 of; see the head of the file.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why nobody may choose a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is too short or too long.
    #[error("password must be between {0} and {max} characters", max = PasswordRules::LONGEST)]
    Length(usize),
    /// Many people have it.
    #[error("password is one of the most common ones")]
    Common,
    /// It is the name of its user.
    #[error("password must not be the name of the user")]
    Name,
}

/// How passwords are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    shortest: usize,
}

impl PasswordRules {
    /// Characters of a password, at most.
    pub const LONGEST: usize = 128;

    /// Rules with so many characters at least: one, and never more than [`SHORTEST_PASSWORD`].
    pub fn new(shortest: u32) -> PasswordRules {
        PasswordRules {
            shortest: shortest.clamp(1, SHORTEST_PASSWORD) as usize,
        }
    }

    /// How many characters a password may have.
    pub fn lengths(self) -> RangeInclusive<usize> {
        self.shortest..=PasswordRules::LONGEST
    }

    /// Lets a password through that somebody may choose; what it has to do with its user is another question.
    pub fn check(self, password: &Secret) -> Result<(), WeakPassword> {
        let password = password.reveal();
        if !self.lengths().contains(&password.chars().count()) {
            return Err(WeakPassword::Length(self.shortest));
        }
        let lower = password.to_lowercase();
        let is_common = COMMON.lines().any(|common| common == lower);
        (!is_common).then_some(()).ok_or(WeakPassword::Common)
    }

    /// Refuses a password that is the name of its user, or the part of it before an `@`.
    pub fn check_name(password: &Secret, name: &str) -> Result<(), WeakPassword> {
        let (password, name) = (password.reveal().to_lowercase(), name.to_lowercase());
        let before = name.rsplit_once('@').map(|(before, _)| before);
        let is_name = password == name || before == Some(&*password);
        (!is_name).then_some(()).ok_or(WeakPassword::Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(shortest: u32, password: &str) -> Result<(), WeakPassword> {
        PasswordRules::new(shortest).check(&Secret::new(password))
    }

    #[test]
    fn passwords_are_long_enough_and_not_everybodys() {
        use WeakPassword::{Common, Length};
        for (shortest, password, verdict) in [
            (8, "1234567", Err(Length(8))),
            (8, "12345678", Err(Common)),
            (8, "Password1", Err(Common)),
            (8, "QwertyUiop", Err(Common)),
            (8, "zzzzzzzz", Err(Common)),
            (8, "!QAZ2wsx", Err(Common)),
            (8, "correct horse", Ok(())),
            // No composition is asked for, and every character counts as one.
            (8, "qpwnxkdh", Ok(())),
            (8, "        ", Ok(())),
            (8, "пароль密码", Ok(())),
            (8, "🦀🦀🦀🦀🦀🦀🦀", Err(Length(8))),
            (8, "🦀🦀🦀🦀🦀🦀🦀🦀", Ok(())),
            (6, "123456", Err(Common)),
            (6, "dragon", Err(Common)),
            (6, "48-Zwx", Ok(())),
            // Numbers for a door, where the operator wants them.
            (4, "0815", Ok(())),
            (4, "815", Err(Length(4))),
            (0, "", Err(Length(1))),
        ] {
            assert_eq!(judged(shortest, password), verdict, "{password}");
        }
    }

    #[test]
    fn long_passwords_are_taken_up_to_a_bound() {
        for (length, taken) in [(64, true), (128, true), (129, false), (100_000, false)] {
            assert_eq!(judged(8, &"é".repeat(length)).is_ok(), taken, "{length}");
        }
        // Whatever the configuration says, 64 characters are enough.
        assert_eq!(judged(1000, &"é".repeat(64)), Ok(()));
    }

    #[test]
    fn a_name_is_no_password() {
        let judged = |password, name| PasswordRules::check_name(&Secret::new(password), name);
        for (password, name, taken) in [
            ("ada@example.org", "ada@example.org", false),
            ("Ada.Lovelace", "ada.lovelace@example.org", false),
            ("ada.lovelace", "Ada.Lovelace", false),
            ("ada.lovelace1", "ada.lovelace", true),
            ("example.org", "ada@example.org", true),
        ] {
            assert_eq!(judged(password, name).is_ok(), taken, "{password} {name}");
        }
    }

    #[test]
    fn the_list_has_what_the_standard_asks_for() {
        let words: Vec<&str> = COMMON
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let long = words.iter().filter(|word| word.chars().count() >= 8);
        assert!(long.count() >= 3000);
        assert!(words.is_sorted());
        assert!(words.iter().all(|word| **word == word.to_lowercase()));
    }
}
