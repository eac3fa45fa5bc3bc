#!/bin/sh
# Prints the Python for make: 3.11 or later. The order: PYTHON=..., the one that the environments were installed with,
# python3, python3.14 to python3.11, and one that uv brings.
#
#     python=$(sh local/python.sh "$PYTHON")
chosen=$1
unset PYTHONHOME PYTHONPATH PYTHONWARNINGS PYTHONSTARTUP PIP_USER PIP_TARGET PIP_PREFIX

is_new_enough() {
  command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Lambda has no later Python, and the locks may lack packages for one.
is_supported() {
  is_new_enough "$1" && "$1" -c 'import sys; sys.exit(sys.version_info >= (3, 15))' >/dev/null 2>&1
}

say() {
  echo "make: $1" >&2
  exit 1
}

if [ -n "$chosen" ]; then
  is_new_enough "$chosen" || say "Python 3.11 or later is required; $chosen is missing or too old. Install it, or run make \
PYTHON=/path/to/python3."
  echo "$chosen"
  exit
fi
recorded=$(cat .local/python 2>/dev/null)
for python in ${recorded:+"$recorded"} python3 python3.14 python3.13 python3.12 python3.11; do
  if is_supported "$python"; then
    echo "$python"
    exit
  fi
done

# uv downloads a Python. Without uv, an old Python's pip brings the pinned uv.
uv=$(command -v uv)
if [ -z "$uv" ] && python3 -m pip --version >/dev/null 2>&1; then
  python3 -m pip install --quiet --require-hashes --target .local/uv-for-python -r requirements/uv.txt >&2 &&
    uv=.local/uv-for-python/bin/uv
fi
if [ -n "$uv" ]; then
  echo "  python3 is missing or too old: uv brings Python 3.13" >&2
  found=$("$uv" python find --no-project '>=3.11,<3.15' 2>/dev/null) ||
    found=$("$uv" python install --quiet 3.13 >&2 && "$uv" python find --no-project 3.13)
  if is_supported "$found"; then
    echo "$found"
    exit
  fi
fi
say "Python 3.11 or later is required; python3 is missing or too old, and uv could not bring one. Install it, or run make \
PYTHON=/path/to/python3."
