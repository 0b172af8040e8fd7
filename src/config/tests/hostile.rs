//! Texts that were made to take long.

use super::*;

#[test]
fn hostile_texts_are_bounded() {
    let billion: String = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)
    });
    let deep = "[".repeat(10_000);
    let deep_maps = "{a: ".repeat(10_000);
    let many: String = (0..150_000).map(|n| format!("k{n}:\n")).collect();
    for text in [
        &billion,
        &deep,
        &deep_maps,
        "a: &a [*a]",
        "? [x]\n: y",
        "!evil x",
        "a: 1\n---\na: 2",
        "*x",
        "%",
        "\u{0}",
        "&",
    ] {
        assert!(
            parse(text, &Overrides::default()).is_err(),
            "{}",
            &text[..text.len().min(60)]
        );
    }
    assert!(parse(&many, &Overrides::default()).is_err());
    // Much of what is allowed, and all of it wrong: each takes the same time.
    let begin = std::time::Instant::now();
    let apps: String = (0..30_000)
        .map(|n| format!("  a{n}: {{ registration: open }}\n"))
        .collect();
    assert_eq!(
        loaded(&format!("apps:\n{apps}")).settings.apps.named.len(),
        30_000
    );
    let wrong: String = (0..30_000)
        .map(|n| format!("  a{n}: {{ registration: ajar }}\n"))
        .collect();
    assert_eq!(problems(&format!("{MINIMAL}apps:\n{wrong}")).len(), 30_000);
    let one_line = format!("{{ {} }}", "k: 1, ".repeat(10_000));
    assert!(parse(&one_line, &Overrides::default()).is_err());
    let long = format!("{}: 1\n", "k".repeat(9000)).repeat(100);
    assert!(parse(&long, &Overrides::default()).is_err());
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
    assert!(parse(&" ".repeat((1 << 20) + 1), &Overrides::default()).is_err());
}
