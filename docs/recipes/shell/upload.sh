#!/bin/sh
# Uploads a video with the command's token: sh upload.sh meeting.mp4
# The token reaches curl on standard input, so it is in no argument and no history. `token` makes one exchange each time;
# for many calls `interhuman-auth header --as curl-config` prints the same line from its cache.
set -eu
set +x # sh -x would show the token

api_url=${UPLOAD_URL:-https://api.interhuman.ai}
answer=$(interhuman-auth token --scope interhumanai.upload) # ends here, with the command's exit code, if there is none
token=$(printf '%s' "$answer" | sed -n 's/.*"access_token" *: *"\([A-Za-z0-9._~+/=-]*\)".*/\1/p')
printf 'header = "Authorization: Bearer %s"\n' "$token" |
  curl --disable --config - --silent --show-error --fail-with-body --form "file=@$1" "$api_url/v0/upload/analyze"
