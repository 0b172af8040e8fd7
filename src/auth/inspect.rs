//! What a token says, and whether it would be believed: for operators, who see neither in a row of digits.

use serde_json::Value;

use super::Verifier;
use super::token::{AppToken, ClassicToken, Parts, TokenError, TokenKind};
use crate::ident::UnixTime;
use crate::secret::Secret;

/// The form in which a token travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Three parts with dots between them.
    Jwt,
    /// Two parts with a colon between them.
    Classic,
}

/// A token taken apart. Claims are no secret: without the signature they open nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Its form; `None` if it has none of the two.
    pub form: Option<Form>,
    /// The header of a JWT; null if there is none, or it is no JSON.
    pub header: Value,
    /// The claims; null if they are no JSON.
    pub claims: Value,
    /// What it is for, by what it says: `app access`, `app refresh`, `admin`, `refresh`, `access`, `user`; `None` if its claims cannot be read.
    pub kind: Option<&'static str>,
    /// When it was made, if it says so.
    pub issued_at: Option<UnixTime>,
    /// When it ends; `None` is never.
    pub expires_at: Option<UnixTime>,
    /// The id of the key that has signed it, if one of the given has.
    pub signed_by: Option<String>,
    /// Why it is refused whatever else holds: its form, its signature, its time.
    pub refused: Option<TokenError>,
}

impl Inspection {
    /// Looks at a token. Without keys nothing is said of its signature.
    pub fn of(token: &Secret, keys: Option<&dyn Verifier>, now: UnixTime) -> Inspection {
        let mut found = Inspection {
            form: None,
            header: Value::Null,
            claims: Value::Null,
            kind: None,
            issued_at: None,
            expires_at: None,
            signed_by: None,
            refused: None,
        };
        if let Err(refused) = found.look(token, keys, now) {
            found.refused = Some(refused);
        }
        found
    }

    fn look(
        &mut self,
        token: &Secret,
        keys: Option<&dyn Verifier>,
        now: UnixTime,
    ) -> Result<(), TokenError> {
        let parts = Parts::of(token.reveal())?;
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        self.form = Some(match &parts.header {
            Some(header) => {
                self.header = json(header);
                Form::Jwt
            }
            None => Form::Classic,
        });
        self.claims = json(&parts.claims);
        let read = self.times(&parts.claims);
        // The signature first: of a token that somebody else has made, nothing else matters.
        if let Some(keys) = keys {
            self.signed_by = Some(parts.verified_by(keys)?.to_owned());
        }
        read?;
        match self.expires_at {
            Some(end) if now > end => Err(TokenError::Expired),
            Some(_) | None => Ok(()),
        }
    }

    fn times(&mut self, claims: &[u8]) -> Result<(), TokenError> {
        if let Ok(token) = AppToken::read(claims) {
            self.kind = Some(match token.kind {
                TokenKind::Access => "app access",
                TokenKind::Refresh => "app refresh",
            });
            self.issued_at = Some(token.issued_at);
            self.expires_at = Some(token.expires_at);
            return Ok(());
        }
        let token = ClassicToken::read(claims)?;
        self.kind = Some(token.kind());
        self.issued_at = token.issued_at;
        self.expires_at = token.expires_at;
        Ok(())
    }
}
