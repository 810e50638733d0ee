/**
 * A string or a piece of a template as it stands in a source, escapes untouched.
 *
 * @typedef {{ text: string, line: number, start: number }} Literal
 */

/**
 * @typedef {object} Source
 * @property {string} code The source with comments blanked and the inside of every literal replaced by `_`, so that
 *   positions stay and a search finds code only.
 * @property {Literal[]} literals
 * @property {{ specifier: string, line: number }[]} imports What is imported or exported from elsewhere, types too.
 */

const token = new RegExp(
  [
    /\/\/[^\n]*|\/\*[\s\S]*?\*\//, // comments
    /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/, // strings
    /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/, // regular expressions, or two divisions
    /[A-Za-z_$][\w$]*|\d[\w.]*|\S/, // words, numbers, and each other character
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
)
const beforeRegExp =
  /^(?:[(,=:[!&|?{};+\-*%<>~^]|return|typeof|case|in|of|else|do|void|delete|throw|new|await|yield)$/
const importForms = [
  /\b(?:import|export)\b[^;'"`()=]*?\bfrom\s*['"]/g,
  /\bimport\s*['"]/g,
  /\b(?:import|require)\s*\(\s*['"`]/g,
]

/**
 * Reads JavaScript or TypeScript as far as imports and literals go; it knows comments, strings, templates and regular
 * expressions, and nothing of the grammar.
 *
 * @param {string} source
 * @returns {Source}
 */
export function scanSource(source) {
  const { code, literals } = blank(source)
  const lines = lineCounter(source)
  const starts = new Map(literals.map((literal) => [literal.start, literal.text]))
  const imports = importForms
    .flatMap((form) => [...code.matchAll(form)])
    .map((match) => ({ at: match.index, specifier: starts.get(match.index + match[0].length) ?? '' }))
    .sort((a, b) => a.at - b.at)
    .map(({ at, specifier }) => ({ specifier, line: lines(at) }))
  return { code, literals: literals.map((literal) => ({ ...literal, line: lines(literal.start) })), imports }
}

/**
 * @param {string} source
 * @returns {{ code: string, literals: Literal[] }}
 */
function blank(source) {
  const code = source.split('')
  /** @type {Literal[]} */
  const literals = []
  const literal = (/** @type {number} */ start, /** @type {number} */ end) => {
    literals.push({ text: source.slice(start, end), line: 0, start })
    code.fill('_', start, end)
  }
  /** @type {string[]} */
  const open = []
  let previous = ';'
  let at = source.startsWith('#!') ? source.indexOf('\n') : 0
  while (at < source.length) {
    token.lastIndex = at
    const found = token.exec(source)?.[0] ?? ' '
    const end = at + found.length
    if (found === '`' || (found === '}' && open.at(-1) === '`')) {
      if (found === '}') open.pop()
      const stop = templateEnd(source, end)
      literal(end, stop)
      const closed = source[stop] !== '$'
      if (!closed) open.push('`')
      previous = closed ? '`' : '{'
      at = stop + (closed ? 1 : 2)
    } else if (isComment(found)) {
      code.fill(' ', at, end)
      at = end
    } else if (isRegExp(found) && !beforeRegExp.test(previous)) {
      previous = '/'
      at += 1
    } else {
      if (found === '{') open.push(found)
      else if (found === '}') open.pop()
      else if (isRegExp(found)) code.fill('_', at + 1, end)
      else if (found.length > 1 && /^['"]/.test(found)) literal(at + 1, end - 1)
      if (found !== ' ') previous = found
      at = end
    }
  }
  return { code: code.join(''), literals }
}

/** @param {string} found */
function isComment(found) {
  return found.startsWith('//') || found.startsWith('/*')
}

/** @param {string} found */
function isRegExp(found) {
  return found.length > 1 && found.startsWith('/')
}

/**
 * Finds the end of a template's piece: its closing backtick or the `$` of the next `${`.
 *
 * @param {string} source
 * @param {number} from
 */
function templateEnd(source, from) {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1
    else if (source[at] === '`' || (source[at] === '$' && source[at + 1] === '{')) return at
  }
  return source.length
}

/** @param {string} source */
function lineCounter(source) {
  const breaks = [...source.matchAll(/\n/g)].map((match) => match.index)
  return (/** @type {number} */ at) => breaks.filter((position) => position < at).length + 1
}
