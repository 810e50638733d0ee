import { classifyFault, TransportError } from '../transport-error.ts'
import { readNodeAnswer, readRefusal } from './handshake-answer.ts'
import type { Listenable } from './listen.ts'

/** Resolves once a socket is open; then, and after a failure, nothing of this listens any more but to errors. */
export function awaitOpen(socket: Listenable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    let isAnswered = false
    const settle = (outcome: () => void) => {
      if (isSettled) return
      isSettled = true
      socket.removeEventListener('open', onOpen)
      socket.removeEventListener('close', onClose)
      signal.removeEventListener('abort', onAbort)
      outcome()
    }
    const fail = (error: unknown) =>
      settle(() => {
        reject(error)
        // In Node 22 this calls the listener to errors in the same go.
        socket.close()
      })
    const onOpen = () => settle(resolve)
    const onClose = () => fail(unexplained())
    const onAbort = () => fail(signal.reason)
    socket.addEventListener('open', onOpen)
    socket.addEventListener('close', onClose)
    signal.addEventListener('abort', onAbort)
    // It stays: without it an error of `ws` later on would end the process. The close that follows says what there is.
    socket.addEventListener('error', ({ error }: { error?: unknown }) => {
      if (isAnswered) return
      const fault = classifyFault(error)
      fail(fault.systemCode === undefined ? unexplained() : fault)
    })
    socket.on?.('unexpected-response', async (_, response) => {
      isAnswered = true
      fail((await readRefusal(readNodeAnswer(response))) ?? unexplained())
    })
  })
}

const UNEXPLAINED = 'CLOSE_1006'

/** What is thrown of a failure that the platform says nothing of, as a browser does on purpose. */
function unexplained(): TransportError {
  const error = new TransportError('network', UNEXPLAINED)
  error.message += `, the WebSocket handshake did not get there or was refused, and the platform says 1006 for both: check the address, and that the token lives and may be used from this page's origin`
  return error
}

/** Whether the platform did not say why a handshake failed. */
export function isUnexplained(error: unknown): boolean {
  return error instanceof TransportError && error.systemCode === UNEXPLAINED
}
