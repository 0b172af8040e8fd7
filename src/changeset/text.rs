//! Names and strings.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use bytes::Bytes;

/// A name or string: bytes that are meant to be UTF-8. The reference does not check that, so neither does decoding; printing is lossy.
///
/// A short one lies in the value itself, so that copies of it touch no counter and keep no message alive. A longer one is a shared slice of what it came in.
#[derive(Clone)]
pub struct Text(Form);

/// The longest text that lies in the value: one byte less than what [`Bytes`] has beside its tag.
const SHORT: usize = 23;

#[derive(Clone)]
enum Form {
    /// At most [`SHORT`] bytes.
    Short(Short),
    /// More than that.
    Long(Bytes),
}

/// What is behind the text is zero, so comparing takes no loop.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Short {
    length: u8,
    bytes: [u8; SHORT],
}

impl Short {
    const fn of(text: &[u8]) -> Option<Short> {
        if text.len() > SHORT {
            return None;
        }
        let mut bytes = [0; SHORT];
        let (start, _) = bytes.split_at_mut(text.len());
        start.copy_from_slice(text);
        let length = text.len() as u8; // at most SHORT
        Some(Short { length, bytes })
    }
}

const _: () = assert!(size_of::<Text>() == size_of::<Bytes>());

impl Text {
    /// A text over a shared slice.
    pub fn new(bytes: Bytes) -> Text {
        Text(match Short::of(&bytes) {
            Some(short) => Form::Short(short),
            None => Form::Long(bytes),
        })
    }

    /// A part of what was received; `range` lies within it.
    pub fn within(input: &Bytes, range: Range<usize>) -> Text {
        Text(match Short::of(&input[range.clone()]) {
            Some(short) => Form::Short(short),
            None => Form::Long(input.slice(range)),
        })
    }

    /// A text that is part of the program: copies of it cost nothing.
    pub const fn fixed(text: &'static str) -> Text {
        Text(match Short::of(text.as_bytes()) {
            Some(short) => Form::Short(short),
            None => Form::Long(Bytes::from_static(text.as_bytes())),
        })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short(short) => &short.bytes[..usize::from(short.length).min(SHORT)],
            Form::Long(bytes) => bytes,
        }
    }

    /// The text for people: what is not UTF-8 is replaced.
    pub fn to_lossy(&self) -> String {
        String::from_utf8_lossy(self.as_bytes()).into_owned()
    }

    /// The same text in memory of its own, so that a name does not keep a large message alive.
    pub fn detached(&self) -> Text {
        match &self.0 {
            Form::Short(_) => self.clone(),
            Form::Long(bytes) => Text(Form::Long(Bytes::copy_from_slice(bytes))),
        }
    }
}

impl Default for Text {
    fn default() -> Text {
        Text::fixed("")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        let text = text.as_bytes();
        Text(match Short::of(text) {
            Some(short) => Form::Short(short),
            None => Form::Long(Bytes::copy_from_slice(text)),
        })
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        match (&self.0, &other.0) {
            (Form::Short(a), Form::Short(b)) => a == b,
            (Form::Long(a), Form::Long(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_lossy(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_lossy())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    /// Texts around the greatest length that lies in the value, each made in every way.
    #[test]
    fn a_text_is_the_same_however_long_and_however_it_was_made() {
        let source = Bytes::from_static(b"abcdefghijklmnopqrstuvwxyz\0\0");
        let hasher = RandomState::new();
        for length in 0..=source.len() {
            let bytes = source.slice(..length);
            let text = Text::new(bytes.clone());
            assert_eq!(text.as_bytes(), bytes);
            let same = [
                Text::within(&source, 0..length),
                Text::from(text.to_lossy().as_str()),
                text.detached(),
                text.clone(),
            ];
            for other in same {
                assert_eq!(other, text);
                assert_eq!(hasher.hash_one(&other), hasher.hash_one(&text));
            }
            assert_eq!(
                matches!(text.0, Form::Short(_)),
                length <= SHORT,
                "{length}"
            );
        }
        assert_eq!(Text::default(), Text::fixed(""));
        assert_eq!(Text::fixed("abc"), Text::within(&source, 0..3));
    }

    #[test]
    fn texts_are_in_the_order_of_their_bytes() {
        let words: [&[u8]; 7] = [
            b"",
            b"\0",
            b"\0\0",
            b"a",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            b"ab",
            b"\xff",
        ];
        let text = |word: &[u8]| Text::new(Bytes::copy_from_slice(word));
        let sorted: BTreeSet<Text> = words.into_iter().rev().map(text).collect();
        let sorted: Vec<&[u8]> = sorted.iter().map(Text::as_bytes).collect();
        assert_eq!(sorted, words);
    }
}
