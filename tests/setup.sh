#!/usr/bin/env bash
# Installs what a make target needs, where that is possible, and says what is missing where it is not.
# Arguments: build (C and C++ compilers, the ODBC driver manager, OpenSSL), demo (an ODBC driver), bench (nginx, kcat),
# test (a JDK and Maven for the servers and drivers of other makers, two database servers, ODBC drivers, OpenSSH, Python).
set -eu

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
# What is no command is a file somewhere; the pattern may have wildcards.
need_file() { compgen -G "$1" >/dev/null || missing+=("$2"); }
drivers() {
  need_file '/usr/lib/*/odbc/libsqlite3odbc.so' libsqliteodbc
}

for what in "$@"; do
  case "$what" in
    build) need cargo cargo; need cc gcc; need c++ g++; need make make; need pkg-config pkg-config
      need_file '/usr/include/openssl/ssl.h' libssl-dev
      need_file '/usr/lib/*/libodbc.so' unixodbc-dev; need odbcinst unixodbc ;;
    demo) drivers; need sqlite3 sqlite3 ;;
    test) need javac default-jdk-headless; need mvn maven
      drivers
      need_file '/usr/lib/*/odbc/psqlodbcw.so' odbc-postgresql
      need_file '/usr/lib/*/odbc/libmaodbc.so' odbc-mariadb
      need_file '/usr/lib/postgresql/*/bin/initdb' postgresql
      need mariadbd mariadb-server
      # SFTP; its programs lie where ordinary users do not look. The store of objects is a package of Python.
      need_file /usr/sbin/sshd openssh-server; need ssh-keygen openssh-client
      need python3 python3; need_file '/usr/lib/python3*/ensurepip' python3-venv ;;
    bench) need nginx nginx-light; need kcat kcat; drivers
      need_file '/usr/lib/*/odbc/psqlodbcw.so' odbc-postgresql
      need_file '/usr/lib/postgresql/*/bin/initdb' postgresql
      need javac default-jdk-headless; need mvn maven ;;
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
