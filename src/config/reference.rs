//! Every key for the documentation, as Markdown.

use super::keys::{self, Effect, Key};

const HEAD: &str = "\
# Keys of the configuration

Written by `ros generate` from the definition of the keys; [configure.md](configure.md) explains the file. `*` stands for a name that you choose. \"Restart\": a reload does not take another value.
";

/// The reference of all keys and of the sections that say something by being there.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for key in keys::all() {
        let name = key.path.split('.').next().unwrap_or_default();
        if name != section {
            section = name;
            text += &format!("\n## {name}\n\n");
            for group in keys::groups().filter(|group| group.path.starts_with(&format!("{name}.")))
            {
                text += &format!("- `{}`: {}\n", group.path, group.effect.told(group.text));
            }
            if text.ends_with("\n\n") {
                text += "| key | value | default | |\n|---|---|---|---|\n";
            } else {
                text += "\n| key | value | default | |\n|---|---|---|---|\n";
            }
        }
        text += &row(key);
    }
    text
}

fn row(key: &Key) -> String {
    let default = match key.default() {
        Some(default) => format!("`{default}`"),
        None if key.needed => "needed".to_owned(),
        None => String::new(),
    };
    let restart = if key.reload || key.effect == Effect::Missing {
        ""
    } else {
        " Restart."
    };
    let cell = |text: &str| text.replace('|', "\\|");
    format!(
        "| `{}` | {} | {} | {}{restart} |\n",
        key.path,
        cell(&key.kind.expected()),
        cell(&default),
        cell(&key.effect.told(key.text)),
    )
}
