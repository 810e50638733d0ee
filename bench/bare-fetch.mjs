const { BENCH_URL, BENCH_ID, BENCH_PHRASE } = process.env
const body = JSON.stringify({ key_id: BENCH_ID, key_secret: BENCH_PHRASE, scopes: ['interhumanai.upload'] })
const headers = { 'Content-Type': 'application/json' }
const response = await fetch(`${BENCH_URL}/v0/auth`, { method: 'POST', headers, body })
process.stdout.write(await response.text())
