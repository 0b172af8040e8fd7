//! The head of a message: `<type> <field> <field>…\n`, then a body.

use bytes::Bytes;

use super::Malformed;
use crate::ident::MAX_NUMBER;

/// Reads fields from the start of a message.
pub(super) struct Reader {
    input: Bytes,
    position: usize,
}

/// What follows a field.
#[derive(Clone, Copy)]
enum End {
    Field,
    Head,
}

impl Reader {
    pub(super) fn new(input: Bytes) -> Reader {
        Reader { input, position: 0 }
    }

    /// The message's type, and whether fields follow it.
    pub(super) fn word(&mut self) -> Result<String, Malformed> {
        let rest = &self.input[self.position..];
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_lowercase() || *byte == b'_'))
            .ok_or(Malformed("message type"))?;
        let word = String::from_utf8_lossy(&rest[..length.min(32)]).into_owned();
        self.position += length;
        self.end(End::Field, "message type")?;
        Ok(word)
    }

    /// A number followed by another field.
    pub(super) fn number(&mut self, what: &'static str) -> Result<u64, Malformed> {
        self.digits(what)
            .and_then(|number| self.end(End::Field, what).map(|()| number))
    }

    /// The last number of the head.
    pub(super) fn last(&mut self, what: &'static str) -> Result<u64, Malformed> {
        self.digits(what)
            .and_then(|number| self.end(End::Head, what).map(|()| number))
    }

    /// A yes or no followed by another field: any number, zero is no.
    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, Malformed> {
        Ok(self.number(what)? != 0)
    }

    /// The last yes or no of the head.
    pub(super) fn last_flag(&mut self, what: &'static str) -> Result<bool, Malformed> {
        Ok(self.last(what)? != 0)
    }

    /// A size of what follows, bounded before anything is taken.
    pub(super) fn size(number: u64, limit: usize, what: &'static str) -> Result<usize, Malformed> {
        usize::try_from(number)
            .ok()
            .filter(|size| *size <= limit)
            .ok_or(Malformed(what))
    }

    /// The next bytes of the body.
    pub(super) fn take(&mut self, length: usize, what: &'static str) -> Result<Bytes, Malformed> {
        if length > self.input.len() - self.position {
            return Err(Malformed(what));
        }
        let taken = self.input.slice(self.position..self.position + length);
        self.position += length;
        Ok(taken)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.position == self.input.len()
    }

    /// Nothing may be left.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed("bytes after the message"))
        }
    }

    fn digits(&mut self, what: &'static str) -> Result<u64, Malformed> {
        let rest = &self.input[self.position..];
        let length = rest
            .iter()
            .take(20)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = rest[..length].iter().try_fold(0u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        self.position += length;
        number
            .filter(|number| length > 0 && *number <= MAX_NUMBER)
            .ok_or(Malformed(what))
    }

    fn end(&mut self, end: End, what: &'static str) -> Result<(), Malformed> {
        let expected = match end {
            End::Field => b' ',
            End::Head => b'\n',
        };
        if self.input.get(self.position) != Some(&expected) {
            return Err(Malformed(what));
        }
        self.position += 1;
        Ok(())
    }
}
