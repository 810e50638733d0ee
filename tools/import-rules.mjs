import { packageOf, resolveRelative } from './read-house.mjs'

// What may import what: the arrows of ARCHITECTURE.md, on the imports of every file.

/** @typedef {import('./read-house.mjs').House} House */
/** @typedef {import('./read-house.mjs').HouseFile} HouseFile */

/** The arrows between workspaces: what each part's published source may import. @type {Record<string, string[]>} */
const arrows = {
  protocol: [],
  client: ['protocol'],
  cli: ['client', 'protocol'],
  guard: ['protocol'],
  service: ['protocol'],
}
/** What tests and everything outside the workspaces may import. Nobody imports cli and service. */
const open = ['protocol', 'client', 'guard']
/** What runs everywhere and so imports nothing of Node and nothing of others. */
const portable = ['protocol', 'client']

/**
 * Every import that is not along an arrow, reaches into another part's files, or is of `node:` or another package
 * where that is barred.
 *
 * @param {House} house
 * @returns {string[]}
 */
export function findWrongImports(house) {
  return house.files.flatMap((file) =>
    file.source.imports.flatMap(({ specifier, line }) => {
      const problem = specifier.startsWith('.')
        ? relativeProblem(house, file, specifier)
        : bareProblem(house, file, specifier)
      return problem === undefined ? [] : [`${file.path}:${line} ${problem}`]
    }),
  )
}

/**
 * @param {House} house
 * @param {HouseFile} file
 * @param {string} specifier
 */
function relativeProblem(house, file, specifier) {
  const target = resolveRelative(file, specifier)
  const part = target.split('/')[0] ?? ''
  if (part === file.part)
    return file.area === 'src' && !/^[^/]+\/(?:src|bin|dist)\//.test(target)
      ? `reaches out of its source: ${specifier}`
      : undefined
  if (file.area === 'src') return `leaves its workspace: ${specifier}`
  if (file.area === 'test')
    return target.startsWith('test/support/') ? undefined : `leaves its workspace: ${specifier}`
  if (
    file.part === 'tools' &&
    /^tools\/write-[^/]*$/.test(file.path) &&
    /^(?:service|cli)\/dist\//.test(target)
  )
    return undefined
  if (['tools', 'bench'].includes(part) && file.path.startsWith(`test/${part}/`)) return undefined
  // The same browser for the runtimes and for what crosses parts.
  if (target === 'tools/runtimes/chromium.mjs' && file.part === 'test') return undefined
  if (part === 'test' && target.startsWith('test/support/')) return undefined
  if (part === 'examples' && file.part === 'test') return undefined
  if (part in house.workspaces) return `reaches into ${part}/: ${specifier}`
  return ['tools', 'examples', 'bench'].includes(part) ? `imports ${part}/: ${specifier}` : undefined
}

/**
 * @param {House} house
 * @param {HouseFile} file
 * @param {string} specifier
 */
function bareProblem(house, file, specifier) {
  const name = packageOf(specifier)
  const workspace = Object.keys(house.workspaces).find((folder) => house.workspaces[folder]?.name === name)
  if (workspace !== undefined) {
    const isEntry = specifier === name || house.workspaces[workspace]?.entries.includes(specifier)
    if (isEntry !== true) return `reaches into a package: ${specifier}`
    const allowed = file.area === 'src' ? (arrows[file.part] ?? []) : [...open, ...(arrows[file.part] ?? [])]
    return allowed.includes(workspace) ? undefined : `is no arrow of the house: ${file.part} → ${workspace}`
  }
  if (specifier.startsWith('node:'))
    return file.area === 'src' && portable.includes(file.part)
      ? `${file.part} runs everywhere and imports nothing of Node: ${specifier}`
      : undefined
  if (file.area === 'src')
    return house.workspaces[file.part]?.dependencies.includes(name)
      ? undefined
      : `${file.part}/package.json declares no dependency ${name}`
  // A benchmark's floor is built of what the service is built of.
  const borrowed = house.workspaces[file.part === 'bench' ? 'service' : file.part]?.dependencies ?? []
  const declared = [...house.devDependencies, ...borrowed]
  return declared.includes(name) ? undefined : `package.json declares no devDependency ${name}`
}

/**
 * Every dependency that is declared and imported nowhere; a devDependency counts as used when a tool names it.
 *
 * @param {House} house
 * @returns {string[]}
 */
export function findUnusedDependencies(house) {
  const usedIn = (/** @type {HouseFile[]} */ files) =>
    new Set(files.flatMap((file) => file.source.imports.map(({ specifier }) => packageOf(specifier))))
  const problems = Object.entries(house.workspaces).flatMap(([folder, { dependencies }]) => {
    const used = usedIn(house.files.filter((file) => file.part === folder && file.area === 'src'))
    return dependencies
      .filter((name) => !used.has(name))
      .map((name) => `${folder}/package.json nothing imports ${name}`)
  })
  const used = usedIn(house.files)
  const named = house.files.filter((file) => file.area !== 'src').flatMap((file) => file.source.literals)
  const unused = house.devDependencies.filter(
    (name) =>
      !name.startsWith('@types/') && !used.has(name) && !named.some((literal) => literal.text.includes(name)),
  )
  return [...problems, ...unused.map((name) => `package.json nothing uses ${name}`)]
}

/**
 * Every circle of files inside a workspace's source, types included.
 *
 * @param {House} house
 * @returns {string[]}
 */
export function findCircles(house) {
  const files = house.files.filter((file) => file.area === 'src')
  /** @type {Map<string, string[]>} */
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.source.imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => resolveRelative(file, specifier)),
    ]),
  )
  /** @type {Set<string>} */
  const done = new Set()
  /** @type {string[]} */
  const problems = []
  const visit = (/** @type {string} */ file, /** @type {string[]} */ trail) => {
    if (trail.includes(file))
      problems.push(`circle: ${[...trail.slice(trail.indexOf(file)), file].join(' → ')}`)
    else if (!done.has(file)) {
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file])
      done.add(file)
    }
  }
  for (const file of edges.keys()) visit(file, [])
  return problems
}
