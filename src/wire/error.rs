//! Error numbers, their words, and what a client is told.
//!
//! The inside has many causes, the outside few: [`ErrorCode`] is the whole list of what this server sends, and [`told`] the one place where a
//! code becomes the message of a protocol version. A code that makes some client end its process is not in the list.

use std::fmt::{self, Write as _};

use super::version::Protocol;
use crate::ident::SessionIdent;

/// What a client does when it hears of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The peer broke the protocol: the session stops and the app is told.
    ProtocolViolation,
    /// The app did something wrong: the session stops and the app is told.
    ApplicationBug,
    /// Nothing is reported; the client tries again after a while.
    Transient,
    /// The client resets, in the mode that the app chose.
    ClientReset,
    /// The client resets and may not recover its own changes.
    ClientResetNoRecovery,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::ProtocolViolation => "ProtocolViolation",
            Action::ApplicationBug => "ApplicationBug",
            Action::Transient => "Transient",
            Action::ClientReset => "ClientReset",
            Action::ClientResetNoRecovery => "ClientResetNoRecovery",
        }
    }

    /// The action of this name, if a client of ours knows what to do about it. Others end the session for good.
    pub(super) fn named(name: &str) -> Option<Action> {
        match name {
            "ProtocolViolation" => Some(Action::ProtocolViolation),
            "Transient" | "Warning" => Some(Action::Transient),
            "ClientReset" => Some(Action::ClientReset),
            "ClientResetNoRecovery" | "DeleteRealm" => Some(Action::ClientResetNoRecovery),
            "" => None,
            _ => Some(Action::ApplicationBug),
        }
    }

    /// What a client does about a code that comes without an action.
    pub(super) fn of_code(code: u64) -> Action {
        let known = |known: &&ErrorCode| u64::from(known.number()) == code;
        ErrorCode::ALL
            .iter()
            .find(known)
            .map_or(Action::ApplicationBug, |code| code.action())
    }

    fn try_again(self) -> bool {
        self == Action::Transient
    }

    fn resets(self) -> bool {
        matches!(self, Action::ClientReset | Action::ClientResetNoRecovery)
    }
}

macro_rules! codes {
    ($($code:literal $name:ident $action:ident $text:literal)*) => {
        /// The errors that this server sends. 100 to 199 end the connection, 200 and above one session.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $text] $name = $code,)*
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name,)*];

            /// The number on the wire.
            pub fn number(self) -> u16 {
                self as u16
            }

            /// The original's words.
            pub fn text(self) -> &'static str {
                match self { $(ErrorCode::$name => $text,)* }
            }

            /// What the client is to do unless the cause calls for something else.
            pub fn action(self) -> Action {
                match self { $(ErrorCode::$name => Action::$action,)* }
            }
        }
    };
}

codes! {
    100 ConnectionClosed      Transient         "Connection closed (no error)"
    101 OtherError            ApplicationBug    "Other connection level error"
    103 BadSyntax             ProtocolViolation "Bad syntax in input message head"
    106 BadSessionIdent       ProtocolViolation "Bad session identifier in input message"
    107 ReuseOfSessionIdent   ProtocolViolation "Overlapping reuse of session identifier (BIND)"
    108 BoundInOtherSession   ProtocolViolation "Client file bound in other session (IDENT)"
    109 BadMessageOrder       ProtocolViolation "Bad input message order"
    114 SwitchToPartition     ApplicationBug    "Connected with wrong wire protocol - should switch to partition-based sync"
    200 SessionClosed         Transient         "Session closed (no error)"
    201 OtherSessionError     Transient         "Other session level error"
    204 IllegalRealmPath      ApplicationBug    "Illegal Realm path (BIND)"
    206 PermissionDenied      ApplicationBug    "Permission denied (BIND, REFRESH)"
    208 BadClientFileIdent    ClientReset       "Bad client file identifier (IDENT)"
    209 BadServerVersion      ClientReset       "Bad server version (IDENT, UPLOAD)"
    210 BadClientVersion      ClientReset       "Bad client version (IDENT, UPLOAD)"
    211 DivergingHistories    ClientReset       "Diverging histories (IDENT)"
    212 BadChangeset          ClientReset       "Bad changeset (UPLOAD)"
    216 BadOriginFileIdent    ApplicationBug    "Bad origin file identifier (UPLOAD)"
    222 ClientFileExpired     ClientReset       "Client file has expired due to history compaction (IDENT, DOWNLOAD, UPLOAD)"
    225 InvalidSchemaChange   ApplicationBug    "Invalid schema change (UPLOAD)"
}

