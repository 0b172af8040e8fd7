//! Names as JSON strings: fields, classes, keys of dictionaries.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::changeset::Text;

/// What a name begins with that is written in base64.
const ESCAPE: &str = "$text:";

/// A name as a string: itself, or [`ESCAPE`] and base64.
pub fn name_to_json(name: &Text) -> String {
    match std::str::from_utf8(name.as_bytes()) {
        Ok(text) if !text.starts_with(ESCAPE) => text.to_owned(),
        Ok(_) | Err(_) => escaped(name),
    }
}

/// The name that a string says; nothing if what follows [`ESCAPE`] is not base64.
pub fn name_from_json(text: &str) -> Option<Text> {
    match text.strip_prefix(ESCAPE) {
        None => Some(Text::from(text)),
        Some(coded) => BASE64_STANDARD
            .decode(coded)
            .ok()
            .map(|bytes| Text::new(bytes.into())),
    }
}

/// A name in base64 although it need not be.
pub(super) fn escaped(name: &Text) -> String {
    format!("{ESCAPE}{}", BASE64_STANDARD.encode(name.as_bytes()))
}
