//! What to write instead: for unknown keys, for those of old versions, and for texts that are no YAML.

use super::keys;
use super::near;
use super::tree::{Fault, Node, Place};

/// Keys of beta versions, by how they begin, and what became of them.
const HISTORIC: &[(&str, &str)] = &[
    (
        "auth.database",
        "beta versions had it; users are in the server's own database now: take it out",
    ),
    (
        "network.providers",
        "beta versions had it; providers are under auth.providers now",
    ),
];

/// What is said of an unknown key, and what was probably meant.
pub fn of_unknown(path: &[&str]) -> (String, Option<String>) {
    let whole = path.join(".");
    let historic = HISTORIC.iter().find(|(old, _)| {
        whole
            .strip_prefix(old)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if let Some((_, advice)) = historic {
        return ("it has no effect".to_owned(), Some((*advice).to_owned()));
    }
    let what = "unknown key; it has no effect".to_owned();
    let Some((name, section)) = path.split_last() else {
        return (what, None);
    };
    let near = near::nearest(name, keys::members(section))
        .map(|name| [section, &[name]].concat().join("."));
    // A key in the wrong section.
    let elsewhere = || {
        let mut same = keys::all()
            .filter(|key| key.path.rsplit('.').next() == Some(*name) && !key.path.contains('*'));
        let found = same.next()?;
        same.next().is_none().then(|| found.path.to_owned())
    };
    let provider =
        matches!(section, ["auth", "providers"]).then(|| format!("auth.providers.custom/{name}"));
    let meant = near.or_else(elsewhere).or(provider);
    (what, meant.map(|meant| format!("did you mean {meant}?")))
}

/// What to do instead of what this build does not do.
pub fn of_missing(path: &[&str]) -> &'static str {
    match path {
        ["backup", ..] => {
            "take it out; `ros backup SOURCE TARGET` copies the folder of a running server as often as you want"
        }
        _ => "take it out; what it would do does not happen",
    }
}

/// What was probably meant where a section is expected, and something else stands.
pub fn of_section(node: &Node) -> Option<String> {
    let (text, _) = node.scalar()?;
    let (name, value) = text.split_once(':')?;
    let fits = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fits.then(|| {
        format!(
            "a space belongs behind the colon: `{name}: {}`",
            value.trim()
        )
    })
}

/// What is probably wrong with a text that is no YAML, and where.
pub fn of_syntax(text: &str, fault: &Fault) -> Option<(Place, String)> {
    let line = text.lines().nth(fault.at.line - 1)?;
    let at = |characters: usize, width| Place {
        line: fault.at.line,
        column: characters + 1,
        width,
    };
    let blank = line.chars().take_while(|c| c.is_whitespace());
    if let Some(tab) = blank.clone().position(|c| c == '\t') {
        return Some((
            at(tab, 1),
            "indent with spaces; YAML takes no tabs".to_owned(),
        ));
    }
    if let Some((characters, which, meant)) = near::typographic(line) {
        let hint = format!(
            "`{which}` (U+{:04X}) is a typographic character; write {}",
            u32::from(which),
            meant.trim()
        );
        return Some((at(characters, 1), hint));
    }
    let value = line
        .split_once(": ")
        .map(|(name, value)| (name.chars().count() + 2, value.trim_end()));
    if let Some((characters, value)) = value
        && value.starts_with(':')
    {
        let hint = format!("what has colons needs quotes: '{value}'");
        return Some((at(characters, value.chars().count()), hint));
    }
    None
}
