export { type RequestClientTokenParameters, requestClientToken } from './request-client-token.ts'
export {
  type ClientTokenFailure,
  type ClientTokenGrant,
  type RespondWithClientTokenOptions,
  respondWithClientToken,
} from './respond-with-client-token.ts'
