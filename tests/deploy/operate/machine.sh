# A machine to try the page on: an own network, discarded copies of the folders that the page writes
# to, and the application whose users read logs. Runs the script in its argument.
set -euo pipefail

ip link set lo up
layers=$(mktemp -d)
mount -t tmpfs tmpfs "$layers"
for folder in etc usr/local var root; do
  mkdir -p "$layers/$folder/upper" "$layers/$folder/work"
  mount -t overlay overlay \
    -o "lowerdir=/$folder,upperdir=$layers/$folder/upper,workdir=$layers/$folder/work" "/$folder"
done
mount -t tmpfs tmpfs /run
echo "127.0.0.1 logs.example.com" >> /etc/hosts
export PATH="$HERE/bin:$PATH"
python3 "$HERE/application.py" &
until (exec 3<>/dev/tcp/127.0.0.1/3000) 2>/dev/null; do sleep 0.1; done

trap 'echo "failed: $BASH_COMMAND"' ERR
# shellcheck source=/dev/null
. "$1"
