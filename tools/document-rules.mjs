import path from 'node:path'

/**
 * What the documents can be held against.
 *
 * @typedef {object} Project
 * @property {ReadonlyMap<string, import('./markdown.mjs').Markdown>} documents By path relative to the root.
 * @property {ReadonlySet<string>} paths Every file and folder of the repository, relative to the root.
 * @property {readonly string[]} scripts The names of npm's scripts.
 * @property {readonly string[]} bins The commands that the workspaces install.
 */

const builtIn = new Set(['ci', 'install', 'test', 'start', 'pack', 'publish', 'audit', 'ls'])
const isFile = /\.(?:md|ts|mjs|json)$/
/** Where a path in a document may begin as well. */
const SERVICE = 'service/src'
const madeLater = /(?:^|\/)(?:dist|data|node_modules)(?:\/|$)/

/**
 * Every link whose file, or whose anchor in a document, is not there.
 *
 * @param {Project} project
 * @returns {string[]}
 */
export function findBrokenLinks({ documents, paths }) {
  return [...documents].flatMap(([document, { links }]) =>
    links.flatMap(({ target, line }) => {
      if (/^[a-z][a-z+.-]*:/i.test(target)) return []
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? document : path.posix.join(path.posix.dirname(document), decodeURI(file))
      const name = linked.replace(/\/$/, '')
      if (!paths.has(name)) return [`${document}:${line} links to what is not there: ${target}`]
      const headings = documents.get(name)?.headings
      return anchor === undefined || headings === undefined || headings.some((each) => each.anchor === anchor)
        ? []
        : [`${document}:${line} links to a heading that is not there: ${target}`]
    }),
  )
}

/**
 * Every path in a code span that names a part of this repository and is not there. It may be read from the root, from
 * beside the document, or below `service/src/`. What is made later, by a build or a start, and what stands for several
 * files (`*`, `<name>`, `…`) is left alone.
 *
 * @param {Project} project
 * @returns {string[]}
 */
export function findMissingFiles({ documents, paths }) {
  const names = new Set([...paths].map((file) => path.posix.basename(file)))
  return [...documents].flatMap(([document, { codeSpans }]) =>
    codeSpans.flatMap(({ text, line }) => {
      const file = text.replace(/:\d+$/, '').replace(/\/$/, '')
      if (!/^\.?[\w@-][\w.@-]*(?:\/[\w.@-]+)*$/.test(file) || madeLater.test(file)) return []
      const first = file.split('/')[0] ?? ''
      const beside = path.posix.join(path.posix.dirname(document), file)
      const below = path.posix.join(SERVICE, file)
      const there =
        [file, beside, below].some((each) => paths.has(each)) || (!file.includes('/') && names.has(file))
      const isPart = paths.has(first) || (paths.has(path.posix.join(SERVICE, first)) && isFile.test(file))
      const named = file.includes('/') ? isPart : isFile.test(file)
      return named && !there ? [`${document}:${line} names a file that is not there: ${text}`] : []
    }),
  )
}

/**
 * Every command of npm or npx, in a fenced block or a code span, that names no script or command of this project, and
 * every npx that could fetch a package by name.
 *
 * @param {Project} project
 * @returns {string[]}
 */
export function findUnknownCommands({ documents, scripts, bins }) {
  return [...documents].flatMap(([document, { blocks, codeSpans }]) =>
    [...blocks.flatMap((block) => block.lines), ...codeSpans].flatMap(({ text, line }) =>
      text
        .split(/&&|\|\||[|;]/)
        .map((command) => command.trim().replace(/^(?:\$ )?(?:\w+=\S*\s+)*/, ''))
        .flatMap((command) => commandProblem(command, scripts, bins) ?? [])
        .map((problem) => `${document}:${line} ${problem}`),
    ),
  )
}

/**
 * @param {string} command
 * @param {readonly string[]} scripts
 * @param {readonly string[]} bins
 */
function commandProblem(command, scripts, bins) {
  const words = command.split(/\s+/)
  const names = words.slice(1).filter((word) => !word.startsWith('-'))
  if (words[0] === 'npx') {
    if (words.length === 1) return undefined
    if (!words.includes('--no-install')) return `lets npx fetch by name: ${command}`
    return bins.includes(names[0] ?? '') ? undefined : `names no command of this project: ${command}`
  }
  if (words[0] !== 'npm' || names[0] === undefined) return undefined
  const script = ['run', 'run-script'].includes(names[0]) ? names[1] : undefined
  if (script !== undefined)
    return scripts.includes(script) ? undefined : `names no script of package.json: ${command}`
  // By name it would fetch what is not ours; a file beside is what somebody packed.
  const packed = names.length > 1 && names.slice(1).every((name) => /^\.\.?\/.*\.tgz$/.test(name))
  if (names[0] === 'i' && packed) return undefined
  return builtIn.has(names[0]) || names[0] === 'run'
    ? undefined
    : `is no command of npm that is known here: ${command}`
}

/**
 * Every error that has no heading on the error page with the anchor that its link ends in, and every heading of the
 * page that is no error's.
 *
 * @param {readonly string[]} slugs
 * @param {import('./markdown.mjs').Markdown | undefined} page docs/errors.md
 * @returns {string[]}
 */
export function findErrorPageGaps(slugs, page) {
  const headings = page?.headings ?? []
  const absent = slugs.filter((slug) => !headings.some(({ anchor }) => anchor === slug))
  const extra = headings.filter(({ text, anchor }) => /^i[ha]\d/.test(text) && !slugs.includes(anchor))
  return [
    ...absent.map((slug) => `docs/errors.md has no heading for #${slug}`),
    ...extra.map(({ text, line }) => `docs/errors.md:${line} is the heading of no error: ${text}`),
  ]
}
