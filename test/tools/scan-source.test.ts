import { expect, test } from 'vitest'
import { scanSource } from '../../tools/scan-source.mjs'

const specifiers = (source: string) => scanSource(source).imports.map((found) => found.specifier)
const texts = (source: string) => scanSource(source).literals.map((literal) => literal.text)

test('every form of import and export-from is seen, with its line', () => {
  const source = [
    "import a from 'one'",
    "import type { B } from 'two'",
    "import {\n  c,\n} from 'three'",
    "import 'four'",
    "export { d } from 'five'",
    "export * from 'six'",
    "const e = await import('seven')",
    "type F = import('eight').F",
    "const g = require('nine')",
  ].join('\n')
  expect(specifiers(source)).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'])
  expect(scanSource(source).imports.map((found) => found.line)).toEqual([1, 2, 3, 6, 7, 8, 9, 10, 11])
})

test('an import that stands in a comment, a string, a template or a regular expression is none', () => {
  const source = [
    "// import 'a'",
    "/* import 'b' */",
    `const c = "import 'c'"`,
    "const d = `import 'd'`",
    "const e = /import 'e'/",
    "const f = 1 / 2 // import 'f' /",
  ].join('\n')
  expect(specifiers(source)).toEqual([])
})

test('what stands between an export and a later from is not taken for an import', () => {
  expect(specifiers("export const a = Array.from('text')")).toEqual([])
  expect(specifiers("export function b() { return Buffer.from('text') }")).toEqual([])
})

test('literals are found in strings and in the pieces of a template, also a nested one', () => {
  expect(texts('f(\'a\', "b")')).toEqual(['a', 'b'])
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a template.
  expect(texts('`x${`y${z}`}w`')).toEqual(['x', 'y', '', 'w'])
})

test('a quote in a regular expression or a division does not begin a string', () => {
  expect(texts("const a = /['\"`]/.test(b); const c = 'd'")).toEqual(['d'])
  expect(texts("const a = b / c; const d = 'e' / f")).toEqual(['e'])
  expect(texts("const a = (b) / c; g('h')")).toEqual(['h'])
})
