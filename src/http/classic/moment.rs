//! Times as SDKs write them into JSON: each in the way of its own language.

use crate::ident::UnixTime;

/// Zones by name, as `Date.toString()` of Java has them, with their minutes east of Greenwich.
const ZONES: [(&str, i64); 20] = [
    ("GMT", 0),
    ("UTC", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The time that a text means, without its fraction of a second; `None` if it means none, or one before 1970. Known are ISO 8601 with any fraction and offset (JavaScript,
/// .NET, Cocoa) and `Tue Jan 02 03:04:05 GMT 2019` (Java).
pub fn parse(text: &str) -> Option<UnixTime> {
    let (plain, east) = iso(text).or_else(|| java(text))?;
    let time = humantime::parse_rfc3339(&format!("{plain}Z")).ok()?;
    let seconds = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    let seconds = i64::try_from(seconds).ok()? - east * 60;
    u64::try_from(seconds).ok().map(UnixTime)
}

/// A time as all SDKs read it.
pub fn shown(time: UnixTime) -> String {
    let text = time.rfc3339();
    format!("{}.000Z", text.strip_suffix('Z').unwrap_or(&text))
}

/// `2019-01-02T03:04:05`, and the minutes of the offset after it.
fn iso(text: &str) -> Option<(String, i64)> {
    let (plain, rest) = (text.get(..19)?, text.get(19..)?);
    let zone = match rest.strip_prefix('.') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let is_iso = plain.as_bytes()[10] == b'T';
    is_iso.then_some(())?;
    let east = match zone {
        "" | "Z" => 0,
        zone => offset(zone)?,
    };
    Some((plain.to_owned(), east))
}

/// `+02:00` or `+0200`, as minutes.
fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    let fits = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = fits.then(|| digits.split_at(2))?;
    Some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?))
}

fn java(text: &str) -> Option<(String, i64)> {
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, month, day, clock, zone, year] = parts.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    let named = ZONES.iter().find(|(name, _)| name == zone);
    let east = match named {
        Some((_, east)) => *east,
        None => offset(zone.strip_prefix("GMT")?)?,
    };
    Some((format!("{year}-{month:02}-{day:0>2}T{clock}"), east))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_sdks_are_read() {
        let time = UnixTime(1_546_398_245);
        for text in [
            "2019-01-02T03:04:05.000Z",
            "2019-01-02T03:04:05Z",
            "2019-01-02T03:04:05.1234567Z",
            "2019-01-02T03:04:05.1234567",
            "2019-01-02T05:04:05.1234567+02:00",
            "2019-01-01T22:34:05-0430",
            "2019-01-02T03:04:05+00:00",
            "Tue Jan 02 03:04:05 GMT 2019",
            "Wed Jan 2 04:04:05 CET 2019",
            "Tue Jan 01 19:04:05 PST 2019",
            "Wed Jan 02 05:04:05 GMT+02:00 2019",
        ] {
            assert_eq!(parse(text), Some(time), "{text}");
        }
        assert_eq!(shown(time), "2019-01-02T03:04:05.000Z");
        for text in [
            "",
            "soon",
            "2019-13-02T03:04:05Z",
            "2019-01-02 03:04:05Z",
            "2019-01-02T03:04:05+2",
            "2019-01-02T03:04:05é",
            "1969-12-31T23:59:59Z",
            "Tue Foo 02 03:04:05 GMT 2019",
            "Tue Jan 02 03:04:05 XYZ 2019",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
