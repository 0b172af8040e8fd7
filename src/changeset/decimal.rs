//! Decimal numbers of 34 digits.

/// An IEEE 754-2008 decimal128 (BID) as the changeset carries it: (-1)^sign * coefficient * 10^exponent. NaN and infinities travel as
/// exponents out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal128 {
    /// The low 113 bits of the BID word.
    pub coefficient: u128,
    /// Decimal exponent, bias removed.
    pub exponent: i32,
    /// Whether the sign bit is set.
    pub negative: bool,
}

impl Decimal128 {
    /// From these exponents on, a decimal is no number (section 5.1 of the changeset format).
    pub(crate) const INFINITY: i32 = 9184;
    /// From this one on it is NaN.
    pub(crate) const NAN: i32 = 9696;
    /// The largest coefficient of a number. A bit pattern beyond them is zero, says IEEE 754.
    pub(crate) const MOST: u128 = 10_u128.pow(34) - 1;
    /// The largest exponent.
    pub(crate) const MOST_EXPONENT: i32 = 6111;
    /// A double is known by so many digits.
    const DIGITS: u128 = 10_u128.pow(15);

    /// The same number without zeros at its end, and zero without a sign. Each NaN is its own.
    pub fn normal(self) -> Decimal128 {
        if self.exponent >= Decimal128::NAN {
            return self;
        }
        if self.exponent >= Decimal128::INFINITY {
            return Decimal128 {
                coefficient: 0,
                exponent: Decimal128::INFINITY,
                ..self
            };
        }
        let mut normal = self;
        if self.coefficient > Decimal128::MOST || self.exponent > Decimal128::MOST_EXPONENT {
            normal.coefficient = 0;
        }
        if normal.coefficient == 0 {
            return Decimal128 {
                coefficient: 0,
                exponent: 0,
                negative: false,
            };
        }
        while normal.coefficient.is_multiple_of(10) {
            normal.coefficient /= 10;
            normal.exponent += 1;
        }
        normal
    }

    /// The double that is taken for the same number, if there is one.
    pub(super) fn double(self) -> Option<f64> {
        let Decimal128 {
            coefficient,
            exponent,
            negative,
        } = self.normal();
        let sign = if negative { -1.0 } else { 1.0 };
        match exponent {
            Decimal128::NAN.. => None,
            Decimal128::INFINITY.. => Some(sign * f64::INFINITY),
            _ if coefficient >= Decimal128::DIGITS => None,
            _ => {
                let double: f64 = format!("{coefficient}e{exponent}").parse().ok()?;
                let is_one = double.is_finite() && (double != 0.0 || coefficient == 0);
                is_one.then_some(sign * double)
            }
        }
    }

    /// The integer that is the same number, if there is one.
    pub(super) fn int(self) -> Option<i64> {
        let normal = self.normal();
        let power = 10_i128.checked_pow(u32::try_from(normal.exponent).ok()?)?;
        let whole = i128::try_from(normal.coefficient)
            .ok()?
            .checked_mul(power)?;
        i64::try_from(if normal.negative { -whole } else { whole }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changeset::Value;

    fn decimal(coefficient: u128, exponent: i32) -> Value {
        Value::Decimal(Decimal128 {
            coefficient,
            exponent,
            negative: false,
        })
    }

    #[test]
    fn a_number_is_one_member_whatever_it_is_written_as() {
        let minus_zero = Value::Decimal(Decimal128 {
            coefficient: 0,
            exponent: 3,
            negative: true,
        });
        let same = [
            vec![
                Value::Int(1),
                Value::Float(1.0),
                Value::Double(1.0),
                decimal(1, 0),
                decimal(1_000, -3),
            ],
            vec![
                Value::Int(0),
                Value::Float(-0.0),
                Value::Double(0.0),
                minus_zero,
                decimal(5, 7_000), // no number, and zero by its standard
            ],
            vec![
                Value::Float(0.5),
                Value::Double(0.5),
                decimal(5, -1),
                decimal(500, -3),
            ],
            vec![Value::Double(0.1), decimal(1, -1)],
            vec![Value::Float(0.1)],
            vec![Value::Int(1 << 60), Value::Double((1_i64 << 60) as f64)],
            vec![Value::Int((1 << 60) + 1), decimal((1 << 60) + 1, 0)],
            vec![Value::Double(1e300), decimal(1, 300), decimal(100, 298)],
            vec![decimal(1, 400)],
            vec![decimal(1, -400)],
            vec![
                decimal(12_345_678_901_234_567, -1),
                decimal(123_456_789_012_345_670, -2),
            ],
            vec![
                Value::Double(f64::INFINITY),
                decimal(0, 9184),
                decimal(7, 9185),
            ],
            vec![Value::Double(f64::NAN)],
            vec![decimal(0, 9696)],
            vec![Value::Bool(true)],
            vec![Value::String("1".into())],
            vec![Value::Null],
        ];
        for (at, group) in same.iter().enumerate() {
            for value in group {
                let found = same
                    .iter()
                    .position(|other| other[0].as_member() == value.as_member());
                assert_eq!(found, Some(at), "{value:?}");
            }
        }
    }
}
