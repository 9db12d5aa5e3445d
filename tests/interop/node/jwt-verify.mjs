// aws-jwt-verify 5, AWS's own verifier: the keys come from the emulator, all else is judged as on AWS.
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { serve } from './rpc.mjs';

await serve({
  async verify({ token, jwksUri, jwks, ...properties }) {
    const verifier = CognitoJwtVerifier.create(properties);
    verifier.cacheJwks(jwks ?? (await (await fetch(jwksUri)).json()));
    return verifier.verify(token);
  },
});
