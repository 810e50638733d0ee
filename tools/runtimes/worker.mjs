import { parentPort, workerData } from 'node:worker_threads'
import { ask } from './ask.mjs'

// What ask.mjs does, in a worker thread.

parentPort?.postMessage(await ask(workerData))
