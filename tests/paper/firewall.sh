# The rules for firewalls: what `ros doctor` and docs/tls-and-proxies.md say, tried from another host. $2 is the rule of the page.
set -u
. "$(dirname "$0")/world.sh"
echo here
set -e
mkdir -p /etc/realm /var/lib/server
openssl genrsa -out /etc/realm/key 2048 2>/dev/null
printf 'storage: { root_path: /var/lib/server }\nauth: { private_key_path: /etc/realm/key }\n' > /etc/realm/configuration.yml
mkdir -p /run/netns
ip netns add devices
ip link add here type veth peer name there netns devices
ip addr add 10.9.0.1/24 dev here && ip link set here up
ip netns exec devices ip addr add 10.9.0.2/24 dev there
ip netns exec devices ip link set there up
ros serve 2>/run/log &
server=$!
for _ in $(seq 100); do curl -fs http://127.0.0.1:9080/readyz >/dev/null && break; sleep 0.1; done

try() { # port: whether a device comes through
  ip netns exec devices curl -fs -m 2 "http://10.9.0.1:$1/healthz" >/dev/null && echo "$2: through" || echo "$2: closed"
}
recipe() { ros doctor -o ndjson | grep '"check":"firewall"' | sed -n 's/.*"hint":"\([^"]*\)".*/\1/p'; }

try 9080 "no firewall"
nft 'table inet mine { chain incoming { type filter hook input priority 0; policy drop; iif lo accept; ct state established accept; }; }'
try 9080 "nftables"
eval "$(recipe)"
try 9080 "nftables with the recipe"
nft flush ruleset

iptables -P INPUT DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
try 9080 "iptables"
eval "$(recipe)"
try 9080 "iptables with the recipe"
iptables -P INPUT ACCEPT
iptables -F

clean() { # as if no firewall had ever been there
  for tables in iptables ip6tables; do
    for chain in INPUT FORWARD OUTPUT; do $tables -P $chain ACCEPT; done
    $tables -F && $tables -X
  done
  nft flush ruleset
}
if command -v ufw >/dev/null; then
  ufw --force enable >/dev/null
  try 9080 "ufw"
  eval "$(recipe)" >/dev/null
  try 9080 "ufw with the recipe"
  ufw --force disable >/dev/null
  clean
fi
if command -v firewalld >/dev/null && command -v dbus-daemon >/dev/null; then
  mkdir -p /run/dbus && dbus-daemon --system --fork
  firewalld --nofork >/run/firewalld.log 2>&1 &
  firewalld=$!
  for _ in $(seq 300); do firewall-cmd --state >/dev/null 2>&1 && break; sleep 0.1; done
  try 9080 "firewalld"
  eval "$(recipe)" >/dev/null
  try 9080 "firewalld with the recipe"
  try 443 "port 443 behind firewalld"
  eval "$(printf %s "$(cat "$4")" | sed 's/9443/9080/')" >/dev/null
  try 443 "port 443 with firewalld"
  kill $firewalld && wait $firewalld || true
  clean
fi

try 443 "port 443"
eval "$(printf %s "$(cat "$2")" | sed 's/9443/9080/')"
try 443 "port 443 with iptables"
iptables -t nat -F
eval "$(printf %s "$(cat "$3")" | sed 's/9443/9080/')"
try 443 "port 443 with nftables"
kill $server
