import { resolveRelative } from './read-house.mjs'

// Where a thing may stand: rules 2, 3 and 4 of ARCHITECTURE.md, on the published source of every workspace.

/** @typedef {import('./read-house.mjs').House} House */
/** @typedef {import('./read-house.mjs').HouseFile} HouseFile */

/** The files of service/src that put the parts together and so may name a concrete store. */
const storeNamers = /^service\/src\/main\.ts$/
/** The files of service/src that know HTTP; every other one is domain or store. */
const httpFiles =
  /^service\/src\/(?:http-\w+|answer-request|parser-error|request-\w+)\.ts$|^service\/src\/routes\//
const httpPackages = /^(?:fastify$|@fastify\/|node:https?2?$)/
const environmentReaders = /^service\/src\/config\.ts$|^cli\/src\/main\.ts$/
/** A composition root may read the clock, and a log says when a line was written. */
const clockReaders = /^(?:service|cli)\/src\/main\.ts$|\/bin\/|^service\/src\/log\.ts$/
const clock = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.now\b/g
const clockAsDefault = /(?:=|\?\?)\s*(?:\(\)\s*=>\s*(?:Math\.\w+\()?)?$/

/**
 * Every place inside the service where a concrete store, the environment or HTTP is known and must not be.
 *
 * @param {House} house
 * @returns {string[]}
 */
export function findMisplacedKnowledge(house) {
  return published(house).flatMap((file) => {
    const inService = file.path.startsWith('service/src/')
    const imports = file.source.imports.flatMap(({ specifier, line }) => {
      const target = specifier.startsWith('.') ? resolveRelative(file, specifier) : specifier
      if (
        inService &&
        /^service\/src\/store\/(?:sqlite|postgres)\.ts$/.test(target) &&
        !storeNamers.test(file.path)
      )
        return [`${file.path}:${line} only main names a concrete store: ${specifier}`]
      if (inService && httpPackages.test(target) && !httpFiles.test(file.path))
        return [`${file.path}:${line} a domain file knows neither HTTP nor the framework: ${specifier}`]
      return []
    })
    const environment = environmentReaders.test(file.path)
      ? []
      : findCode(file, /\bprocess\.env\b/g, 'reads the environment; only config does, and hands it in')
    return [...imports, ...environment]
  })
}

/**
 * Every reading of the clock outside a composition root that is not a default at a library's edge, and every
 * `Math.random`, which has no place here at all.
 *
 * @param {House} house
 * @returns {string[]}
 */
export function findHiddenInputs(house) {
  return published(house).flatMap((file) => {
    const random = findCode(file, /\bMath\.random\b/g, 'Math.random is no source of randomness here')
    if (clockReaders.test(file.path)) return random
    const times = [...file.source.code.matchAll(clock)]
      .filter((match) => !isDefault(file.source.code, match.index, match[0]))
      .map((match) => `${file.path}:${lineOf(file, match.index)} time is a parameter: ${match[0]}`)
    return [...random, ...times]
  })
}

/**
 * A default is a function: the clock itself after `=` or `??`, or an arrow that reads it.
 *
 * @param {string} code
 * @param {number} at
 * @param {string} read
 */
function isDefault(code, at, read) {
  const before = clockAsDefault.exec(code.slice(0, at))?.[0]
  if (before === undefined) return false
  return before.includes('=>') || !(read.endsWith(')') || code[at + read.length] === '(')
}

/**
 * Every endpoint path, scope, header name and error id that stands as a literal anywhere but once in protocol.
 * Examples and benchmarks are programs of the outside world and may spell them.
 *
 * @param {House} house
 * @returns {string[]}
 */
export function findRepeatedLiterals(house) {
  const owned = new Map()
  for (const file of house.files.filter((each) => each.path.startsWith('protocol/src/')))
    for (const literal of file.source.literals)
      if (isWireName(file, literal)) {
        const name = literal.text.toLowerCase()
        owned.set(name, [...(owned.get(name) ?? []), `${file.path}:${literal.line}`])
      }
  const repeated = [...owned].flatMap(([name, places]) =>
    places.slice(1).map((/** @type {string} */ place) => `${place} stands twice in protocol: ${name}`),
  )
  const elsewhere = house.files
    .filter((file) => (file.area === 'src' && file.part !== 'protocol') || /^tools\/[^/]*$/.test(file.path))
    .flatMap((file) =>
      file.source.literals.flatMap((literal) =>
        words(literal.text)
          .filter((word) => owned.has(word) && !isProse(word, literal.text))
          .map((word) => `${file.path}:${literal.line} take it from protocol: ${word}`),
      ),
    )
  return [...repeated, ...elsewhere]
}

/**
 * @param {HouseFile} file
 * @param {import('./scan-source.mjs').Literal} literal
 */
function isWireName(file, { text, start }) {
  if (/^i[ha]\d{4}$/.test(text) || /^interhumanai\.[\w.-]+$/.test(text)) return true
  if (file.path.endsWith('/endpoints.ts') && /^\/[\w.-]+(?:\/[\w.*-]+)*$/.test(text)) return text.length > 3
  return /_HEADER = .$/.test(file.source.code.slice(0, start))
}

/**
 * A header whose name is a word of English, such as `Origin`, is meant only where the literal is nothing else.
 *
 * @param {string} word
 * @param {string} text
 */
function isProse(word, text) {
  return /^[a-z]+$/.test(word) && text.toLowerCase() !== word
}

/** @param {string} text */
function words(text) {
  return text
    .toLowerCase()
    .split(/[\s`'"<>(),;=]+/)
    .map((word) => word.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/, ''))
}

/** @param {House} house */
function published(house) {
  return house.files.filter((file) => file.area === 'src')
}

/**
 * @param {HouseFile} file
 * @param {RegExp} pattern
 * @param {string} problem
 */
function findCode(file, pattern, problem) {
  return [...file.source.code.matchAll(pattern)].map(
    (match) => `${file.path}:${lineOf(file, match.index)} ${problem}`,
  )
}

/**
 * @param {HouseFile} file
 * @param {number} at
 */
function lineOf(file, at) {
  return file.source.code.slice(0, at).split('\n').length
}
