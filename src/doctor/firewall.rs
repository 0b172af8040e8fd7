//! Whether a firewall of this host keeps clients out, as far as it can be seen; the recipe that lets them in.

use super::{Finding, printed};
use crate::config::{Listener, Settings};

const CHECK: &str = "firewall";

/// What a firewall says of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It lets the port through, or filters nothing.
    Open,
    /// It drops what it does not know, and does not know the port.
    Closed,
    /// It is not there, not active, or may not be asked.
    Silent,
}

/// The firewalls, those that rule over others first: how each is asked, judged, and opened.
const FIREWALLS: [Firewall; 4] = [
    Firewall {
        name: "firewalld",
        ask: &["firewall-cmd", "--list-all"],
        judge: firewalld,
        open: "firewall-cmd --permanent --add-port={port}/tcp && firewall-cmd --reload",
    },
    Firewall {
        name: "ufw",
        ask: &["ufw", "status"],
        judge: ufw,
        open: "ufw allow {port}/tcp",
    },
    Firewall {
        name: "nftables",
        ask: &["nft", "list", "ruleset"],
        judge: nftables,
        open: "nft insert rule {chain} tcp dport {port} accept",
    },
    Firewall {
        name: "iptables",
        ask: &["iptables", "-S", "INPUT"],
        judge: iptables,
        open: "iptables -I INPUT -p tcp --dport {port} -j ACCEPT",
    },
];

struct Firewall {
    name: &'static str,
    ask: &'static [&'static str],
    judge: fn(&str, u16) -> Verdict,
    open: &'static str,
}

/// The command that leads one port to another, for those who may not listen on the first: that of the firewall of this host.
pub fn redirect(from: u16, to: u16) -> String {
    redirect_with(from, to, |program, arguments| {
        printed(program, arguments).is_some()
    })
}

fn redirect_with(from: u16, to: u16, works: impl Fn(&str, &[&str]) -> bool) -> String {
    if works("firewall-cmd", &["--state"]) {
        format!(
            "firewall-cmd --permanent --add-forward-port=port={from}:proto=tcp:toport={to} && firewall-cmd --reload"
        )
    } else if !works("iptables", &["--version"]) && works("nft", &["--version"]) {
        format!(
            "nft 'add table inet realm; add chain inet realm ports {{ type nat hook prerouting priority dstnat; }}; add rule inet realm ports tcp dport {from} redirect to :{to}'"
        )
    } else {
        format!("iptables -t nat -A PREROUTING -p tcp --dport {from} -j REDIRECT --to-ports {to}")
    }
}

/// What the firewalls say of the ports that clients come to.
pub fn findings(settings: &Settings) -> Vec<Finding> {
    let listeners = [settings.proxy_http, settings.proxy_https.listener];
    let open = |listener: &Listener| listener.enabled && !listener.address.is_loopback();
    let ports = listeners.into_iter().filter(open);
    let ports: Vec<u16> = ports.map(|listener| listener.port).collect();
    if ports.is_empty() {
        let text = "clients come from this host only; a firewall does not matter";
        return vec![Finding::ok(CHECK, text)];
    }
    let ask = |firewall: &Firewall| printed(firewall.ask[0], &firewall.ask[1..]);
    ports.into_iter().map(|port| judged(port, ask)).collect()
}

fn judged(port: u16, ask: impl Fn(&Firewall) -> Option<String>) -> Finding {
    let mut asked = false;
    for firewall in &FIREWALLS {
        let Some(said) = ask(firewall) else {
            continue;
        };
        asked = true;
        let name = firewall.name;
        match (firewall.judge)(&said, port) {
            Verdict::Open => return Finding::ok(CHECK, format!("{name} lets port {port} through")),
            Verdict::Closed => {
                let recipe = firewall.open.replace("{port}", &port.to_string());
                let chain = nft_chain(&said).unwrap_or_default();
                let recipe = recipe.replace("{chain}", &chain);
                let text = format!("{name} is active and has no rule for port {port}");
                return Finding::warn(CHECK, text, recipe);
            }
            Verdict::Silent => {}
        }
    }
    if asked {
        Finding::ok(CHECK, "no firewall of this host filters what comes in")
    } else {
        Finding::warn(
            CHECK,
            "no firewall could be asked",
            format!("run this as root; a firewall of the network must let port {port} through too"),
        )
    }
}

