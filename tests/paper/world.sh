# A host of its own for a test: /etc, /var/lib, /var/log, /usr and the network are not those of this one.
# Run by `unshare` with namespaces for mounts, network and processes; says nothing where that may not be.
scratch=$1
mount -t tmpfs none "$scratch" || exit 1
for folder in etc var/lib var/log usr/bin usr/share usr/local; do
  own=$scratch/${folder//\//-}
  mkdir -p "$own/new" "$own/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$own/new,workdir=$own/work" "/$folder" || exit 1
done
mount -t tmpfs none /run || exit 1
mount -t proc proc /proc || exit 1
ip link set lo up || exit 1
