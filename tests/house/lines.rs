//! Every command line of `ros` on paper is one: its commands, options and values are those of the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names that the program answers to.
const NAMES: [&str; 3] = ["ros", "realm-backup", "realm-object-server"];

#[test]
fn every_command_line_on_paper_is_one() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in papers() {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let code = match file.extension().and_then(|end| end.to_str()) {
            Some("md") => of_page(&text),
            Some("1") => of_manual(&text),
            _ => text.replace("ExecStart=", ""),
        };
        for words in commands(&code) {
            count += 1;
            // Whatever is wrong is met before the help is.
            let output = Command::new(env!("CARGO_BIN_EXE_ros"))
                .args(as_ros(&words))
                .arg("--help")
                .env_clear()
                .output()
                .unwrap();
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let said = said.lines().next().unwrap_or_default().to_owned();
                wrong.push(format!("{name}: {}: {said}", words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "{count} command lines were found");
}

/// Everything that shows command lines.
fn papers() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![
        root.join("README.md"),
        root.join("ARCHITECTURE.md"),
        root.join("packaging/realm-object-server.service"),
    ];
    for (folder, end) in [("docs", "md"), ("man", "1")] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|found| found == end)));
    }
    files.sort();
    files
}

/// The arguments of `ros` that mean the same.
fn as_ros(words: &[String]) -> Vec<&str> {
    let arguments = words[1..].iter().map(String::as_str);
    match words[0].as_str() {
        "realm-backup" => std::iter::once("backup").chain(arguments).collect(),
        "realm-object-server" if words.iter().any(|word| word == "--check-configuration") => {
            let arguments = arguments.filter(|word| *word != "--check-configuration");
            std::iter::once("check-config").chain(arguments).collect()
        }
        "realm-object-server" => std::iter::once("serve").chain(arguments).collect(),
        _ => arguments.collect(),
    }
}

/// The blocks for shells, and what stands between backticks and begins with a name of the program. What shows how commands are put together is none.
fn of_page(page: &str) -> String {
    let mut code = String::new();
    for (number, part) in page.split("```").enumerate() {
        if number % 2 == 1 {
            let (language, block) = part.split_once('\n').unwrap_or(("", part));
            if matches!(language, "sh" | "") {
                code += block;
            }
            continue;
        }
        for span in part.split('`').skip(1).step_by(2) {
            let is_command = NAMES
                .iter()
                .any(|name| span.starts_with(&format!("{name} ")));
            if is_command && !span.contains(['[', '|', '…', '<', '\n']) {
                code += span;
                code.push('\n');
            }
        }
    }
    code
}

/// The examples of a manual page.
fn of_manual(page: &str) -> String {
    let examples = page.split(".SH EXAMPLES\n.nf\n").nth(1).unwrap_or_default();
    let examples = examples.split(".fi").next().unwrap_or_default();
    examples
        .replace("\\-", "-")
        .replace("\\*(Aq", "'")
        .replace("\\(aq", "'")
        .replace("\\\\", "\\")
}

/// The commands of the program in what a shell reads, each as its words.
fn commands(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let (mut begun, mut quote) = (false, None);
    let mut characters = code.chars().peekable();
    while let Some(character) = characters.next() {
        let end_word = |commands: &mut Vec<Vec<String>>, word: &mut String, begun: &mut bool| {
            if std::mem::take(begun) {
                let command = commands.last_mut().unwrap();
                command.push(std::mem::take(word));
            }
        };
        match (character, quote) {
            ('\\', None | Some('"')) => match characters.next() {
                Some('\n') | None => {}
                Some(escaped) => {
                    word.push(escaped);
                    begun = true;
                }
            },
            (character, Some(open)) if character == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                begun = true;
            }
            // What another command puts in is a word, or a part of one.
            ('$', None | Some('"')) if characters.peek() == Some(&'(') => {
                let inner: String = characters.by_ref().take_while(|c| *c != ')').collect();
                found.extend(self::commands(inner.trim_start_matches('(')));
                word.push('0');
                begun = true;
            }
            ('$', None) if characters.next_if_eq(&'!').is_some() => {
                word.push('0');
                begun = true;
            }
            ('#', None) if !begun => {
                let rest = characters.by_ref().take_while(|c| *c != '\n');
                rest.for_each(drop);
                commands.push(Vec::new());
            }
            ('\n' | ';' | '|' | '&' | '(' | ')', None) => {
                end_word(&mut commands, &mut word, &mut begun);
                commands.push(Vec::new());
            }
            ('<' | '>', None) => {
                // Where it goes, or comes from, is no word of the command. A `2` before it is none, either.
                if word != "2" {
                    end_word(&mut commands, &mut word, &mut begun);
                }
                (word, begun) = (">".to_owned(), true);
                while characters
                    .next_if(|next| matches!(next, '<' | '>' | '&' | ' '))
                    .is_some()
                {}
            }
            (character, None) if character.is_whitespace() => {
                end_word(&mut commands, &mut word, &mut begun);
            }
            (character, _) => {
                word.push(character);
                begun = true;
            }
        }
    }
    if begun {
        commands.last_mut().unwrap().push(word);
    }
    found.extend(commands.into_iter().filter_map(of_program));
    found
}

/// The command of the program that a command is, or has another program run.
fn of_program(mut words: Vec<String>) -> Option<Vec<String>> {
    words.retain(|word| !word.starts_with('>'));
    let is_before = |word: &String| {
        word == "$"
            || word == "--"
            || word.contains('=')
            || [
                "sudo", "if", "then", "!", "do", "exec", "runuser", "-u", "realm",
            ]
            .contains(&word.as_str())
    };
    let start = words.iter().position(|word| !is_before(word))?;
    let name = Path::new(&words[start]).file_name()?.to_str()?.to_owned();
    NAMES.contains(&name.as_str()).then(|| {
        words.drain(..start);
        words[0] = name;
        words
    })
}

#[test]
fn commands_are_found_in_shell() {
    let found = |code| {
        let found = commands(code);
        found
            .iter()
            .map(|words| words.join(","))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("ros a b # c\n/usr/bin/ros d"), ["ros,a,b", "ros,d"]);
    assert_eq!(
        found("X=1 ros a 'b c' \"d\\\"e\" \\\n  f | jq .x > g; echo ros h"),
        ["ros,a,b c,d\"e,f"]
    );
    assert_eq!(
        found("t=$(ros token admin)\nros a \"x-$(date +%F)\" 2>/dev/null <<'E'"),
        ["ros,token,admin", "ros,a,x-0"]
    );
    assert_eq!(
        found("$ ros a & sleep 1\nrunuser -u realm -- ros b\ncp ros /usr/bin/ros"),
        ["ros,a", "ros,b"]
    );
    assert_eq!(
        of_page("`ros a` text `ros b [C]`\n```sh\nros d\n```\n```yaml\nros: e\n```"),
        "ros a\nros d\n"
    );
}
