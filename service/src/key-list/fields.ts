/** The fields of a key in a list, as `keys create` and the operator's API name them. */
export const KEY_FIELDS = ['name', 'scopes', 'expires_at', 'expires_in_seconds', 'direct'] as const

/** A line of a list: what it says of a key, not looked at yet. */
export interface ListedFields {
  /** Counted from 1; the heading of a CSV file is one. */
  readonly line: number
  readonly fields: Readonly<Record<string, unknown>>
}
