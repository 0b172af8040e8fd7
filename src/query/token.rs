//! A text as words, numbers, literals and signs.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::error::QueryError;
use crate::changeset::Value;
use crate::ejson::spelling;

/// A piece of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, or a word of the language; `@count` and its like.
    Word(String),
    /// A number as it was written.
    Number(String),
    /// A text in quotes.
    Text(String),
    /// A literal that says its type.
    Value(Value),
    /// A sign.
    Sign(&'static str),
    /// The end of the text.
    End,
}

/// Longer signs first.
const SIGNS: [&str; 23] = [
    "[c]", "==", "!=", "<>", "<=", "=<", ">=", "=>", "&&", "||", "=", "<", ">", "!", "(", ")", "{",
    "}", "[", "]", ",", ".", "*",
];

/// The pieces of a text, each with its place; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, QueryError> {
    let mut reader = Reader { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        reader.skip(char::is_whitespace);
        let (at, token) = (reader.at, reader.token()?);
        let is_end = token == Token::End;
        tokens.push((at, token));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn token(&mut self) -> Result<Token, QueryError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        match first {
            '\'' | '"' => self.quoted(first).map(Token::Text),
            '0'..='9' => self.number_or_date(),
            '+' | '-' | '.' if starts_number(rest) => self.number().map(Token::Number),
            'T' if is_instant(rest) => self.instant(),
            'b' | 'B' if is_base64(rest) => self.base64(),
            '@' => {
                self.at += 1;
                Ok(Token::Word(format!("@{}", self.word()?)))
            }
            _ if starts_word(first) => self.word_or_call(),
            _ => self.sign(first),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// What comes next as long as it fits.
    fn skip(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn sign(&mut self, first: char) -> Result<Token, QueryError> {
        let sign = SIGNS.iter().find(|sign| self.rest().starts_with(**sign));
        let sign = sign.ok_or_else(|| self.error(format!("unexpected {first:?}")))?;
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    /// A name may have `\ ` for a space in it.
    fn word(&mut self) -> Result<String, QueryError> {
        let mut word = self.skip(continues_word).to_owned();
        while self.rest().starts_with('\\') {
            self.at += 1;
            word.push(match self.rest().chars().next() {
                Some(' ') => ' ',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(_) | None => return Err(self.error("a name may have only `\\ ` in it")),
            });
            self.at += 1;
            word.push_str(self.skip(continues_word));
        }
        Ok(word)
    }

    fn word_or_call(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        let word = self.word()?;
        let argument = word.strip_prefix('$').and_then(|rest| rest.chars().next());
        if argument.is_some_and(|first| first.is_ascii_digit()) {
            return Err(QueryError::new(
                start,
                format!("{word} stands for a value that is not given: write the value"),
            ));
        }
        match word.to_ascii_lowercase().as_str() {
            "uuid" if self.rest().starts_with('(') => {
                self.call("a UUID", |text| spelling::uuid(text).map(Value::Uuid))
            }
            "oid" if self.rest().starts_with('(') => self
                .call("an ObjectId of 24 digits", |text| {
                    spelling::object_id(text).map(Value::ObjectId)
                }),
            _ => Ok(Token::Word(word)),
        }
    }

    /// What stands in parentheses, with or without quotes.
    fn call(
        &mut self,
        what: &str,
        read: impl FnOnce(&str) -> Option<Value>,
    ) -> Result<Token, QueryError> {
        self.at += 1;
        let start = self.at;
        let inner = self.skip(|letter| letter != ')');
        let value = read(inner.trim().trim_matches(['\'', '"']));
        match value.filter(|_| self.rest().starts_with(')')) {
            Some(value) => {
                self.at += 1;
                Ok(Token::Value(value))
            }
            None => Err(QueryError::new(start, format!("expected {what} and )"))),
        }
    }

    fn number_or_date(&mut self) -> Result<Token, QueryError> {
        if !is_date(self.rest()) {
            return self.number().map(Token::Number);
        }
        let start = self.at;
        let text = self.skip(|letter| letter.is_ascii_digit() || "-:.+TtZz@".contains(letter));
        match date(text) {
            Some((seconds, nanoseconds)) => Ok(Token::Value(Value::Timestamp {
                seconds,
                nanoseconds,
            })),
            None => Err(QueryError::new(
                start,
                format!("{text} is no date; dates are written 2023-11-14T22:13:20Z"),
            )),
        }
    }

    fn number(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        self.skip(|letter| letter == '+' || letter == '-');
        let is_hex = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        loop {
            let digits = self.skip(|letter| letter.is_ascii_alphanumeric() || letter == '.');
            let exponent = digits.ends_with(['e', 'E']) && !is_hex;
            if !(exponent && self.rest().starts_with(['+', '-'])) {
                return Ok(self.text[start..self.at].to_owned());
            }
            self.at += 1;
        }
    }

    /// `T<seconds>:<nanoseconds>`.
    fn instant(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        self.at += 1;
        let parts = self.skip(|letter| letter.is_ascii_digit() || "+-:".contains(letter));
        let number = |text: &str| text.parse::<i64>().ok();
        let value = parts.split_once(':').and_then(|(seconds, nanoseconds)| {
            let seconds = number(seconds)?;
            let nanoseconds = i32::try_from(number(nanoseconds)?).ok()?;
            let one_sign = seconds == 0 || nanoseconds == 0 || (seconds < 0) == (nanoseconds < 0);
            (one_sign && nanoseconds.unsigned_abs() < 1_000_000_000).then_some(Value::Timestamp {
                seconds,
                nanoseconds,
            })
        });
        value.map(Token::Value).ok_or_else(|| {
            QueryError::new(start, "expected T<seconds>:<nanoseconds>, both of one sign")
        })
    }

    fn base64(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        self.at += 3;
        let quote = self.rest().chars().next().unwrap_or('"');
        let text = self.quoted(quote)?;
        let bytes = BASE64_STANDARD.decode(text);
        let bytes = bytes.map_err(|_| QueryError::new(start, "expected base64 in the quotes"))?;
        Ok(Token::Value(Value::Binary(bytes.into())))
    }

    fn quoted(&mut self, quote: char) -> Result<String, QueryError> {
        let start = self.at;
        self.at += quote.len_utf8();
        let mut text = String::new();
        loop {
            text.push_str(self.skip(|letter| letter != quote && letter != '\\'));
            match self.rest().chars().next() {
                Some('\\') => text.push(self.escape()?),
                Some(_) => {
                    self.at += quote.len_utf8();
                    return Ok(text);
                }
                None => return Err(QueryError::new(start, "this quote is never closed")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, QueryError> {
        let start = self.at;
        self.at += 1;
        let letter = self.rest().chars().next();
        self.at += letter.map_or(0, char::len_utf8);
        match letter {
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('0') => Ok('\0'),
            Some(letter @ ('\'' | '"' | '\\' | '/')) => Ok(letter),
            Some('u') => self
                .unicode()
                .ok_or_else(|| QueryError::new(start, "expected \\u and four digits")),
            Some(_) | None => Err(QueryError::new(
                start,
                "no such escape; \\\\ is a backslash",
            )),
        }
    }

    /// Four digits, or twice four for what takes two UTF-16 units.
    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first.into());
        }
        if !self.rest().starts_with("\\u") {
            return None;
        }
        self.at += 2;
        let second = self.unit()?;
        char::decode_utf16([first, second]).next()?.ok()
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4)?;
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = all_digits.then(|| u16::from_str_radix(digits, 16).ok())?;
        self.at += 4;
        unit
    }

    fn error(&self, message: impl Into<String>) -> QueryError {
        QueryError::new(self.at, message)
    }
}

fn starts_word(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || letter == '$' || !letter.is_ascii()
}

fn continues_word(letter: char) -> bool {
    starts_word(letter) || letter.is_ascii_digit() || letter == '-'
}

/// A digit behind a sign, a point or both; or a word that is a number, behind a sign.
fn starts_number(rest: &str) -> bool {
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let word = unsigned.get(..3).unwrap_or("");
    let is_word = word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("nan");
    let digits = unsigned.strip_prefix('.').unwrap_or(unsigned);
    (is_word && unsigned.len() < rest.len())
        || digits.starts_with(|letter: char| letter.is_ascii_digit())
}

fn is_instant(rest: &str) -> bool {
    let digits = rest[1..].trim_start_matches(['+', '-']);
    let after = digits.trim_start_matches(|letter: char| letter.is_ascii_digit());
    after.len() < digits.len() && after.starts_with(':')
}

fn is_base64(rest: &str) -> bool {
    let quote = rest.get(1..3).filter(|word| *word == "64").is_some();
    quote && rest[3..].starts_with(['"', '\''])
}

/// Two numbers with a hyphen between.
fn is_date(rest: &str) -> bool {
    let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let month = after.strip_prefix('-').unwrap_or("");
    month.starts_with(|letter: char| letter.is_ascii_digit())
}

/// RFC 3339, or the language's own `2023-1-2@3:4:5:6`, the last being nanoseconds. UTC where no offset is said.
fn date(text: &str) -> Option<(i64, i32)> {
    spelling::date(text)
        .or_else(|| spelling::date(&format!("{text}Z")))
        .or_else(|| own_date(text))
}

fn own_date(text: &str) -> Option<(i64, i32)> {
    let (day, time) = text.split_once(['@', 'T'])?;
    let numbers: Vec<u32> = day
        .split('-')
        .chain(time.split(':'))
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    let (day, time) = numbers.split_at_checked(day.split('-').count())?;
    let ([year, month, day], [hour, minute, second, rest @ ..]) = (day, time) else {
        return None;
    };
    let nanoseconds = match rest {
        [] => 0,
        [nanoseconds] => *nanoseconds,
        _ => return None,
    };
    spelling::date(&format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanoseconds:09}Z"
    ))
}
