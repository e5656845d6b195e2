#!/bin/bash
# Stage 0, on a machine that may hold nothing but bash and make: Debian packages, the Python environment, translations.
# Installs what is missing and nothing else. `bootstrap.sh test` adds what the tests and checks need.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."
purpose=${1:-portal}
log=var/log/bootstrap.log
python=${SHOPENDATA_PYTHON:-/usr/bin/python3}

packages=(
    python3 python3-venv python3-dev gcc libc6-dev libpq-dev libmagic1 # CKAN; psycopg2 is built from source
    postgresql redis-server nginx-light maven openjdk-17-jre-headless   # the services
)
[ "$purpose" != test ] || packages+=(chromium fonts-noto-cjk git)

fail() {
    echo "✗ $1" >&2
    [ ! -s "$log" ] || { echo "  last lines of $log:" >&2; tail -n 15 "$log" | sed 's/^/    /' >&2; }
    exit 1
}

# step TITLE COMMAND...: runs the command with its output in the log; a sign of life every ten seconds.
step() {
    local title=$1 started=$SECONDS pid status=0
    shift
    printf '  … %s' "$title"
    "$@" >>"$log" 2>&1 </dev/null &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        for _ in {1..50}; do sleep 0.2; kill -0 "$pid" 2>/dev/null || break; done
        ! kill -0 "$pid" 2>/dev/null || printf ' %s s …' $((SECONDS - started))
    done
    wait "$pid" || status=$?
    trap - INT TERM
    [ "$status" = 0 ] || { echo " failed"; return "$status"; }
    echo " $((SECONDS - started)) s"
}

open_log() {
    mkdir -p var/log && : >"$log" || fail "cannot write below $PWD/var"
}

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# A fresh postgresql package makes and starts a cluster, redis and nginx start a service: none of them is ours to run.
install_packages() {
    local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/shopendata.conf fresh=()
    local service
    for service in redis-server nginx; do
        [ -e "/lib/systemd/system/$service.service" ] || fresh+=("$service")
    done
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
        $sudo chmod 755 "$policy"
        trap '$sudo rm -f "$policy" "$clusters"' EXIT
    fi
    if [ ! -d /etc/postgresql-common ]; then
        $sudo mkdir -p "$(dirname "$clusters")"
        echo 'create_main_cluster = false' | $sudo tee "$clusters" >/dev/null
    fi
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -q
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Options::=--force-confold "$@"
    if [ -d /run/systemd/system ] && [ "${#fresh[@]}" -gt 0 ]; then
        $sudo systemctl disable "${fresh[@]}" || true
    fi
    $sudo rm -f "$clusters"
}

python_environment() {
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/pip install --disable-pip-version-check -q --no-deps --require-hashes -r requirements-build.lock
    .venv/bin/pip install --disable-pip-version-check --no-deps --require-hashes --no-build-isolation -r "$1"
    .venv/bin/pip install --disable-pip-version-check -q --no-deps --no-build-isolation --editable .
}

missing=$(missing_packages | tr '\n' ' ')
if [ -n "$missing" ]; then
    sudo=
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            sudo=sudo
            sudo -v
        else
            echo "Debian packages are missing, and installing them needs root. Run this, then the same command again:" >&2
            echo "  sudo apt-get install -y --no-install-recommends $missing" >&2
            exit 1
        fi
    fi
    open_log
    step "Debian packages: $missing" install_packages $missing || fail "the packages could not be installed"
fi

lock=requirements.lock
# An environment that has the tests' packages has the portal's as well: going back would only cost time.
if [ "$purpose" = test ] || [ -e .venv/.test ]; then lock=requirements-test.lock; fi
wanted=$(cat requirements-build.lock "$lock" setup.py pyproject.toml | sha256sum)
if [ "$(cat .venv/.lock 2>/dev/null)" != "$wanted" ]; then
    open_log
    [ ! -x .venv/bin/python ] || .venv/bin/python -c '' 2>/dev/null || rm -rf .venv
    step "Python packages" python_environment "$lock" || fail "the Python packages could not be installed"
    echo "$wanted" >.venv/.lock
    [ "$purpose" != test ] || touch .venv/.test
fi
