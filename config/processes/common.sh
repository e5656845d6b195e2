# Sourced by every process script. SHOPENDATA_VAR: the stack's folder. SHOPENDATA_ACCOUNT_<process>: the account to run
# as; only root can change to it, and containers start with theirs already.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
process=$(basename "$0")
VAR=${SHOPENDATA_VAR:?is the folder of all state}
BIN=$ROOT/.venv/bin
eval "account=\${SHOPENDATA_ACCOUNT_$process:-}"
umask 027

# Whether the process with this /proc/PID/stat has no terminal: a person's shell may well stand in one of our folders.
unattended() {
    set -- ${1##*) }
    [ "$5" = 0 ]
}

# What a killed predecessor left (nginx's workers outlive their master and hold its port): same folder, not this shell.
for other in /proc/[0-9]*; do
    if [ "$other" != "/proc/$$" ] && [ "$other/cwd" -ef "$VAR/run/$process" ] &&
        read -r stat 2>/dev/null <"$other/stat" && unattended "$stat"; then
        kill -KILL "${other#/proc/}" 2>/dev/null || true
    fi
done

# An empty folder at each start, in which the processes of one server add up their numbers (prometheus_client).
numbers() {
    PROMETHEUS_MULTIPROC_DIR=$VAR/run/$process/numbers
    export PROMETHEUS_MULTIPROC_DIR
    rm -rf "$PROMETHEUS_MULTIPROC_DIR"
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
    [ "$(id -u)" != 0 ] || chown "${account:-root}" "$PROMETHEUS_MULTIPROC_DIR"
}

# run COMMAND...: becomes the command, without root's rights.
run() {
    if [ "$(id -u)" = 0 ] && [ -n "$account" ] && [ "$account" != root ]; then
        exec setpriv --reuid="$account" --regid="$(id -g "$account")" --init-groups --inh-caps=-all --no-new-privs \
            -- "$@"
    fi
    exec "$@"
}
