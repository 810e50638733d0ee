import path from 'node:path'

/**
 * Writes the three next things to type. The curl call is the specification's with only the host changed; id and secret
 * come out of the file inside the shell, on curl's standard input, so that no list of processes shows them.
 *
 * @param {object} start
 * @param {string} start.root The folder in which the commands are typed.
 * @param {string} start.credentialsFile Absolute.
 * @param {string} start.url Where the service listens.
 * @param {string} start.endpoint The path of the exchange.
 * @param {string} start.scope
 * @returns {string}
 */
export function formatNextSteps({ root, credentialsFile, url, endpoint, scope }) {
  const inside = path.relative(root, credentialsFile)
  const file = quote(inside.startsWith('..') || path.isAbsolute(inside) ? credentialsFile : `./${inside}`)
  return `
Next, in another terminal, in ${root}:

1. The exchange again, through the command:

INTERHUMAN_CONFIG=${file} npx --no-install interhuman-auth token --scope ${scope}

2. The specification's own curl call, with the host changed (and the secret kept off the command line):

(. ${file} && curl -X POST ${url}${endpoint} \\
-H "Content-Type: application/json" \\
-d @- <<END
{
"key_id": "$INTERHUMAN_KEY_ID",
"key_secret": "$INTERHUMAN_KEY_SECRET",
"scopes": ["${scope}"]
}
END
)

3. To stop the service: Ctrl-C, here.

`
}

/** @param {string} text */
function quote(text) {
  return /^[\w./@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
