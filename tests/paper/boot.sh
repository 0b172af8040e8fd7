# Boots systemd on that host; it runs the script $2 in the folder $3, its output goes to the file $4.
set -u
. "$(dirname "$0")/world.sh"
mkdir -p "$scratch/backup" && mount --bind "$scratch/backup" /backup || exit 1
mount -t cgroup2 none /sys/fs/cgroup || exit 1
# The newcomer makes this user; the host may have had a server before.
if id realm > /dev/null 2>&1; then userdel realm || exit 1; fi
echo here
units=/etc/systemd/system
# The service alone: nothing else of a boot is wanted here. What hangs is found sooner.
mkdir -p $units/realm-object-server.service.d
printf '[Unit]\nDefaultDependencies=no\n[Service]\nWatchdogSec=20\nTimeoutAbortSec=1\n' > $units/realm-object-server.service.d/alone.conf
printf '[Unit]\nDefaultDependencies=no\nWants=paper.service\n' > $units/paper.target
cat > $units/paper.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
WorkingDirectory=$3
Environment=PATH=$PATH
StandardOutput=file:$4
StandardError=file:$4
ExecStart=/bin/bash -eux $2
ExecStopPost=/bin/systemctl --force --force poweroff
UNIT
export container=test
exec /lib/systemd/systemd --system --unit=paper.target --log-target=null --show-status=0