impl ErrorCode {
    /// Whether the error ends the whole connection.
    pub fn ends_connection(self) -> bool {
        self.number() < 200
    }
}

/// An error for a client: the code, words for the app, and what the client is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    /// The code.
    pub code: ErrorCode,
    /// The original's words, with the cause where there is one.
    pub message: String,
    /// What the client is to do.
    pub action: Action,
}

impl WireError {
    /// An error with its usual action and the original's words.
    pub fn new(code: ErrorCode) -> WireError {
        WireError {
            code,
            message: code.text().into(),
            action: code.action(),
        }
    }

    /// Adds the cause to the words, or its beginning: names that the peer chose may be long.
    pub fn because(mut self, cause: impl std::fmt::Display) -> WireError {
        self.message.push_str(": ");
        let mut room = Room {
            text: &mut self.message,
            left: MAX_CAUSE,
        };
        if write!(room, "{cause}").is_err() {
            self.message.push('…');
        }
        self
    }

    /// Asks for something else than the code's usual action.
    pub fn with(mut self, action: Action) -> WireError {
        self.action = action;
        self
    }
}

/// Bytes of a cause that a client is told.
const MAX_CAUSE: usize = 1000;

/// Takes so many bytes of text and no more, cut between characters.
struct Room<'a> {
    text: &'a mut String,
    left: usize,
}

impl fmt::Write for Room<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let mut fits = self.left.min(part.len());
        while !part.is_char_boundary(fits) {
            fits -= 1;
        }
        self.text.push_str(&part[..fits]);
        self.left -= fits;
        if fits == part.len() {
            Ok(())
        } else {
            self.left = 0;
            Err(fmt::Error)
        }
    }
}

/// The message that tells `error` to a client of this protocol: JSON_ERROR, or ERROR below protocol 4.
pub fn told(error: &WireError, session: SessionIdent, protocol: Protocol) -> Vec<u8> {
    let session = if error.code.ends_connection() {
        SessionIdent(0)
    } else {
        session
    };
    let code = error.code.number();
    let action = error.action;
    let (word, flag, body) = if protocol.has_json_errors() {
        let json = serde_json::json!({
            "message": error.message,
            "tryAgain": action.try_again(),
            "shouldClientReset": action.resets(),
            "isRecoveryModeDisabled": action == Action::ClientResetNoRecovery,
            "logURL": "",
            "action": action.name(),
        });
        ("json_error", "", json.to_string())
    } else {
        (
            "error",
            if action.try_again() { "1 " } else { "0 " },
            error.message.clone(),
        )
    };
    let mut out = format!("{word} {code} {} {flag}{session}\n", body.len()).into_bytes();
    out.extend_from_slice(body.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cause_is_cut_between_characters() {
        let told = |cause: &str| {
            WireError::new(ErrorCode::BadChangeset)
                .because(cause)
                .message
        };
        assert_eq!(told("no class X"), "Bad changeset (UPLOAD): no class X");
        let fits = "é".repeat(500);
        assert_eq!(told(&fits), format!("Bad changeset (UPLOAD): {fits}"));
        for longer in [format!("{fits}x"), format!("x{fits}"), "é".repeat(8 << 20)] {
            let message = told(&longer);
            assert!(message.len() <= 24 + MAX_CAUSE + '…'.len_utf8());
            assert!(
                longer
                    .starts_with(message["Bad changeset (UPLOAD): ".len()..].trim_end_matches('…'))
            );
            assert!(message.ends_with('…'));
        }
    }
}
