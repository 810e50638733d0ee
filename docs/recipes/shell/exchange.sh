#!/bin/sh
# Exchanges the key of a credentials file for a token with curl alone: sh exchange.sh interhumanai.upload
# The key is in no argument, no variable of a child and no history: printf is the shell's own, and curl reads standard input.
# Standard output is the answer's body, an error's too; the exit code is curl's, 22 for a refusal (curl 7.76 or newer).
set -eu
set +x # sh -x would show the secret

fail() {
  printf 'exchange.sh: %s\n' "$1" >&2
  exit "$2"
}

file=${INTERHUMAN_CONFIG:-${XDG_CONFIG_HOME:-$HOME/.config}/interhuman/credentials.env}
case $(ls -lnL "$file") in
  -r[w-]-------*" $(id -u) "*) ;;
  *) fail "others can read $file; chmod 600 it" 3 ;;
esac
read_value() { sed -n "s/^$1=//p" "$file" | tail -n 1; }
key_id=$(read_value INTERHUMAN_KEY_ID)
key_secret=$(read_value INTERHUMAN_KEY_SECRET)
api_url=$(read_value INTERHUMAN_API_URL) # a key goes only to the address that is stored with it
api_url=${api_url:-https://api.interhuman.ai}

# What needs no quoting in JSON, nor in a line of the shell.
for word in "$key_id" "$key_secret" "$@"; do
  case $word in
    '' | *[!A-Za-z0-9._-]*) fail "the key of $file or a scope is not of letters, digits and ._-" 3 ;;
  esac
done
[ $# -gt 0 ] || fail 'name a scope, interhumanai.upload or interhumanai.stream' 2
printf '%s' "$api_url" | grep -Eq '^(https://[^/@?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/|$)' ||
  fail 'the address must be https, or http to this machine' 7

scopes=$(printf ',"%s"' "$@")
printf '{"key_id":"%s","key_secret":"%s","scopes":[%s]}' "$key_id" "$key_secret" "${scopes#,}" |
  curl --disable --silent --show-error --fail-with-body --max-time 15 --proto '=http,https' \
    --header 'Content-Type: application/json' --data-binary @- "${api_url%/}/v0/auth"
