import { CORRELATION_ID_HEADER, ERRORS, errorSlug } from '@interhuman-auth/protocol'

/**
 * Writes docs/errors.md from the catalogue: one heading an error, whose anchor is the slug that `link` ends in.
 *
 * @returns {string}
 */
export function writeErrors() {
  const rows = Object.values(ERRORS)
  const lines = [
    '# Errors',
    '',
    'Written by `npm run generate` from the catalogue in `protocol/src/errors.ts`: change it there.',
    '',
    'Every error body names one of these ids, and its `link` ends in the anchor of the heading here. An id that begins',
    'with `ih` is published by Interhuman; one that begins with `ia` is of this project. Whatever the status, the header',
    `\`${CORRELATION_ID_HEADER}\` and the field \`correlation_id\` carry the id under which the service logged the request.`,
    '',
    '| id | status | title | OAuth word |',
    '|---|---|---|---|',
    ...rows.map(
      (row) => `| [\`${row.id}\`](#${errorSlug(row)}) | ${row.status} | ${row.title} | \`${row.oauth}\` |`,
    ),
  ]
  for (const row of rows)
    lines.push('', `## ${row.id} ${row.title}`, '', `Status ${row.status}. “${row.message}”`, '', row.advice)
  return `${lines.join('\n')}\n`
}
