import { isUtf8 } from 'node:buffer'
import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'

/** The parameters of a form, by name; one without a value is not among them (RFC 6749 section 3.2). */
export type FormParameters = ReadonlyMap<string, string>

/**
 * Parses a form (`application/x-www-form-urlencoded`) as `URLSearchParams` does, but takes nothing in two ways: no name
 * twice, no percent sign that begins no byte, no bytes that are not UTF-8.
 *
 * @throws {ApiError} `ia9031`, `ia9032`
 * @see RFC 6749 sections 3.1 and 3.2, appendix B
 */
export function parseForm(bytes: Buffer): FormParameters {
  if (!isUtf8(bytes)) throw new ApiError(ERRORS.formMalformed)
  return parseFormText(bytes.toString())
}

/**
 * Parses the text of a form, such as the query of an address.
 *
 * @throws {ApiError} `ia9031`, `ia9032`
 */
export function parseFormText(text: string): FormParameters {
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const end = pair.indexOf('=')
    const name = decodeFormText(end === -1 ? pair : pair.slice(0, end))
    const value = end === -1 ? '' : decodeFormText(pair.slice(end + 1))
    if (seen.has(name)) throw new ApiError(ERRORS.parameterRepeated)
    seen.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

/**
 * Decodes one name or value of a form.
 *
 * @throws {ApiError} `ia9031`
 */
export function decodeFormText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new ApiError(ERRORS.formMalformed)
  }
}

/**
 * Refuses a form that lacks a parameter.
 *
 * @throws {ApiError} `ia9033`, which names the first one.
 */
export function requireParameters(form: FormParameters, names: readonly string[]): void {
  const absent = names.find((name) => !form.has(name))
  if (absent !== undefined)
    throw new ApiError(ERRORS.parameterAbsent, { problems: { [absent]: 'is needed' } })
}
