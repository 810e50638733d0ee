import { requireNode } from './require-node.mjs'

// npm start. Old syntax only, and nothing is loaded before the Node is known to be new enough.

requireNode('npm start')
import('./run-start.mjs')
