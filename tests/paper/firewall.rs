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
    let [iptables, nft, firewalld] = [
        ("iptables", "iptables -t nat"),
        ("nft", "nft 'add table"),
        ("firewalld", "firewall-cmd --permanent"),
    ]
    .map(|(name, beginning)| {
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
    let Some(output) = in_namespaces("-mnp", &script, &[&iptables, &nft, &firewalld]) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().skip(1).collect();
    let mut expected = vec![
        "no firewall: through",
        "nftables: closed",
        "nftables with the recipe: through",
        "iptables: closed",
        "iptables with the recipe: through",
    ];
    let is_there = |programs: &[&str]| {
        let found = |program: &&str| {
            let mut folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter();
            folders.any(|folder| std::path::Path::new(folder).join(program).exists())
        };
        let all = programs.iter().all(found);
        if !all {
            println!("could not run the rules for {}", programs[0]);
        }
        all
    };
    if is_there(&["ufw"]) {
        expected.extend(["ufw: closed", "ufw with the recipe: through"]);
    }
    if is_there(&["firewalld", "dbus-daemon"]) {
        expected.extend([
            "firewalld: closed",
            "firewalld with the recipe: through",
            "port 443 behind firewalld: closed",
            "port 443 with firewalld: through",
        ]);
    }
    expected.extend([
        "port 443: closed",
        "port 443 with iptables: through",
        "port 443 with nftables: through",
    ]);
    assert_eq!(
        lines,
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