/// Whether one of the ports in a text is this one of TCP: `9080`, `9080/tcp`, or a range.
fn has(text: &str, port: u16) -> bool {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}');
    text.split(between).any(|word| {
        let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
        let (first, last) = ports.split_once(['-', ':']).unwrap_or((ports, ports));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) => protocol == "tcp" && (first..=last).contains(&port),
            _ => false,
        }
    })
}

/// What a rule says of ports of TCP: what stands behind a word.
fn behind<'a>(rule: &'a str, word: &str) -> Option<&'a str> {
    let (before, ports) = rule.split_once(word)?;
    (!before.contains("udp")).then_some(ports)
}

fn verdict(open: bool) -> Verdict {
    if open { Verdict::Open } else { Verdict::Closed }
}

fn firewalld(said: &str, port: u16) -> Verdict {
    let accepts = said.lines().any(|line| line.trim() == "target: ACCEPT");
    let mut ports = said
        .lines()
        .filter(|line| line.trim().starts_with("ports:"));
    verdict(accepts || ports.any(|line| has(line, port)))
}

fn ufw(said: &str, port: u16) -> Verdict {
    if !said.contains("Status: active") {
        return Verdict::Silent;
    }
    let mut allows = said.lines().filter(|line| line.contains("ALLOW"));
    verdict(allows.any(|line| has(line.split("ALLOW").next().unwrap_or_default(), port)))
}

fn nftables(said: &str, port: u16) -> Verdict {
    if nft_chain(said).is_none() {
        return Verdict::Silent;
    }
    let mut accepts = said.lines().filter(|line| line.contains("accept"));
    verdict(accepts.any(|line| behind(line, "dport ").is_some_and(|ports| has(ports, port))))
}

/// The chain (family, table and name) that drops what comes in and is not known. What iptables keeps in nftables is for iptables to judge.
fn nft_chain(said: &str) -> Option<String> {
    let (mut table, mut chain, mut is_of_iptables) = ("", "", false);
    for line in said.lines().map(str::trim) {
        let named = |what: &str| line.strip_prefix(what)?.strip_suffix(" {");
        if line.starts_with('#') {
            is_of_iptables = line.contains("managed by iptables-nft");
        } else if let Some(name) = named("table ") {
            (table, chain) = (if is_of_iptables { "" } else { name }, "");
            is_of_iptables = false;
        } else if let Some(name) = named("chain ") {
            chain = name;
        }
        let drops = line.contains("hook input") && line.contains("policy drop");
        if drops && !table.is_empty() {
            return Some(format!("{table} {chain}"));
        }
    }
    None
}

