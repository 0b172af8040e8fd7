//! Numbers of four types in one order, by value and without rounding: NaN, minus infinity, the numbers, infinity.

use std::cmp::Ordering;

use crate::changeset::{Decimal128, Value};

/// The order of two numbers; nothing if one of them is none.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    Some(match (number(a)?, number(b)?) {
        (Number::Int(a), Number::Int(b)) => a.cmp(&b),
        (Number::Double(a), Number::Double(b)) => doubles(a, b),
        (Number::Int(a), Number::Double(b)) => int_and_double(a, b),
        (Number::Double(a), Number::Int(b)) => int_and_double(b, a).reverse(),
        (Number::Double(a), Number::Decimal(b)) => double_and_decimal(a, &b),
        (Number::Decimal(a), Number::Double(b)) => double_and_decimal(b, &a).reverse(),
        (Number::Decimal(a), Number::Decimal(b)) => decimals(&a, &b),
        (Number::Int(a), Number::Decimal(b)) => decimals(&whole(a), &b),
        (Number::Decimal(a), Number::Int(b)) => decimals(&a, &whole(b)),
    })
}

enum Number {
    Int(i64),
    Double(f64),
    Decimal(Decimal128),
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(number) => Some(Number::Int(*number)),
        Value::Float(number) => Some(Number::Double(f64::from(*number))),
        Value::Double(number) => Some(Number::Double(*number)),
        Value::Decimal(number) => Some(Number::Decimal(*number)),
        Value::Null
        | Value::Bool(_)
        | Value::String(_)
        | Value::Binary(_)
        | Value::Timestamp { .. }
        | Value::Link(_)
        | Value::ObjectId(_)
        | Value::Uuid(_)
        | Value::Object
        | Value::Dictionary
        | Value::Erased
        | Value::List
        | Value::Set => None,
    }
}

fn doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Rounding keeps the order, so only what is equal after it is looked at again.
fn int_and_double(a: i64, b: f64) -> Ordering {
    doubles(a as f64, b).then_with(|| i128::from(a).cmp(&(b as i128)))
}

fn double_and_decimal(a: f64, b: &Decimal128) -> Ordering {
    let class = Class::of_double(a).cmp(&Class::of(b));
    if class != Ordering::Equal || Class::of(b) != Class::Finite {
        return class;
    }
    let rounded = format!("{}{}e{}", sign(b.negative), coefficient(b), b.exponent);
    let rounded: f64 = rounded.parse().unwrap_or(f64::NAN);
    doubles(a, rounded).then_with(|| Digits::of_double(a).cmp(&Digits::of(b)))
}

fn decimals(a: &Decimal128, b: &Decimal128) -> Ordering {
    let class = Class::of(a).cmp(&Class::of(b));
    if class != Ordering::Equal || Class::of(a) != Class::Finite {
        return class;
    }
    if a.exponent == b.exponent && !a.negative && !b.negative {
        return coefficient(a).cmp(&coefficient(b));
    }
    Digits::of(a).cmp(&Digits::of(b))
}

fn whole(number: i64) -> Decimal128 {
    Decimal128 {
        coefficient: number.unsigned_abs().into(),
        exponent: 0,
        negative: number < 0,
    }
}

fn sign(negative: bool) -> &'static str {
    if negative { "-" } else { "" }
}

/// What a number is, in order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    NaN,
    MinusInfinity,
    Finite,
    Infinity,
}

impl Class {
    fn of(decimal: &Decimal128) -> Class {
        match decimal.exponent {
            Decimal128::NAN.. => Class::NaN,
            Decimal128::INFINITY.. if decimal.negative => Class::MinusInfinity,
            Decimal128::INFINITY.. => Class::Infinity,
            _ => Class::Finite,
        }
    }

    fn of_double(double: f64) -> Class {
        match double {
            f64::INFINITY => Class::Infinity,
            f64::NEG_INFINITY => Class::MinusInfinity,
            _ if double.is_nan() => Class::NaN,
            _ => Class::Finite,
        }
    }
}

fn coefficient(decimal: &Decimal128) -> u128 {
    match decimal.coefficient {
        coefficient
            if coefficient <= Decimal128::MOST && decimal.exponent <= Decimal128::MOST_EXPONENT =>
        {
            coefficient
        }
        _ => 0,
    }
}

/// A finite number, exactly: ±0.ddd… × 10^power, the digits without zeros at either end; zero has none.
#[derive(PartialEq, Eq)]
struct Digits {
    negative: bool,
    power: i64,
    digits: String,
}

/// Digits after the first that write every double exactly.
const EXACT: usize = 766;

impl Digits {
    fn of(decimal: &Decimal128) -> Digits {
        let digits = coefficient(decimal).to_string();
        Digits::new(decimal.negative, &digits, decimal.exponent.into())
    }

    fn of_double(double: f64) -> Digits {
        let text = format!("{:.EXACT$e}", double.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = mantissa.replace('.', "");
        let exponent: i64 = exponent.parse().unwrap_or(0);
        let last = i64::try_from(EXACT).unwrap_or(0);
        Digits::new(double < 0.0, &digits, exponent - last)
    }

    /// Of digits and the power of ten of the last.
    fn new(negative: bool, digits: &str, last: i64) -> Digits {
        let digits = digits.trim_start_matches('0');
        let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let power = if digits.is_empty() { 0 } else { last + count };
        Digits {
            negative: negative && !digits.is_empty(),
            power,
            digits: digits.trim_end_matches('0').to_owned(),
        }
    }

    fn magnitude(&self, other: &Digits) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (false, false) => (self.power, &self.digits).cmp(&(other.power, &other.digits)),
            (zero, other_zero) => other_zero.cmp(&zero),
        }
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Digits) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
            (negative, other_negative) => other_negative.cmp(&negative),
        }
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Digits) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
