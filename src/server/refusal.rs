//! What a client is told when its upload was refused.

use crate::realm::Refusal;
use crate::wire::{Action, ErrorCode, WireError};

/// The one place where a refusal becomes an error of the protocol.
pub fn told(refusal: Refusal) -> WireError {
    match refusal {
        Refusal::BadChangeset(cause) => WireError::new(ErrorCode::BadChangeset).because(cause),
        Refusal::BadOrigin => WireError::new(ErrorCode::BadOriginFileIdent),
        Refusal::Expired => WireError::new(ErrorCode::ClientFileExpired),
        Refusal::Denied(cause) | Refusal::TooLarge(cause) => {
            WireError::new(ErrorCode::PermissionDenied).because(cause)
        }
        Refusal::Unavailable(_) | Refusal::Long => WireError::new(ErrorCode::OtherSessionError)
            .because("the upload could not be stored; it will be tried again")
            .with(Action::Transient),
    }
}
