//! What is written for operators is true: sample, README, docs.

use super::*;

/// The sample with the `#` taken away from the lines where these say so.
fn uncommented(wanted: impl Fn(usize, &str) -> bool) -> String {
    let sample = sample();
    let lines = sample.lines().enumerate().map(|(number, line)| {
        let Some((before, rest)) = line.split_once('#') else {
            return line.to_owned();
        };
        let is_value = !rest.starts_with(' ') || rest.starts_with("  ");
        if before.trim().is_empty() && is_value && wanted(number, rest) {
            format!("{before}{rest}")
        } else {
            line.to_owned()
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// What is wrong with a text beside that this build does not do it, which it must say itself.
fn mistakes(text: &str) -> Vec<String> {
    let examined = match parse(text, &Overrides::default()) {
        Ok(loaded) => {
            return loaded
                .warnings
                .iter()
                .map(|warning| format!("{warning:#}"))
                .collect();
        }
        Err(ConfigError::Invalid(problems)) => problems,
        Err(other) => panic!("{other}"),
    };
    let others = examined.iter().filter(|problem| {
        let parts: Vec<&str> = problem.key.split('.').collect();
        let works = keys::find(&parts).is_none_or(|key| key.effect == Effect::Works)
            && keys::group(&parts).is_none_or(|group| group.effect == Effect::Works);
        problem.what != Effect::MISSING || works
    });
    others.map(|problem| format!("{problem:#}")).collect()
}

#[test]
fn the_sample_is_a_configuration_whatever_is_taken_out_of_its_comments() {
    assert_eq!(mistakes(&uncommented(|_, _| false)), [""; 0]);
    assert_eq!(mistakes(&uncommented(|_, _| true)), [""; 0]);
    let sample = sample();
    let lines: Vec<&str> = sample.lines().collect();
    // Each line that may be taken out alone, with those that belong to it.
    for (first, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once('#') else {
            continue;
        };
        if rest.starts_with(' ') || rest.is_empty() || !before.trim().is_empty() {
            continue;
        }
        let belongs = |number: usize| {
            number == first
                || number > first
                    && lines[first + 1..=number]
                        .iter()
                        .all(|line| line.starts_with(&format!("{before}#  ")))
        };
        let text = uncommented(|number, _| belongs(number));
        assert_eq!(mistakes(&text), [""; 0], "{line}");
    }
    for key in all().filter(|key| !key.path.ends_with('*')) {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(sample.contains(&format!("{name}: ")), "{}", key.path);
    }
}

#[test]
fn the_example_in_the_readme_is_a_configuration() {
    let readme = include_str!("../../../README.md");
    let example = readme
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let Loaded {
        settings, warnings, ..
    } = parse(example, &Overrides::default()).unwrap();
    assert_eq!(
        (
            warnings,
            app(&settings, "my-app").map(|app| app.registration)
        ),
        (vec![], Some(true))
    );
}

/// What docs/operate.md says of a reload is what the rows say: the longest name that is given counts.
#[test]
fn the_table_of_what_a_reload_takes_is_true() {
    let text = include_str!("../../../docs/operate.md");
    let row = text
        .lines()
        .find(|line| line.starts_with("| `apps`"))
        .unwrap();
    let [at_once, restart] = [1, 2].map(|cell| {
        let names = row.split(" | ").nth(cell - 1).unwrap().split('`');
        names.skip(1).step_by(2).collect::<Vec<_>>()
    });
    let longest = |names: &[&str], key: &str| {
        let fits = names.iter().filter(|name| {
            key.strip_prefix(**name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        fits.map(|name| name.len()).max().unwrap_or(0)
    };
    let is_there = |key: &&Key| {
        let group = keys::group_of(key);
        key.effect == Effect::Works && group.is_none_or(|group| group.effect == Effect::Works)
    };
    for key in all().filter(is_there) {
        let (now, later) = (longest(&at_once, key.path), longest(&restart, key.path));
        assert_ne!(now, later, "{} is on neither side, or on both", key.path);
        assert_eq!(now > later, key.reload, "{}", key.path);
    }
}

#[test]
fn the_examples_in_the_documentation_are_configurations() {
    let text = include_str!("../../../docs/configure.md");
    let blocks = text.split("```yaml\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    for text in [blocks[0].to_owned(), blocks.concat()] {
        assert_eq!(mistakes(&text), [""; 0]);
    }
}

/// Each is the part of a file that it is about.
#[test]
fn the_examples_for_signing_in_are_configurations() {
    let text = include_str!("../../../docs/users.md");
    let blocks = text.split("```yaml\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 10);
    let overrides = Overrides {
        root: Some("/r".into()),
        private_key: Some("/k".into()),
        ..Overrides::default()
    };
    for text in blocks {
        let loaded = parse(text, &overrides);
        let loaded = loaded.unwrap_or_else(|error| panic!("{text}{error:?}"));
        assert_eq!(loaded.warnings, [], "{text}");
    }
}
