//! The sides of a comparison: values, lists of values, paths.

use super::check::Side;
use super::condition::{Operand, Operator, Quantifier};
use super::cursor::{Cursor, is_one_of};
use super::error::QueryError;
use super::literal::Literal;
use super::path::{Builder, Path};
use super::text::TextOperator;
use super::token::Token;
use super::types::Type;
use crate::changeset::{Key, KeyKind, Link, Text, Value};
use crate::state::{Class, Schema};

/// Reads what stands on either side of an operator.
pub(super) struct Operands<'p> {
    /// The place reached.
    pub cursor: Cursor<'p>,
    schema: &'p Schema,
    class: &'p Class,
}

impl<'p> Operands<'p> {
    /// For a text on the objects of a class.
    pub fn new(
        text: &'p str,
        schema: &'p Schema,
        class: &'p Class,
    ) -> Result<Operands<'p>, QueryError> {
        Ok(Operands {
            cursor: Cursor::new(text)?,
            schema,
            class,
        })
    }

    /// One side of a comparison.
    pub fn side(&mut self) -> Result<Side, QueryError> {
        let at = self.cursor.at();
        let quantifier = self.quantifier();
        let (operand, types) = if self.cursor.takes_sign("{") {
            self.list(quantifier.unwrap_or(Quantifier::Any))?
        } else if let (None, Some(literal)) = (quantifier, self.literal()?) {
            let of = literal.of();
            (Operand::Literal(literal), vec![(at, of)])
        } else {
            let path = self.path()?;
            if quantifier.is_some() && !path.many {
                let message = "ANY, ALL and NONE need a property with many values";
                return Err(QueryError::new(at, message));
            }
            let of = path.of.clone();
            let operand = Operand::Path(path, quantifier.unwrap_or(Quantifier::Any));
            (operand, vec![(at, of)])
        };
        Ok(Side {
            operand,
            at,
            words: self.cursor.words(at),
            types,
        })
    }

    /// ANY, ALL or NONE, unless that is the name of a property here.
    fn quantifier(&mut self) -> Option<Quantifier> {
        let Token::Word(word) = self.cursor.peek() else {
            return None;
        };
        let quantifier = match word.to_ascii_lowercase().as_str() {
            "any" | "some" => Quantifier::Any,
            "all" => Quantifier::All,
            "none" => Quantifier::None,
            _ => return None,
        };
        let goes_on = match self.cursor.second() {
            Token::Sign("{") => true,
            Token::Word(next) => !is_operator_word(next) || self.is_property(next),
            Token::Number(_) | Token::Text(_) | Token::Value(_) | Token::Sign(_) | Token::End => {
                false
            }
        };
        goes_on.then(|| {
            self.cursor.skip(1);
            quantifier
        })
    }

    fn list(
        &mut self,
        quantifier: Quantifier,
    ) -> Result<(Operand, Vec<(usize, Type)>), QueryError> {
        let (mut literals, mut types) = (Vec::new(), Vec::new());
        if self.cursor.takes_sign("}") {
            return Ok((Operand::List(literals, quantifier), types));
        }
        loop {
            let at = self.cursor.at();
            let literal = self
                .literal()?
                .ok_or_else(|| QueryError::new(at, "expected a value"))?;
            types.push((at, literal.of()));
            literals.push(literal);
            if self.cursor.takes_sign("}") {
                return Ok((Operand::List(literals, quantifier), types));
            }
            self.cursor.must(",")?;
        }
    }

    /// A value, if one stands here.
    fn literal(&mut self) -> Result<Option<Literal>, QueryError> {
        match self.plain_literal()? {
            Some(literal) => Ok(Some(literal)),
            None => self.call(),
        }
    }

    /// A value that is written without parentheses. (The key in `obj` is one; nothing recurses here.)
    fn plain_literal(&mut self) -> Result<Option<Literal>, QueryError> {
        let literal = match self.cursor.peek() {
            Token::Number(text) => {
                let number = Literal::number(text);
                Some(number.ok_or_else(|| self.cursor.error(format!("{text} is no number")))?)
            }
            Token::Text(text) => Some(Literal::Value(Value::String(Text::from(text.as_str())))),
            Token::Value(value) => Some(Literal::Value(value.clone())),
            Token::Word(word) => self.word_literal(word),
            Token::Sign(_) | Token::End => None,
        };
        self.cursor.skip(usize::from(literal.is_some()));
        Ok(literal)
    }

    fn word_literal(&self, word: &str) -> Option<Literal> {
        match word.to_ascii_lowercase().as_str() {
            _ if self.is_property(word) => None,
            "true" => Some(Literal::Value(Value::Bool(true))),
            "false" => Some(Literal::Value(Value::Bool(false))),
            "null" | "nil" => Some(Literal::Value(Value::Null)),
            "inf" | "infinity" | "nan" => Literal::number(word),
            _ => None,
        }
    }

    /// `obj('Class', key)` or `binary('text')`.
    fn call(&mut self) -> Result<Option<Literal>, QueryError> {
        let Token::Word(word) = self.cursor.peek() else {
            return Ok(None);
        };
        let is_call = *self.cursor.second() == Token::Sign("(");
        let is_object = is_one_of(word, &["obj"]);
        if !is_call || !(is_object || is_one_of(word, &["bin", "binary"])) {
            return Ok(None);
        }
        self.cursor.skip(2);
        let value = if is_object {
            Value::Link(self.link()?)
        } else {
            match self.cursor.take() {
                (_, Token::Text(text)) => Value::Binary(text.into_bytes().into()),
                (_, Token::Value(Value::Binary(bytes))) => Value::Binary(bytes),
                (at, _) => return Err(QueryError::new(at, "expected a text in quotes")),
            }
        };
        self.cursor.must(")")?;
        Ok(Some(Literal::Value(value)))
    }

    fn link(&mut self) -> Result<Link, QueryError> {
        let (at, Token::Text(name)) = self.cursor.take() else {
            return Err(self.cursor.error("expected obj('Class', key)"));
        };
        let name = Text::from(name.as_str());
        let class = self.schema.class(&name);
        let column = class.and_then(|class| class.primary_key());
        let column =
            column.ok_or_else(|| QueryError::new(at, format!("there are no objects of {name}")))?;
        self.cursor.must(",")?;
        let at = self.cursor.at();
        let key = match (self.plain_literal()?, column.kind) {
            (Some(Literal::Value(Value::Null)), _) if column.nullable => Key::Null,
            (Some(Literal::Value(Value::Int(number))), KeyKind::Int) => Key::Int(number),
            (Some(Literal::Value(Value::String(text))), KeyKind::String) => Key::String(text),
            (Some(Literal::Value(Value::ObjectId(id))), KeyKind::ObjectId) => Key::ObjectId(id),
            (Some(Literal::Value(Value::Uuid(id))), KeyKind::Uuid) => Key::Uuid(id),
            (Some(_) | None, _) => {
                return Err(QueryError::new(at, format!("this is no key of {name}")));
            }
        };
        Ok(Link { class: name, key })
    }

    /// A path.
    pub fn path(&mut self) -> Result<Path, QueryError> {
        let mut builder = Builder::new(self.schema, self.class);
        match self.cursor.take() {
            (at, Token::Word(name)) => builder.name(&name, at)?,
            (at, _) => return Err(QueryError::new(at, "expected a property or a value")),
        }
        loop {
            if self.cursor.takes_sign(".") {
                self.property(&mut builder)?;
            } else if self.cursor.takes_sign("[") {
                self.index(&mut builder)?;
                self.cursor.must("]")?;
            } else {
                return Ok(builder.finish());
            }
        }
    }

    fn property(&mut self, builder: &mut Builder<'p>) -> Result<(), QueryError> {
        let (at, token) = self.cursor.take();
        let Token::Word(name) = token else {
            return Err(QueryError::new(at, "expected the name of a property"));
        };
        match name.as_str() {
            "@count" | "@size" => builder.count(at),
            "@keys" => builder.keys(at),
            "@values" => builder.each(at),
            _ if name.starts_with('@') => {
                let message =
                    format!("{name} is not known here; @count, @size, @keys and @values are");
                Err(QueryError::new(at, message))
            }
            _ => builder.name(&name, at),
        }
    }

    fn index(&mut self, builder: &mut Builder<'p>) -> Result<(), QueryError> {
        let (at, token) = self.cursor.take();
        match token {
            Token::Text(key) => builder.entry(&key, at),
            Token::Sign("*") => builder.each(at),
            Token::Word(word) if is_one_of(&word, &["first"]) => builder.element(0, at),
            Token::Word(word) if is_one_of(&word, &["last"]) => builder.last(at),
            Token::Word(word) if is_one_of(&word, &["size"]) => builder.count(at),
            Token::Number(text) => match text.parse() {
                Ok(index) => builder.element(index, at),
                Err(_) => Err(QueryError::new(at, "expected an index counted from 0")),
            },
            Token::Word(_) | Token::Value(_) | Token::Sign(_) | Token::End => {
                let message = "expected a key in quotes, an index, FIRST, LAST or *";
                Err(QueryError::new(at, message))
            }
        }
    }

    fn is_property(&self, word: &str) -> bool {
        let name = Text::from(word);
        self.class.key_field() == Some(&name) || self.class.column(&name).is_some()
    }
}

/// An operator, in small letters.
pub(super) fn operator_of(word: &str) -> Option<Operator> {
    Some(match word {
        "==" | "=" | "in" => Operator::Equal,
        "!=" | "<>" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" | "=<" => Operator::LessEqual,
        ">" => Operator::Greater,
        ">=" | "=>" => Operator::GreaterEqual,
        "beginswith" => Operator::Text(TextOperator::BeginsWith),
        "endswith" => Operator::Text(TextOperator::EndsWith),
        "contains" => Operator::Text(TextOperator::Contains),
        "like" => Operator::Text(TextOperator::Like),
        _ => return None,
    })
}

fn is_operator_word(word: &str) -> bool {
    operator_of(&word.to_ascii_lowercase()).is_some() || is_one_of(word, &["between", "and", "or"])
}
