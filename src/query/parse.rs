//! From tokens to a condition or an order, each name and type checked on the way.

use super::DEEPEST;
use super::check::{Side, check};
use super::condition::{Condition, Operand, Operator, Quantifier};
use super::cursor::is_one_of;
use super::error::QueryError;
use super::literal::Literal;
use super::operand::{Operands, operator_of};
use super::order::Part;
use super::token::Token;
use super::types::Type;
use crate::state::{Class, Schema};

/// Reads one text about one class.
pub(super) struct Parser<'p> {
    operands: Operands<'p>,
    depth: usize,
}

impl<'p> Parser<'p> {
    /// For a text on the objects of a class.
    pub fn new(
        text: &'p str,
        schema: &'p Schema,
        class: &'p Class,
    ) -> Result<Parser<'p>, QueryError> {
        Ok(Parser {
            operands: Operands::new(text, schema, class)?,
            depth: 0,
        })
    }

    /// A condition and nothing after it.
    pub fn whole_condition(mut self) -> Result<Condition, QueryError> {
        let condition = self.either()?;
        match self.operands.cursor.peek() {
            Token::End => Ok(condition),
            Token::Word(word) if is_one_of(word, &["sort", "distinct", "limit"]) => Err(self
                .operands
                .cursor
                .error(format!("{word} is no part of a condition"))),
            _ => Err(self.operands.cursor.error("expected AND, OR or the end")),
        }
    }

    /// An order and nothing after it.
    pub fn whole_order(mut self) -> Result<Vec<Part>, QueryError> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.part()?);
            match self.operands.cursor.take() {
                (_, Token::End) => return Ok(parts),
                (_, Token::Sign(",")) => {}
                (at, _) => {
                    return Err(QueryError::new(
                        at,
                        "expected ASC, DESC, a comma or the end",
                    ));
                }
            }
        }
    }

    fn part(&mut self) -> Result<Part, QueryError> {
        let at = self.operands.cursor.at();
        let path = self.operands.path()?;
        if path.many {
            let message = "this leads to many values; an order needs one of each object";
            return Err(QueryError::new(at, message));
        }
        if let Type::Embedded(_) = path.of {
            let message = "an embedded object has no order; one of its properties has";
            return Err(QueryError::new(at, message));
        }
        let descending = self.operands.cursor.takes_word(&["desc", "descending"]);
        if !descending {
            self.operands.cursor.takes_word(&["asc", "ascending"]);
        }
        Ok(Part { path, descending })
    }

    fn either(&mut self) -> Result<Condition, QueryError> {
        let mut conditions = vec![self.both()?];
        while self.operands.cursor.takes_sign("||") || self.operands.cursor.takes_word(&["or"]) {
            conditions.push(self.both()?);
        }
        Ok(one_or(conditions, Condition::Any))
    }

    fn both(&mut self) -> Result<Condition, QueryError> {
        let mut conditions = vec![self.single()?];
        while self.operands.cursor.takes_sign("&&") || self.operands.cursor.takes_word(&["and"]) {
            conditions.push(self.single()?);
        }
        Ok(one_or(conditions, Condition::All))
    }

    fn single(&mut self) -> Result<Condition, QueryError> {
        if self.depth >= DEEPEST {
            return Err(self
                .operands
                .cursor
                .error(format!("more than {DEEPEST} conditions inside each other")));
        }
        self.depth += 1;
        let condition = self.nested();
        self.depth -= 1;
        condition
    }

    fn nested(&mut self) -> Result<Condition, QueryError> {
        if self.operands.cursor.takes_sign("!") || self.operands.cursor.takes_word(&["not"]) {
            return Ok(Condition::Not(Box::new(self.single()?)));
        }
        if self.operands.cursor.takes_sign("(") {
            let condition = self.either()?;
            self.operands.cursor.must(")")?;
            return Ok(condition);
        }
        if self.operands.cursor.takes_word(&["truepredicate"]) {
            return Ok(Condition::Constant(true));
        }
        if self.operands.cursor.takes_word(&["falsepredicate"]) {
            return Ok(Condition::Constant(false));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, QueryError> {
        let left = self.operands.side()?;
        let at = self.operands.cursor.at();
        if self.operands.cursor.takes_word(&["between"]) {
            return self.between(left);
        }
        let is_in =
            matches!(self.operands.cursor.peek(), Token::Word(word) if is_one_of(word, &["in"]));
        let operator = self.operator()?;
        let fold = self.operands.cursor.takes_sign("[c]");
        let right = self.operands.side()?;
        let is_one = match &right.operand {
            Operand::Literal(_) => true,
            Operand::List(..) => false,
            Operand::Path(path, _) => !path.many,
        };
        if is_in && is_one {
            let message = "IN needs values in braces or a property with many";
            return Err(QueryError::new(right.at, message));
        }
        check(&left, operator, fold, &right, at)?;
        Ok(Condition::Comparison {
            left: left.operand,
            operator,
            fold,
            right: right.operand,
        })
    }

    fn between(&mut self, left: Side) -> Result<Condition, QueryError> {
        let at = self.operands.cursor.at();
        let right = self.operands.side()?;
        check(&left, Operator::LessEqual, false, &right, at)?;
        match right.operand {
            Operand::List(literals, Quantifier::Any) => match <[Literal; 2]>::try_from(literals) {
                Ok([least, most]) => Ok(Condition::Between {
                    operand: left.operand,
                    least,
                    most,
                }),
                Err(_) => Err(QueryError::new(
                    at,
                    "BETWEEN needs two values: {least, most}",
                )),
            },
            Operand::Literal(_) | Operand::List(..) | Operand::Path(..) => Err(QueryError::new(
                at,
                "BETWEEN needs two values: {least, most}",
            )),
        }
    }

    fn operator(&mut self) -> Result<Operator, QueryError> {
        let operator = match self.operands.cursor.peek() {
            Token::Sign(sign) => operator_of(sign),
            Token::Word(word) => operator_of(&word.to_ascii_lowercase()),
            Token::Number(_) | Token::Text(_) | Token::Value(_) | Token::End => None,
        };
        let expected =
            "expected an operator: == != < <= > >= IN BETWEEN BEGINSWITH ENDSWITH CONTAINS LIKE";
        let operator = operator.ok_or_else(|| self.operands.cursor.error(expected))?;
        self.operands.cursor.skip(1);
        Ok(operator)
    }
}

fn one_or(
    mut conditions: Vec<Condition>,
    join: impl FnOnce(Vec<Condition>) -> Condition,
) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        Some(last) => {
            conditions.push(last);
            join(conditions)
        }
        None => join(conditions),
    }
}
