// Uploads a video of any size: node upload.mjs meeting.mp4, with INTERHUMAN_KEY_ID and INTERHUMAN_KEY_SECRET in the environment.
// The file is read while it is sent and never held in memory. For a body like this `createFetch` first asks for a token that
// lives a minute at the least; one that is refused all the same is replaced, and the file sent once more.
import { openAsBlob } from 'node:fs'
import { createFetch, fromApiKey, reuse } from '@interhuman-auth/client'

const [, , path = ''] = process.argv
const {
  INTERHUMAN_KEY_ID: keyId = '',
  INTERHUMAN_KEY_SECRET: keySecret = '',
  INTERHUMAN_API_URL: apiUrl = 'https://api.interhuman.ai',
  UPLOAD_URL: uploadUrl = apiUrl,
} = process.env

const source = reuse(fromApiKey({ keyId, keySecret, scopes: ['interhumanai.upload'], apiUrl }))
const authFetch = createFetch(source, { origins: [new URL(uploadUrl).origin] })

const form = new FormData()
form.set('file', await openAsBlob(path), 'video.mp4')
const response = await authFetch(`${uploadUrl}/v0/upload/analyze`, { method: 'POST', body: form })
console.log(await response.text())
process.exitCode = response.ok ? 0 : 1
