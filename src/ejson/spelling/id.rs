//! ObjectIds, UUIDs, and the numbers of objects without primary key.

/// 24 digits.
pub fn object_id_text(id: &[u8; 12]) -> String {
    hex(id)
}

/// 24 digits, small or capital.
pub fn object_id(text: &str) -> Option<[u8; 12]> {
    bytes(text)
}

/// 8-4-4-4-12 digits.
pub fn uuid_text(id: &[u8; 16]) -> String {
    let digits = hex(id);
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// 8-4-4-4-12 digits, small or capital.
pub fn uuid(text: &str) -> Option<[u8; 16]> {
    let parts: Vec<&str> = text.splitn(6, '-').collect();
    let sizes = parts.iter().map(|part| part.len());
    sizes.eq([8, 4, 4, 4, 12]).then(|| bytes(&parts.concat()))?
}

/// `hi-lo`, two decimal numbers.
pub fn global_text(hi: u64, lo: u64) -> String {
    format!("{hi}-{lo}")
}

/// `hi-lo`, two decimal numbers.
pub fn global(text: &str) -> Option<(u64, u64)> {
    let (hi, lo) = text.split_once('-')?;
    Some((number(hi)?, number(lo)?))
}

/// Digits only; Rust's own parser also takes a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
