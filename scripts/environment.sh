# Sourced by the other scripts: makes what they need beyond Python and Node, once, under .cache/.
#
# Every environment carries a stamp: a hash of all it was made from. While the stamp matches, nothing is
# installed; when it does not, or an installation was cut off, the environment is made anew.
# shellcheck shell=bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CACHE="$ROOT/.cache"
mkdir -p "$CACHE"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$(basename "$0"): $*"
    exit 1
}

# find_python: set PYTHON to an interpreter of 3.11 or later; the caller's PYTHON comes first.
find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.11 python3.12 python3.13; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            PYTHON="$candidate"
            return
        fi
    done
    die "Python 3.11 or later is needed; set PYTHON to the path of one"
}

# python_of VERSION: set FOUND to an interpreter of that minor version, or return 1.
# pyenv's shims are there for versions that are not selected, too, and fail when they are run.
python_of() {
    local candidate
    for candidate in "${PYTHON:-}" "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python \
        "/usr/bin/python$1" "/usr/local/bin/python$1" "/opt/python$1/bin/python$1"; do
        if [ -n "$candidate" ] && "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            FOUND="$candidate"
            return
        fi
    done
    return 1
}

# quietly WHAT COMMAND…: run it, and show what it printed only if it fails.
quietly() {
    local what="$1" log status=0
    shift
    log="$(mktemp "$CACHE/log.XXXXXX")"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        say "$what failed:"
        tail -n 60 "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# debian_packages NAME…: install packages of the distribution; needs root, as on a CI machine.
debian_packages() {
    command -v apt-get >/dev/null || die "install $* with this system's package manager, then run this again"
    [ "$(id -u)" -eq 0 ] || die "run 'sudo apt-get install $*', then run this again"
    say "installing $* …"
    quietly "apt-get update" apt-get update -q
    quietly "apt-get install $*" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# browser: Chromium, in which the tests make passkeys.
browser() { [ -x /usr/bin/chromium ] || alone install_browser; }

install_browser() { [ -x /usr/bin/chromium ] || debian_packages chromium; }

# redis_server: the server that the tests of RedisStorage start. Debian's package starts none by itself in a container.
redis_server() { command -v redis-server >/dev/null || alone install_redis_server; }

install_redis_server() { command -v redis-server >/dev/null || debian_packages redis-server; }

# stamp_of STRING FILE…: the hash of what an environment is made from.
# Of pyproject.toml only what decides an installation counts: a changed lint rule reinstalls nothing.
stamp_of() {
    "$PYTHON" - "$ROOT" "$@" <<'PY'
import hashlib, json, pathlib, sys, tomllib

root, *parts = sys.argv[1:]
digest = hashlib.sha256(f"{root} {sys.version} {sys.base_prefix}".encode())
for part in parts:
    path = pathlib.Path(part)
    if path.name == "pyproject.toml":
        project = tomllib.loads(path.read_text("utf-8"))
        kept = [project.get(name) for name in ("build-system", "project", "dependency-groups")]
        digest.update(json.dumps(kept, sort_keys=True).encode())
    elif path.is_file():
        digest.update(path.read_bytes())
    else:
        digest.update(part.encode())
print(digest.hexdigest())
PY
}

# current DIRECTORY STAMP: whether what lies there was completed from the same things.
current() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$2" ]; }

# alone COMMAND…: one installation at a time, however many scripts were started.
alone() {
    if command -v flock >/dev/null; then
        exec 9>"$CACHE/lock"
        flock 9
        "$@"
        exec 9>&-
    else
        "$@"
    fi
}

# python_environment NAME ARGUMENT…: a virtual environment in .cache/venv-NAME, with these arguments for
# `uv pip install`; sets VENV to its path. Arguments that are files, and pyproject.toml, decide whether it is still
# current.
python_environment() {
    find_python
    alone make_uv
    VENV="$CACHE/venv-$1"
    alone make_python_environment "$@"
}

# lowest_environment NAME ARGUMENT…: as python_environment, with the lowest version that each direct requirement
# declares, extras and groups included.
lowest_environment() { python_environment "$@" --resolution lowest-direct; }

make_python_environment() {
    local name="$1" stamp
    shift
    stamp="$(stamp_of "$ROOT/pyproject.toml" "$@")"
    current "$VENV" "$stamp" && return
    say "preparing the Python environment '$name' …"
    rm -rf "$VENV"
    quietly "uv venv" uv_as_pip venv -q --python "$PYTHON" "$VENV"
    (cd "$ROOT" && quietly "installing into '$name'" uv_as_pip pip install -q --python "$VENV/bin/python" "$@")
    printf '%s\n' "$stamp" >"$VENV/.stamp"
}

# make_uv: sets UV to the path of uv, from PyPI: it installs faster than pip, and can choose the lowest versions.
make_uv() {
    UV="$CACHE/venv-uv/bin/uv"
    [ -x "$UV" ] && return
    say "installing uv …"
    # Debian keeps venv in a package of its own, which a minimal system lacks.
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || debian_packages python3-venv
    quietly "python -m venv" "$PYTHON" -m venv "$CACHE/venv-uv"
    quietly "installing uv" "$CACHE/venv-uv/bin/python" -m pip install -q "uv>=0.8"
}

# uv_as_pip ARGUMENT…: run uv with the index and the certificates that pip is configured with.
uv_as_pip() {
    local index cert
    index="${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(pip_setting global.index-url)}}"
    cert="${SSL_CERT_FILE:-${PIP_CERT:-$(pip_setting global.cert)}}"
    env ${index:+"UV_DEFAULT_INDEX=$index"} ${cert:+"SSL_CERT_FILE=$cert"} UV_CACHE_DIR="$CACHE/uv" \
        UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_LINK_MODE=copy "$UV" "$@"
}

pip_setting() { "$(dirname "$UV")/python" -m pip config get "$1" 2>/dev/null || true; }

# node_packages DIRECTORY: the locked packages of its package.json, in its node_modules.
node_packages() {
    find_python
    command -v node >/dev/null || die "Node 20 or later is needed (the JavaScript clients run in it)"
    command -v npm >/dev/null || die "npm is needed, which comes with Node 20 or later"
    alone make_node_packages "$1"
}

make_node_packages() {
    local directory="$1" stamp
    stamp="$(stamp_of "$(node --version)" "$directory/package.json" "$directory/package-lock.json")"
    current "$directory/node_modules" "$stamp" && return
    say "installing the JavaScript packages of ${directory#"$ROOT/"} …"
    (cd "$directory" && quietly "npm ci" npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
    printf '%s\n' "$stamp" >"$directory/node_modules/.stamp"
}
