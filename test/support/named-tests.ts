import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A test that a document names. */
export interface NamedTest {
  readonly file: string
  readonly name: string
}

/** Reads a file of the repository. */
export function readDocument(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
}

/** The tests that a cell of a table names, each as `file`: “name”. */
export function findNamedTests(cell: string): NamedTest[] {
  return [...cell.matchAll(/`([^`]+\.ts)`: “([^”]+)”/g)].map(([, file = '', name = '']) => ({ file, name }))
}

/** Says whether a test stands in its file, under the very name. */
export function isThere({ file, name }: NamedTest): boolean {
  const source = readDocument(file).replaceAll(/\\(['"`])/g, '$1')
  return (
    /\b(?:test|it)(?:\.each)?\(/.test(source) &&
    [`'${name}'`, `"${name}"`, `\`${name}\``].some((each) => source.includes(each))
  )
}
