#!/bin/sh
# Builds the Kotlin device, outside the checkout, when its sources changed since the last build.
# The device then starts with: java -cp "$out/classes:$out/lib/*" DeviceKt
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${ROS_TEST_CACHE:-$HOME/.cache/ros-tests}/kotlin
out=$cache/out
sources=$(cd "$here" && cat pom.xml src/*.kt | sha256sum)
if [ "$(cat "$out/built-from" 2>/dev/null)" = "$sources" ]; then
    exit 0
fi
rm -rf "$out"
mvn --batch-mode --quiet --file "$here/pom.xml" -Dmaven.repo.local="$cache/repository" -Dout="$out" compile >&2
echo "$sources" >"$out/built-from"
