//! Values as they stand in a query.

use std::borrow::Cow;

use super::types::Type;
use crate::changeset::{Decimal128, Value};
use crate::ejson::spelling;

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// A value of one type.
    Value(Value),
    /// A number with a fraction, or too large for an integer: to each type it is what that type makes of its digits, so that a float column can equal 0.1.
    Fraction {
        /// To a float.
        float: f32,
        /// To a double.
        double: f64,
        /// To all others, if its digits fit.
        decimal: Option<Decimal128>,
    },
}

impl Literal {
    /// A number as it was written.
    pub fn number(text: &str) -> Option<Literal> {
        if let Some(special) = special(text) {
            return Some(Literal::Value(Value::Double(special)));
        }
        if let Some(whole) = whole(text) {
            return Some(Literal::Value(Value::Int(whole)));
        }
        let text = text.strip_suffix('f').unwrap_or(text);
        let double = spelling::double(text)?;
        Some(Literal::Fraction {
            float: spelling::float(text).unwrap_or(double as f32),
            double,
            decimal: spelling::decimal(text),
        })
    }

    /// The value that is compared with `other`.
    pub fn against(&self, other: &Value) -> Cow<'_, Value> {
        match (self, other) {
            (Literal::Value(value), _) => Cow::Borrowed(value),
            (Literal::Fraction { float, .. }, Value::Float(_)) => Cow::Owned(Value::Float(*float)),
            (Literal::Fraction { double, .. }, Value::Double(_)) => {
                Cow::Owned(Value::Double(*double))
            }
            (
                Literal::Fraction {
                    double, decimal, ..
                },
                _,
            ) => Cow::Owned(match decimal {
                Some(decimal) => Value::Decimal(*decimal),
                None => Value::Double(*double),
            }),
        }
    }

    /// Its type.
    pub fn of(&self) -> Type {
        match self {
            Literal::Value(value) => Type::of_value(value),
            Literal::Fraction { .. } => Type::Number,
        }
    }
}

fn special(text: &str) -> Option<f64> {
    let (negative, word) = match text.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match word.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => return None,
    };
    Some(if negative { -value } else { value })
}

fn whole(text: &str) -> Option<i64> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match hex {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            i64::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}
