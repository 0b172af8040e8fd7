//! Conditions, and whether they hold.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Follow;
use super::compare::within_type;
use super::literal::Literal;
use super::path::Path;
use super::text::{self, TextOperator};
use super::walk::Object;
use crate::changeset::Value;

/// A condition on an object.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// Always or never.
    Constant(bool),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// Two sides compared.
    Comparison {
        /// The side before the operator.
        left: Operand,
        /// How they are compared.
        operator: Operator,
        /// Whether capitals are as good as small letters.
        fold: bool,
        /// The side behind it.
        right: Operand,
    },
    /// From one value to another, both included.
    Between {
        /// What must lie there.
        operand: Operand,
        /// The least.
        least: Literal,
        /// The most.
        most: Literal,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    /// A value.
    Literal(Literal),
    /// Some values.
    List(Vec<Literal>, Quantifier),
    /// What is found in the object.
    Path(Path, Quantifier),
}

/// How many of many values must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// At least one.
    Any,
    /// Every one.
    All,
    /// Not one.
    None,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `==`, and `IN`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// An operator on texts.
    Text(TextOperator),
}

impl Condition {
    /// Whether it holds for an object.
    pub fn holds(&self, object: &Object, follow: &mut Follow) -> bool {
        match self {
            Condition::Constant(truth) => *truth,
            Condition::Not(inner) => !inner.holds(object, follow),
            Condition::All(inner) => inner.iter().all(|one| one.holds(object, follow)),
            Condition::Any(inner) => inner.iter().any(|one| one.holds(object, follow)),
            Condition::Comparison {
                left,
                operator,
                fold,
                right,
            } => {
                let (lefts, rights) = (left.terms(object, follow), right.terms(object, follow));
                left.quantifier().holds(&lefts, |left| {
                    right.quantifier().holds(&rights, |right| {
                        let (left, right) = meet(left, right);
                        compare(&left, *operator, *fold, &right)
                    })
                })
            }
            Condition::Between {
                operand,
                least,
                most,
            } => {
                let values = operand.terms(object, follow);
                let (least, most) = (Term::Literal(least), Term::Literal(most));
                operand.quantifier().holds(&values, |value| {
                    let (low, least) = meet(value, &least);
                    let (high, most) = meet(value, &most);
                    compare(&low, Operator::GreaterEqual, false, &least)
                        && compare(&high, Operator::LessEqual, false, &most)
                })
            }
        }
    }
}

/// A value on one side.
enum Term<'t> {
    Literal(&'t Literal),
    Value(Value),
}

impl Operand {
    fn terms(&self, object: &Object, follow: &mut Follow) -> Vec<Term<'_>> {
        match self {
            Operand::Literal(literal) => vec![Term::Literal(literal)],
            Operand::List(literals, _) => literals.iter().map(Term::Literal).collect(),
            Operand::Path(path, _) => {
                let values = path.values(object, follow);
                values.into_iter().map(Term::Value).collect()
            }
        }
    }

    fn quantifier(&self) -> Quantifier {
        match self {
            Operand::Literal(_) => Quantifier::Any,
            Operand::List(_, quantifier) | Operand::Path(_, quantifier) => *quantifier,
        }
    }
}

impl Quantifier {
    fn holds(self, terms: &[Term], holds: impl FnMut(&Term) -> bool) -> bool {
        match self {
            Quantifier::Any => terms.iter().any(holds),
            Quantifier::All => terms.iter().all(holds),
            Quantifier::None => !terms.iter().any(holds),
        }
    }
}

/// Two terms as the values that they are to each other.
fn meet<'t>(left: &'t Term, right: &'t Term) -> (Cow<'t, Value>, Cow<'t, Value>) {
    match (left, right) {
        (Term::Value(left), Term::Value(right)) => (Cow::Borrowed(left), Cow::Borrowed(right)),
        (Term::Value(left), Term::Literal(right)) => (Cow::Borrowed(left), right.against(left)),
        (Term::Literal(left), Term::Value(right)) => (left.against(right), Cow::Borrowed(right)),
        (Term::Literal(left), Term::Literal(right)) => {
            (left.against(&Value::Null), right.against(&Value::Null))
        }
    }
}

fn compare(left: &Value, operator: Operator, fold: bool, right: &Value) -> bool {
    use Ordering::{Equal, Greater, Less};
    let is =
        |orders: &[Ordering]| within_type(left, right).is_some_and(|order| orders.contains(&order));
    let both_null = *left == Value::Null && *right == Value::Null;
    match operator {
        Operator::Equal => both_null || equal(left, fold, right),
        Operator::NotEqual => !both_null && !equal(left, fold, right),
        Operator::Less => is(&[Less]),
        Operator::LessEqual => both_null || is(&[Less, Equal]),
        Operator::Greater => is(&[Greater]),
        Operator::GreaterEqual => both_null || is(&[Greater, Equal]),
        Operator::Text(operator) => text::holds(operator, fold, left, right),
    }
}

fn equal(left: &Value, fold: bool, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) if fold => {
            text::equal_folded(left.as_bytes(), right.as_bytes())
        }
        _ => within_type(left, right) == Some(Ordering::Equal),
    }
}
