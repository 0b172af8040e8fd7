//! Rules for firewalls let devices through.

use super::{folder, in_namespaces};

/// The inline code of a page that begins with this.
fn inline<'a>(page: &'a str, beginning: &str) -> &'a str {
    let from = page
        .find(&format!("`{beginning}"))
        .expect("the page says it")
        + 1;
    page[from..].split('`').next().unwrap()
}

#[test]
fn the_rules_that_are_printed_let_devices_through() {
    let page = include_str!("../../docs/tls-and-proxies.md");
    let rules = tempfile::tempdir_in("/var/tmp").unwrap();
    let [iptables, nft] =
        [("iptables", "iptables -t nat"), ("nft", "nft 'add table")].map(|(name, beginning)| {
            let file = rules.path().join(name);
            std::fs::write(&file, inline(page, beginning)).unwrap();
            file
        });
    for program in ["nft", "iptables", "ip", "curl"] {
        let found = std::process::Command::new(program).arg("-V").output();
        if found.is_err() {
            return println!("could not run the rules for firewalls: no {program}");
        }
    }
    let script = folder().join("firewall.sh");
    let Some(output) = in_namespaces("-mnp", &script, &[&iptables, &nft]) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().skip(1).collect();
    let expected = [
        "no firewall: through",
        "nftables: closed",
        "nftables with the recipe: through",
        "iptables: closed",
        "iptables with the recipe: through",
        "port 443: closed",
        "port 443 with iptables: through",
        "port 443 with nftables: through",
    ];
    assert_eq!(
        lines,
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
