/**
 * Writes docs/configuration.md from the service's configuration table.
 *
 * @returns {Promise<string>}
 */
export async function writeConfiguration() {
  const { CONFIGURATION_GROUPS } = await import('../service/dist/config/table.js')
  return [
    '# Configuration of the service',
    '',
    'Written by `npm run generate` from the tables in `service/src/config/`: change it there.',
    '',
    'Each setting is an environment variable, and a flag of `interhuman-auth-service` too unless it is a secret. The flag',
    'counts before the environment. A secret is given by its variable or by the file that the variable of the same name',
    'with `_FILE` names, not by both: a regular file that nobody else can read (0600), or one of root that the group of the',
    'service can read, as systemd and Kubernetes lay it down. A variable with this prefix that is not in the table, a value',
    'that is not allowed, or settings that contradict each other stop the start with one line each.',
    ...CONFIGURATION_GROUPS.flatMap(({ title, rows }) => [
      '',
      `## ${title}`,
      '',
      '| environment | flag | value | default | what it is |',
      '|---|---|---|---|---|',
      ...rows.map(tableRow),
    ]),
    '',
  ].join('\n')
}

/** @param {import('../service/dist/config/setting.js').Setting} row */
function tableRow(row) {
  const flag = row.secret ? '– (a secret)' : row.flag === null ? '–' : `\`--${row.flag}\``
  const fallback = /[`\s]/.test(row.defaultText) ? row.defaultText : `\`${row.defaultText}\``
  return `| \`${row.environment}\` | ${flag} | ${cell(row.placeholder)} | ${cell(fallback)} | ${cell(row.description)} |`
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|')
}
