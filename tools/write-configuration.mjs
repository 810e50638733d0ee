/**
 * Writes docs/configuration.md from the service's configuration table.
 *
 * @returns {Promise<string>}
 */
export async function writeConfiguration() {
  const { CONFIGURATION, environmentName, flagName } = await import('../service/dist/config.js')
  const rows = CONFIGURATION.map((row) => {
    const flag = row.secret ? '– (a secret)' : `\`--${flagName(row.name)}\``
    const fallback = /[`\s]/.test(row.defaultText) ? row.defaultText : `\`${row.defaultText}\``
    return `| \`${environmentName(row.name)}\` | ${flag} | ${cell(row.placeholder)} | ${cell(fallback)} | ${cell(row.description)} |`
  })
  return [
    '# Configuration of the service',
    '',
    'Written by `npm run generate` from the table in `service/src/config.ts`: change it there.',
    '',
    'Each setting is an environment variable, and a flag of `interhuman-auth-service` too unless it is a secret. The flag',
    'counts before the environment. A variable with this prefix that is not in the table, or a value that is not allowed,',
    'stops the start with one line that names it.',
    '',
    '| environment | flag | value | default | what it is |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|')
}
