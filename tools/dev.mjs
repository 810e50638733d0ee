import { requireNode } from './require-node.mjs'

// npm run dev. Old syntax only, and nothing is loaded before the Node is known to be new enough.

requireNode('npm run dev')
import('./run-dev.mjs')
