//! Floats: the shortest decimal that reads back to the same bits.
//!
//! A NaN is `NaN` if it is the usual one and `NaN(0x7ff8000000000001)`, its bits, if it is another.

/// A double, such as `1.5`, `3.0`, `1e300`, `-0.0`, `Infinity`, `NaN`.
pub fn double_text(value: f64) -> String {
    match value {
        _ if value.to_bits() == f64::NAN.to_bits() => "NaN".into(),
        _ if value.is_nan() => format!("NaN(0x{:016x})", value.to_bits()),
        _ if value.is_infinite() => infinity(value > 0.0),
        _ => format!("{value:?}"),
    }
}

/// A double; one that is too large is refused.
pub fn double(text: &str) -> Option<f64> {
    match special(text, 16) {
        Some(Special::NaN) => Some(f64::NAN),
        Some(Special::Bits(bits)) => Some(f64::from_bits(bits)).filter(|value| value.is_nan()),
        Some(Special::Infinity) => Some(f64::INFINITY),
        Some(Special::MinusInfinity) => Some(f64::NEG_INFINITY),
        None => plain(text)?.parse().ok().filter(|v: &f64| v.is_finite()),
    }
}

/// A float, spelled like a double.
pub fn float_text(value: f32) -> String {
    match value {
        _ if value.to_bits() == f32::NAN.to_bits() => "NaN".into(),
        _ if value.is_nan() => format!("NaN(0x{:08x})", value.to_bits()),
        _ if value.is_infinite() => infinity(value > 0.0),
        _ => format!("{value:?}"),
    }
}

/// A float; one that is too large is refused.
pub fn float(text: &str) -> Option<f32> {
    match special(text, 8) {
        Some(Special::NaN) => Some(f32::NAN),
        Some(Special::Bits(bits)) => u32::try_from(bits)
            .ok()
            .map(f32::from_bits)
            .filter(|value| value.is_nan()),
        Some(Special::Infinity) => Some(f32::INFINITY),
        Some(Special::MinusInfinity) => Some(f32::NEG_INFINITY),
        None => plain(text)?.parse().ok().filter(|v: &f32| v.is_finite()),
    }
}

enum Special {
    NaN,
    Bits(u64),
    Infinity,
    MinusInfinity,
}

/// A text that is no number; bits have so many digits.
fn special(text: &str, digits: usize) -> Option<Special> {
    match text {
        "NaN" => Some(Special::NaN),
        "Infinity" => Some(Special::Infinity),
        "-Infinity" => Some(Special::MinusInfinity),
        _ => {
            let bits = text.strip_prefix("NaN(0x")?.strip_suffix(')')?;
            let all_digits = bits.bytes().all(|byte| byte.is_ascii_hexdigit());
            (bits.len() == digits && all_digits)
                .then(|| u64::from_str_radix(bits, 16).ok())?
                .map(Special::Bits)
        }
    }
}

/// Rust's parser also takes words.
fn plain(text: &str) -> Option<&str> {
    let fits = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(fits).then_some(text)
}

fn infinity(positive: bool) -> String {
    if positive { "Infinity" } else { "-Infinity" }.into()
}