fn iptables(said: &str, port: u16) -> Verdict {
    let all = ["-P INPUT DROP", "-A INPUT -j DROP", "-A INPUT -j REJECT"];
    let drops = |line: &str| all.iter().any(|all| line.starts_with(all));
    if !said.lines().any(drops) {
        return Verdict::Silent;
    }
    let mut accepts = said.lines().filter(|line| line.contains("-j ACCEPT"));
    let opens = |line| behind(line, " --dport").is_some_and(|ports| has(ports, port));
    verdict(accepts.any(opens))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn each_firewall_is_understood() {
        let firewalld_says = |ports| {
            format!("public (active)\n  target: default\n  services: ssh\n  ports: {ports}\n")
        };
        let ufw_says =
            |rule| format!("Status: active\n\nTo    Action  From\n22/tcp  ALLOW  9080\n{rule}\n");
        let nft_says = |rule| {
            format!(
                "table inet filter {{\n chain input {{\n  type filter hook input priority filter; policy drop;\n  tcp dport 22 accept\n  {rule}\n }}\n}}"
            )
        };
        let iptables_says =
            |rule| format!("-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n{rule}\n");
        for (verdict, is) in [
            (
                firewalld(&firewalld_says("9080/tcp 9443/tcp"), 9080),
                Verdict::Open,
            ),
            (
                firewalld(&firewalld_says("19080/tcp 9080/udp"), 9080),
                Verdict::Closed,
            ),
            (
                firewalld(&firewalld_says("80/tcp 9000-9100/tcp"), 9080),
                Verdict::Open,
            ),
            (
                ufw(&ufw_says("9000:9100/tcp (v6)  ALLOW  Anywhere"), 9080),
                Verdict::Open,
            ),
            (
                ufw(&ufw_says("9080/udp  ALLOW  Anywhere"), 9080),
                Verdict::Closed,
            ),
            (
                nftables(&nft_says("tcp dport 9000-9100 counter accept"), 9080),
                Verdict::Open,
            ),
            (
                nftables(&nft_says("udp dport 9080 accept"), 9080),
                Verdict::Closed,
            ),
            (
                iptables(
                    &iptables_says("-A INPUT -p tcp -m multiport --dports 80,9000:9100 -j ACCEPT"),
                    9080,
                ),
                Verdict::Open,
            ),
            (
                ufw(&ufw_says("9080/tcp  ALLOW  Anywhere"), 9080),
                Verdict::Open,
            ),
            (
                ufw(&ufw_says("9080/tcp  DENY  Anywhere"), 9080),
                Verdict::Closed,
            ),
            (ufw("Status: inactive\n", 9080), Verdict::Silent),
            (
                nftables(&nft_says("tcp dport { 9080, 9443 } accept"), 9080),
                Verdict::Open,
            ),
            (nftables(&nft_says(""), 9080), Verdict::Closed),
            (nftables("table ip nat {\n}", 9080), Verdict::Silent),
            (
                nftables(
                    "# Warning: table ip filter is managed by iptables-nft, do not touch!\ntable ip filter {\n chain INPUT {\n  type filter hook input priority filter; policy drop;\n }\n}",
                    9080,
                ),
                Verdict::Silent,
            ),
            (
                iptables(
                    &iptables_says("-A INPUT -p tcp -m tcp --dport 9080 -j ACCEPT"),
                    9080,
                ),
                Verdict::Open,
            ),
            (iptables(&iptables_says(""), 9080), Verdict::Closed),
            (iptables("-P INPUT ACCEPT\n", 9080), Verdict::Silent),
        ] {
            assert_eq!(verdict, is);
        }
    }

    #[test]
    fn the_recipe_is_that_of_the_firewall_that_rules() {
        let said = |firewall: &Firewall| match firewall.name {
            "ufw" => Some("Status: active\n".to_owned()),
            "iptables" => Some("-P INPUT DROP\n".to_owned()),
            _ => None,
        };
        let nft = "table ip nat {\n}\ntable inet mine {\n chain incoming {\n  type filter hook input priority 0; policy drop;\n }\n}";
        let found = judged(80, |firewall| {
            (firewall.name == "nftables").then(|| nft.to_owned())
        });
        let recipe = "nft insert rule inet mine incoming tcp dport 80 accept";
        assert_eq!(found.hint.as_deref(), Some(recipe));
        let found = judged(9443, said);
        assert_eq!(found.state, State::Warn);
        assert_eq!(found.hint.as_deref(), Some("ufw allow 9443/tcp"));
        assert_eq!(judged(9443, |_| None).state, State::Warn);
        assert_eq!(judged(9443, |_| Some(String::new())).state, State::Warn);
    }

    #[test]
    fn a_port_is_led_to_another_by_the_firewall_that_is_there() {
        for (there, rule) in [
            (
                &["firewall-cmd", "nft"][..],
                "--add-forward-port=port=443:proto=tcp:toport=9443",
            ),
            (&["nft"], "tcp dport 443 redirect to :9443'"),
            (
                &["nft", "iptables"],
                "--dport 443 -j REDIRECT --to-ports 9443",
            ),
            (&[], "iptables -t nat -A PREROUTING -p tcp --dport 443"),
        ] {
            let found = redirect_with(443, 9443, |program, _| there.contains(&program));
            assert!(found.contains(rule), "{found}");
        }
    }
}
