import { parentPort, workerData } from 'node:worker_threads'
import { exchange } from './exchange.mjs'

// One exchange in a worker thread.

parentPort?.postMessage(await exchange(workerData))
