/** @typedef {{ name: string, value?: string, choices?: readonly string[], help: string }} Option */
/** @typedef {{ start: string, summary: string, options: readonly Option[], required: readonly string[], operand?: { name: string, choices?: readonly string[], required: boolean, help: string }, rest?: string, notes: readonly string[] }} Command */

/**
 * Writes the manual page of `interhuman-auth` from the table that its options are read by and its help texts written from.
 *
 * @returns {Promise<string>}
 */
export async function writeManual() {
  const [{ COMMANDS }, { formatUsage, typed }, { EXIT_MEANINGS }] = await Promise.all([
    import('../cli/dist/command-table.js'),
    import('../cli/dist/help.js'),
    import('../cli/dist/exit-meanings.js'),
  ])
  const commands = /** @type {Command[]} */ (Object.values(COMMANDS))
  const shared = sharedNotes(commands)
  return [
    '.\\" Written by npm run generate from cli/src/command-table.ts: change it there.',
    '.TH INTERHUMAN-AUTH 1',
    '.SH NAME',
    'interhuman-auth \\- exchange an Interhuman API key for a token and use it',
    '.SH SYNOPSIS',
    '.B interhuman\\-auth',
    `${Object.keys(COMMANDS).join('|')} [options]`,
    '.SH DESCRIPTION',
    text('Independent of Interhuman, and not affiliated with it.'),
    ...shared.flatMap((note) => ['.PP', text(note)]),
    '.SH COMMANDS',
    ...commands.flatMap((command) => [
      `.SS ${roff(command.start.replace('interhuman-auth ', ''))}`,
      text(`${capitalised(command.summary)}.`),
      '.PP',
      text(formatUsage(command)),
      ...(command.operand === undefined ? [] : entry(operandName(command.operand), command.operand.help)),
      ...command.options.flatMap((option) => entry(typed(option), option.help)),
      ...command.notes.filter((note) => !shared.includes(note)).flatMap((note) => ['.PP', text(note)]),
    ]),
    '.SH EXIT STATUS',
    ...entry('0', 'The exchange worked, or what was asked for was done.'),
    ...EXIT_MEANINGS.flatMap(({ code, cause, nextStep }) => entry(String(code), `${cause} ${nextStep}`)),
    '',
  ].join('\n')
}

/**
 * The notes that stand at several commands: here once.
 *
 * @param {Command[]} commands
 */
function sharedNotes(commands) {
  const notes = commands.flatMap((command) => command.notes)
  return [...new Set(notes.filter((note, index) => notes.indexOf(note) !== index))]
}

/**
 * @param {string} left
 * @param {string} right
 */
function entry(left, right) {
  return ['.TP', `.B ${roff(left)}`, text(right)]
}

/** @param {NonNullable<Command['operand']>} operand */
function operandName({ name, choices }) {
  return choices?.join('|') ?? name
}

/**
 * Text, a line at most 80 bytes long unless a word is; a full stop or an apostrophe at the beginning of one would be a
 * request to the formatter.
 *
 * @param {string} words
 */
function text(words) {
  const lines = roff(words).match(/\S.{0,76}\S(?=\s|$)|\S+/g) ?? []
  return lines.map((line) => line.replace(/^(?=[.'])/, '\\&')).join('\n')
}

/** @param {string} line */
function roff(line) {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('…', '\\&...')
}

/** @param {string} line */
function capitalised(line) {
  return line.charAt(0).toUpperCase() + line.slice(1)
}
