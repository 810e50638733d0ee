/**
 * What a markdown text says about other things, outside and inside its fenced blocks.
 *
 * @typedef {object} Markdown
 * @property {{ text: string, anchor: string, line: number }[]} headings
 * @property {{ target: string, line: number }[]} links Targets of links and images, in the text only.
 * @property {{ text: string, line: number }[]} codeSpans
 * @property {{ language: string, lines: { text: string, line: number }[] }[]} blocks The fenced blocks.
 */

/**
 * Reads the parts of a markdown text that the checks of the documents look at.
 *
 * @param {string} markdown
 * @returns {Markdown}
 */
export function readMarkdown(markdown) {
  /** @type {Markdown} */
  const found = { headings: [], links: [], codeSpans: [], blocks: [] }
  /** @type {Map<string, number>} */
  const seen = new Map()
  let fence = ''
  for (const [index, text] of markdown.split('\n').entries()) {
    const line = index + 1
    const mark = /^\s*(```+|~~~+)\s*([\w-]*)/.exec(text)
    if (fence !== '') {
      if (mark?.[1]?.startsWith(fence)) fence = ''
      else found.blocks.at(-1)?.lines.push({ text, line })
      continue
    }
    if (mark?.[1] !== undefined) {
      fence = mark[1]
      found.blocks.push({ language: mark[2] ?? '', lines: [] })
      continue
    }
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1]
    if (heading !== undefined) found.headings.push({ text: heading, anchor: anchorOf(heading, seen), line })
    readInline(text, line, found)
  }
  return found
}

/**
 * @param {string} text
 * @param {number} line
 * @param {Markdown} found
 */
function readInline(text, line, found) {
  for (const span of text.matchAll(/(`+)(.+?)\1/g)) found.codeSpans.push({ text: span[2] ?? '', line })
  const plain = text.replace(/(`+).+?\1/g, (code) => '`'.repeat(code.length))
  for (const link of plain.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g))
    found.links.push({ target: link[1] ?? '', line })
  const reference = /^\[[^\]]+\]:\s*(\S+)/.exec(plain)?.[1]
  if (reference !== undefined) found.links.push({ target: reference, line })
}

/**
 * Writes a heading's anchor as GitHub does: lower case, spaces to dashes, everything else but letters, digits,
 * dashes and underscores dropped, a number after a repeated one.
 *
 * @param {string} heading
 * @param {Map<string, number>} [seen] The anchors of the page so far.
 */
export function anchorOf(heading, seen = new Map()) {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  const anchor = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
  const times = seen.get(anchor) ?? 0
  seen.set(anchor, times + 1)
  return times === 0 ? anchor : `${anchor}-${times}`
}
