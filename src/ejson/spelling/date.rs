//! Points in time: RFC 3339, UTC when written.

const DAY: i64 = 86_400;
/// 0000-01-01T00:00:00Z and the second after 9999-12-31T23:59:59Z: what four digits of a year can say.
const FIRST: i64 = -62_167_219_200;
const END: i64 = 253_402_300_800;
/// Nanoseconds in a second.
const NANOS: i32 = 1_000_000_000;

/// `2023-11-14T22:13:20.5Z`, with as many digits as it takes; nothing for years that have not four digits. Both parts have the same sign.
pub fn date_text(seconds: i64, nanoseconds: i32) -> Option<String> {
    let (seconds, nanoseconds) = match nanoseconds {
        0.. => (seconds, nanoseconds),
        _ => (seconds.checked_sub(1)?, nanoseconds + NANOS),
    };
    if !(FIRST..END).contains(&seconds) {
        return None;
    }
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let time = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let fraction = match nanoseconds {
        0 => String::new(),
        _ => format!(".{nanoseconds:09}")
            .trim_end_matches('0')
            .to_owned(),
    };
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
    ))
}

/// An RFC 3339 text with any offset, or a day alone, which is its first second. The parts of the result have the same sign.
pub fn date(text: &str) -> Option<(i64, i32)> {
    let (day, rest) = text.split_at_checked(10)?;
    let days = days(day)?;
    if rest.is_empty() {
        return Some((days * DAY, 0));
    }
    let (time, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let (nanoseconds, offset) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    let seconds = days * DAY + clock(time)? - seconds_east(offset)?;
    Some(same_sign(seconds, nanoseconds))
}

/// Seconds and a fraction that counts forwards, as two numbers of one sign.
fn same_sign(seconds: i64, nanoseconds: i32) -> (i64, i32) {
    if seconds < 0 && nanoseconds > 0 {
        (seconds + 1, nanoseconds - NANOS)
    } else {
        (seconds, nanoseconds)
    }
}

/// `2023-11-14`, as days since 1970.
fn days(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let days = days_from_civil(year, month, day);
    let is_a_day = parts.next().is_none() && civil(days) == (year, month, day);
    is_a_day.then_some(days)
}

/// `22:13:20`, as seconds.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(parts.next()?, 2).filter(|second| *second < 60)?;
    parts
        .next()
        .is_none()
        .then_some(hour * 3600 + minute * 60 + second)
}

/// One to nine digits, and what follows them.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if !(1..=9).contains(&digits.len()) {
        return None;
    }
    Some((format!("{digits:0<9}").parse().ok()?, rest))
}

/// `Z` or `+02:00`.
fn seconds_east(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let hours = number(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// Exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// Year, month and day of a day counted from 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day counted from 1970; a day or month out of range gives one that [`civil`] calls otherwise.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
