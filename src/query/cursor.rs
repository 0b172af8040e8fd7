//! A place in the tokens of a text.

use super::LONGEST;
use super::error::QueryError;
use super::token::{Token, tokens};

/// What is still to be read of a text.
pub(super) struct Cursor<'t> {
    text: &'t str,
    tokens: Vec<(usize, Token)>,
    next: usize,
}

impl<'t> Cursor<'t> {
    /// At the start of a text of bounded length.
    pub fn new(text: &'t str) -> Result<Cursor<'t>, QueryError> {
        if text.len() > LONGEST {
            let message = format!("longer than {LONGEST} bytes");
            return Err(QueryError::new(0, message));
        }
        Ok(Cursor {
            text,
            tokens: tokens(text)?,
            next: 0,
        })
    }

    /// The next token.
    pub fn peek(&self) -> &Token {
        self.tokens
            .get(self.next)
            .map_or(&Token::End, |(_, token)| token)
    }

    /// The next token and its place. The end stays where it is.
    pub fn take(&mut self) -> (usize, Token) {
        let (at, token) = (self.at(), self.peek().clone());
        if token != Token::End {
            self.next += 1;
        }
        (at, token)
    }

    /// Where it stands.
    pub fn at(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.text.len(), |(at, _)| *at)
    }

    /// Takes a sign if it comes next.
    pub fn takes_sign(&mut self, sign: &str) -> bool {
        let takes = matches!(self.peek(), Token::Sign(next) if *next == sign);
        self.next += usize::from(takes);
        takes
    }

    /// Takes one of these words if it comes next.
    pub fn takes_word(&mut self, words: &[&str]) -> bool {
        let takes = matches!(self.peek(), Token::Word(word) if is_one_of(word, words));
        self.next += usize::from(takes);
        takes
    }

    /// Takes a sign that must come next.
    pub fn must(&mut self, sign: &str) -> Result<(), QueryError> {
        if self.takes_sign(sign) {
            return Ok(());
        }
        Err(self.error(format!("expected {sign}")))
    }

    /// The token after the next.
    pub fn second(&self) -> &Token {
        self.tokens
            .get(self.next + 1)
            .map_or(&Token::End, |(_, token)| token)
    }

    /// Goes on by so many tokens, which are known not to be the end.
    pub fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// The text from there to the next token.
    pub fn words(&self, from: usize) -> String {
        self.text[from..self.at()].trim_end().to_owned()
    }

    /// An error at the next token.
    pub fn error(&self, message: impl Into<String>) -> QueryError {
        QueryError::new(self.at(), message)
    }
}

/// Whether a word is one of the language's, in small or capital letters.
pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}
