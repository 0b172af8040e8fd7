//! What somebody meant: the nearest of known names, and the quotes that a word processor has replaced.

/// Bytes of a name that could have been meant as another.
const LONGEST: usize = 64;

/// The nearest of these names, if one is near enough to have been meant.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LONGEST {
        return None;
    }
    let lower = given.to_lowercase();
    let scored = names.into_iter().map(|name| {
        let distance = strsim::osa_distance(&lower, &name.to_lowercase());
        (distance, name)
    });
    let (distance, name) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + given.chars().count() / 4).then_some(name)
}

/// A character that looks like one of YAML's and is none, and what it looks like; nothing for the ends of a text.
fn plain(character: char) -> Option<&'static str> {
    match character {
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' => Some("'"),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => Some("\""),
        '\u{a0}' | '\u{2007}' | '\u{202f}' => Some(" "),
        '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' => Some(""),
        '–' | '—' | '−' => Some("-"),
        '：' => Some(":"),
        _ => None,
    }
}

/// The first typographic character of a text: after how many characters, which, and the text as it was meant.
pub fn typographic(text: &str) -> Option<(usize, char, String)> {
    let at = text.chars().position(|c| plain(c).is_some())?;
    let which = text.chars().nth(at)?;
    let mut meant = String::new();
    for character in text.chars() {
        match plain(character) {
            Some(plain) => meant.push_str(plain),
            None => meant.push(character),
        }
    }
    Some((at, which, meant))
}

/// Whether a text has typographic quotes around it, or at one end.
pub fn is_quoted_typographically(text: &str) -> bool {
    let is_quote = |c: Option<char>| {
        c.and_then(plain)
            .is_some_and(|plain| plain == "'" || plain == "\"")
    };
    is_quote(text.chars().next()) || is_quote(text.chars().next_back())
}
