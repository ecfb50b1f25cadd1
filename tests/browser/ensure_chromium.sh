#!/bin/sh
# Make sure that the browser tests have a Chromium: $CHROMIUM, or Debian's.
set -eu
browser=${CHROMIUM:-/usr/bin/chromium}
if [ -x "$browser" ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's Chromium for the browser tests ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  exit 0
fi
cat >&2 <<MESSAGE
The browser tests need Chromium, and $browser is not there.
Install it (Debian and Ubuntu: sudo apt-get install --no-install-recommends chromium), or set CHROMIUM to its path,
or run the tests that need no browser: make test-fast
MESSAGE
exit 1
