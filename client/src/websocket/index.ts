export type { HandshakeDialect, WebSocketConstructor } from './carry-token.ts'
export { type OpenWebSocket, type OpenWebSocketOptions, openWebSocket } from './open-web-socket.ts'
export type { StreamEnd } from './stream-end.ts'
