import { setting } from './setting.ts'
import { parsePath } from './values.ts'

/** Where keys are kept. */
export const STORE_SETTINGS = [
  setting('dataDir', parsePath('data'), parsePath, {
    placeholder: 'FOLDER',
    description: 'Folder of the database, the master key and the first key; made with mode 0700.',
    defaultText: '`data` in the current folder',
  }),
] as const
