import Format from 'typebox/format'
import Schema from 'typebox/schema'
import type { BodySchema } from '../../body-problems.ts'
import { parseVisibleName } from '../../visible-name.ts'
import { ADMIN_REQUESTS, type AdminRequestName } from './requests.ts'

Format.Set('visible-name', (text) => parseVisibleName(text) !== undefined)

interface RequestCheck extends BodySchema {
  Check(body: unknown): boolean
}

/** The requests of the operator's API, ready to check a body. */
export const ADMIN_REQUEST_CHECKS = Object.fromEntries(
  Object.entries(ADMIN_REQUESTS).map(([name, schema]) => [name, Schema.Compile(schema)]),
) as unknown as Readonly<Record<AdminRequestName, RequestCheck>>
