// aws-jwt-verify 5, AWS's own verifier: with the emulator's keys; all other checks are those for AWS.
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { serve } from './rpc.mjs';

await serve({
  async verify({ token, jwksUri, jwks, ...properties }) {
    const verifier = CognitoJwtVerifier.create(properties);
    verifier.cacheJwks(jwks ?? (await (await fetch(jwksUri)).json()));
    return verifier.verify(token);
  },
});
