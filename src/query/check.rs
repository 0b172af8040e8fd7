//! Whether two sides can be compared.

use super::condition::{Operand, Operator};
use super::error::QueryError;
use super::text::TextOperator;
use super::types::Type;

/// One side of a comparison with what its check needs.
pub(super) struct Side {
    /// Its values.
    pub operand: Operand,
    /// Where it begins.
    pub at: usize,
    /// As it was written.
    pub words: String,
    /// The type of each value in it, and where that stands.
    pub types: Vec<(usize, Type)>,
}

/// Whether two sides can be compared so; the error points at what does not fit.
pub(super) fn check(
    left: &Side,
    operator: Operator,
    fold: bool,
    right: &Side,
    at: usize,
) -> Result<(), QueryError> {
    let is_path = |side: &Side| matches!(side.operand, Operand::Path(..));
    if !is_path(left) && !is_path(right) {
        let message = "one side must be a property of the class";
        return Err(QueryError::new(left.at, message));
    }
    for (left_at, left_type) in &left.types {
        for (right_at, right_type) in &right.types {
            if !left_type.meets(right_type) {
                // The side that is not a property is the one to change.
                let wrong = if is_path(left) { *right_at } else { *left_at };
                return Err(QueryError::new(
                    wrong,
                    misfit(left, left_type, right, right_type),
                ));
            }
        }
    }
    for (_, of) in left.types.iter().chain(&right.types) {
        if let Some(problem) = unfit(operator, fold, of) {
            return Err(QueryError::new(at, problem));
        }
    }
    Ok(())
}

fn misfit(left: &Side, left_type: &Type, right: &Side, right_type: &Type) -> String {
    let (path, path_type, other) = match left.operand {
        Operand::Path(..) => (&left.words, left_type, right_type),
        Operand::Literal(_) | Operand::List(..) => (&right.words, right_type, left_type),
    };
    format!(
        "{path} is {}, this is {}; {} is written {}",
        path_type.words(),
        other.words(),
        path_type.words(),
        path_type.example()
    )
}

/// Why an operator does not take a type, if it does not.
fn unfit(operator: Operator, fold: bool, of: &Type) -> Option<String> {
    let is_text = matches!(of, Type::Text | Type::Any);
    let fits = match operator {
        Operator::Equal | Operator::NotEqual => !fold || is_text || *of == Type::Null,
        Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
            !fold && of.is_ordered()
        }
        Operator::Text(TextOperator::Like) => is_text,
        Operator::Text(_) => is_text || (*of == Type::Binary && !fold),
    };
    let operator = match operator {
        _ if fold => "[c] is",
        Operator::Text(_) => "this operator is",
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessEqual
        | Operator::Greater
        | Operator::GreaterEqual => "this comparison is",
    };
    (!fits).then(|| format!("{operator} not for {}", of.words()))
}
