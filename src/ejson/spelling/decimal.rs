//! Decimal128: the scientific string of IEEE 754-2008, in which coefficient and exponent can be seen (`1.5` and `1.50` are two decimals).

use crate::changeset::Decimal128;

/// The largest coefficient: 34 nines.
const MOST: u128 = 10_u128.pow(DIGITS as u32) - 1;
const DIGITS: usize = 34;
/// The exponents of numbers. Others stand for infinities and NaNs.
const LEAST_EXPONENT: i64 = -6176;
const MOST_EXPONENT: i64 = 6111;
/// What stands in the exponent's place (section 5.1 of the changeset format).
const INFINITY: i32 = 9184;
const NAN: i32 = 9696;

/// A decimal, such as `1.50`, `-0`, `1E+3`, `Infinity`, `NaN`; nothing for the bit patterns that are no number and none of these words.
pub fn decimal_text(decimal: &Decimal128) -> Option<String> {
    let sign = if decimal.negative { "-" } else { "" };
    let exponent = i64::from(decimal.exponent);
    match (decimal.coefficient, decimal.exponent) {
        (0, INFINITY) => Some(format!("{sign}Infinity")),
        (0, NAN) => Some(format!("{sign}NaN")),
        (coefficient, _) if coefficient > MOST => None,
        _ if !(LEAST_EXPONENT..=MOST_EXPONENT).contains(&exponent) => None,
        (coefficient, _) => Some(format!("{sign}{}", number(coefficient, exponent))),
    }
}

/// A decimal; a text that no decimal equals (too many digits, an exponent out of range) is refused.
pub fn decimal(text: &str) -> Option<Decimal128> {
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let of = |(coefficient, exponent)| Decimal128 {
        coefficient,
        exponent,
        negative,
    };
    if text.eq_ignore_ascii_case("infinity") || text.eq_ignore_ascii_case("inf") {
        return Some(of((0, INFINITY)));
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(of((0, NAN)));
    }
    let (digits, exponent) = parts(text)?;
    fit(&digits, exponent).map(of)
}

/// Plain for numbers of a usual size, scientific for others.
fn number(coefficient: u128, exponent: i64) -> String {
    let digits = coefficient.to_string();
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let adjusted = exponent + count - 1;
    if exponent > 0 || adjusted < -6 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{first}{point}{rest}E{adjusted:+}");
    }
    if exponent == 0 {
        return digits;
    }
    let places = usize::try_from(-exponent).unwrap_or(0);
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

/// The significant digits and the exponent of `12.50E+3`.
fn parts(text: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, power(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let places = i64::try_from(fraction.len()).ok()?;
    Some((digits, exponent - places))
}

fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// The digits as a coefficient: zeros are moved between it and the exponent where one of them is out of range, as far as that changes no value.
fn fit(digits: &str, mut exponent: i64) -> Option<(u128, i32)> {
    let mut digits = digits.trim_start_matches('0').to_owned();
    if digits.is_empty() {
        exponent = exponent.clamp(LEAST_EXPONENT, MOST_EXPONENT);
    }
    while (digits.len() > DIGITS || exponent < LEAST_EXPONENT) && digits.ends_with('0') {
        digits.pop();
        exponent += 1;
    }
    while exponent > MOST_EXPONENT && digits.len() < DIGITS {
        digits.push('0');
        exponent -= 1;
    }
    if digits.len() > DIGITS || !(LEAST_EXPONENT..=MOST_EXPONENT).contains(&exponent) {
        return None;
    }
    let coefficient = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    Some((coefficient, i32::try_from(exponent).ok()?))
}
