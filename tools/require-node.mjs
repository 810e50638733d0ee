// Old syntax only: a Node that is too old must be able to read this file, and say one line instead of a SyntaxError.

/** The oldest Node that runs the service and these tools. */
export const OLDEST_NODE = '22.13'

/**
 * Ends the process with one line when the Node that runs it is older than {@link OLDEST_NODE}.
 *
 * @param {string} name What was typed, for the line.
 * @returns {void}
 */
export function requireNode(name) {
  if (isNewEnough(process.versions.node)) return
  process.stderr.write(
    'interhuman-auth: ' +
      name +
      ' needs Node ' +
      OLDEST_NODE +
      ' or newer and this is ' +
      process.versions.node +
      '; run "npm ci" and start it by npm, or install a newer Node\n',
  )
  process.exit(1)
}

/**
 * Says whether a version is not older than {@link OLDEST_NODE}.
 *
 * @param {string} version As in `process.versions.node`.
 * @returns {boolean}
 */
export function isNewEnough(version) {
  const needs = OLDEST_NODE.split('.')
  const has = version.split('.')
  const major = Number(has[0]) - Number(needs[0])
  return major > 0 || (major === 0 && Number(has[1]) >= Number(needs[1]))
}
