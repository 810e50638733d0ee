// Streams the visitor's camera. The page never sees a key: it asks its own backend for a client token that lives two minutes
// and opens streams only (../nextjs/route.ts is that backend). Bundle it with what you bundle the rest of your page with.
import { fromBackend, reuse } from '@interhuman-auth/client'
import { openWebSocket } from '@interhuman-auth/client/websocket'

const STREAM_URL = document.documentElement.dataset.streamUrl ?? 'wss://api.interhuman.ai/v0/stream/analyze'
const CHUNK_MS = 1000

const source = reuse(fromBackend('/api/interhuman-token'))
const [start, stop, state, answers] = ['start', 'stop', 'state', 'answers'].map((id) =>
  document.getElementById(id),
)

start.onclick = async () => {
  start.disabled = true
  try {
    await stream()
  } catch (error) {
    // Has a code, and a correlation id for whoever is asked for help; never the token.
    state.value = `failed: ${error.code ?? error.name} ${error.correlationId ?? ''}`
  }
  start.disabled = false
}

async function stream() {
  const camera = await navigator.mediaDevices.getUserMedia({ video: true })
  try {
    // The source is asked for each stream anew: an old token opens none.
    const { socket, closed } = await openWebSocket(source, STREAM_URL)
    const recorder = new MediaRecorder(camera)
    recorder.ondataavailable = ({ data }) => socket.readyState === WebSocket.OPEN && socket.send(data)
    socket.onmessage = ({ data }) =>
      answers.append(Object.assign(document.createElement('li'), { textContent: data }))
    stop.onclick = () => socket.close(1000)
    stop.disabled = false
    state.value = 'streaming'
    recorder.start(CHUNK_MS)
    const { code, refusal } = await closed
    recorder.stop()
    if (refusal !== undefined) throw refusal
    state.value = `closed with ${code}`
  } finally {
    stop.disabled = true
    for (const track of camera.getTracks()) track.stop()
  }
}
