//! The operators on texts and blobs.

use std::borrow::Cow;

use crate::changeset::Value;

/// What a text is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextOperator {
    /// Does it begin so?
    BeginsWith,
    /// Does it end so?
    EndsWith,
    /// Is this somewhere in it?
    Contains,
    /// Is it so, `*` being any letters and `?` one?
    Like,
}

/// Whether `value` answers yes, with `pattern` of the same type. With `fold`, capitals are as good as small letters.
pub(super) fn holds(operator: TextOperator, fold: bool, value: &Value, pattern: &Value) -> bool {
    match (value, pattern) {
        (Value::String(value), Value::String(pattern))
            if fold || operator == TextOperator::Like =>
        {
            let (value, pattern) = (
                letters(value.as_bytes(), fold),
                letters(pattern.as_bytes(), fold),
            );
            match operator {
                TextOperator::Like => like(&value, &pattern),
                TextOperator::BeginsWith | TextOperator::EndsWith | TextOperator::Contains => {
                    bytes_hold(operator, value.as_bytes(), pattern.as_bytes())
                }
            }
        }
        (Value::String(value), Value::String(pattern)) => {
            bytes_hold(operator, value.as_bytes(), pattern.as_bytes())
        }
        (Value::Binary(value), Value::Binary(pattern)) => bytes_hold(operator, value, pattern),
        _ => false,
    }
}

/// Whether two texts are the same but for capitals.
pub(super) fn equal_folded(a: &[u8], b: &[u8]) -> bool {
    letters(a, true) == letters(b, true)
}

fn letters(bytes: &[u8], fold: bool) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if fold {
        text.to_lowercase().into()
    } else {
        text
    }
}

fn bytes_hold(operator: TextOperator, value: &[u8], pattern: &[u8]) -> bool {
    match operator {
        TextOperator::BeginsWith => value.starts_with(pattern),
        TextOperator::EndsWith => value.ends_with(pattern),
        TextOperator::Contains => contains(value, pattern),
        TextOperator::Like => like(&letters(value, false), &letters(pattern, false)),
    }
}

fn contains(value: &[u8], part: &[u8]) -> bool {
    match (std::str::from_utf8(value), std::str::from_utf8(part)) {
        (Ok(value), Ok(part)) => value.contains(part),
        _ => part.is_empty() || value.windows(part.len()).any(|window| window == part),
    }
}

/// One walk along the text: when it gets stuck, the last `*` takes one more letter.
fn like(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    let mut last_star = None;
    loop {
        let here = text.clone();
        match (text.next(), pattern.next()) {
            (None, None) => return true,
            (_, Some('*')) => {
                text = here.clone();
                last_star = Some((here, pattern.clone()));
            }
            (Some(_), Some('?')) => {}
            (Some(letter), Some(same)) if letter == same => {}
            (None, Some(_)) => return false,
            (Some(_), _) => {
                let Some((star_text, star_pattern)) = &mut last_star else {
                    return false;
                };
                star_text.next();
                text = star_text.clone();
                pattern = star_pattern.clone();
            }
        }
    }
}
