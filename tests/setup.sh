#!/usr/bin/env bash
# Installs what a make target needs, where that is possible, and says what is missing where it is not.
# Arguments: build (a C compiler), test (a JDK and Maven for the independent SOAP server), bench (nginx).
set -eu

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }

for what in "$@"; do
  case "$what" in
    build) need cargo cargo; need cc gcc; need make make ;;
    test) need javac default-jdk-headless; need mvn maven ;;
    bench) need nginx nginx-light ;;
    *) echo "setup: unknown part $what" >&2; exit 2 ;;
  esac
done

if [[ " ${missing[*]-} " == *" cargo "* ]]; then
  echo "setup: cargo is missing; install Rust 1.95 or newer (https://rustup.rs)" >&2
  exit 1
fi
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "setup: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "setup: these Debian packages are missing: ${missing[*]}" >&2
    echo "setup: install them (sudo apt-get install ${missing[*]}) and try again" >&2
    exit 1
  fi
fi
