import type { CommandGroup } from '../command-group.ts'

/** Where each group of commands is, by its first word, in the order of `--help`. */
const GROUPS: Readonly<Record<string, () => Promise<CommandGroup>>> = {
  start: async () => (await import('./start/group.ts')).startGroup,
  keys: async () => (await import('./keys/group.ts')).keysGroup,
  verifiers: async () => (await import('./verifiers/group.ts')).verifiersGroup,
  config: async () => (await import('./config/group.ts')).configGroup,
  'admin-tokens': async () => (await import('./admin-tokens/group.ts')).adminTokensGroup,
  'signing-keys': async () => (await import('./signing-keys/group.ts')).signingKeysGroup,
  audit: async () => (await import('./audit/group.ts')).auditGroup,
  rewrap: async () => (await import('./rewrap/group.ts')).rewrapGroup,
  migrate: async () => (await import('./migrate/group.ts')).migrateGroup,
  backup: async () => (await import('./backup/group.ts')).backupGroup,
  restore: async () => (await import('./restore/group.ts')).restoreGroup,
  export: async () => (await import('./export/group.ts')).exportGroup,
  import: async () => (await import('./import/group.ts')).importGroup,
}

/** Loads the group that a word names, or nothing where it names none. */
export async function loadGroup(word: string | undefined): Promise<CommandGroup | undefined> {
  return word !== undefined && Object.hasOwn(GROUPS, word) ? GROUPS[word]?.() : undefined
}

/** Loads every group, in the order of `--help`. */
export async function loadGroups(): Promise<readonly CommandGroup[]> {
  return Promise.all(Object.values(GROUPS).map((load) => load()))
}
