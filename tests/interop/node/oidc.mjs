// OAuth and OpenID Connect clients of other people, which get the issuer's URL and nothing else of the emulator.
// A test is the browser: each client says where it goes, and takes the URL with which it comes back.
import { createServer } from 'node:http';
import { Auth, raw, skipCSRFCheck } from '@auth/core';
import Cognito from '@auth/core/providers/cognito';
import express from 'express';
import openIdConnect from 'express-openid-connect';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { serve } from './rpc.mjs';

const pending = {};

async function openidClient({ issuer, clientId, clientSecret, redirectUri }) {
  const config = await openid.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    execute: [openid.allowInsecureRequests],
  });
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid email',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  pending.finish = async (callback) => {
    const tokens = await openid.authorizationCodeGrant(config, new URL(callback), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    const info = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token);
    await openid.tokenRevocation(config, tokens.refresh_token);
    return { claims, info, refreshed: Boolean(refreshed.access_token) };
  };
  return url.href;
}

async function oauth4webapi({ issuer, clientId, clientSecret, redirectUri }) {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const server = await oauth.processDiscoveryResponse(
    new URL(issuer),
    await oauth.discoveryRequest(new URL(issuer), insecure),
  );
  const client = { client_id: clientId };
  const authentication = clientSecret ? oauth.ClientSecretPost(clientSecret) : oauth.None();
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const url = new URL(server.authorization_endpoint);
  const asked = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  pending.finish = async (callback) => {
    const given = oauth.validateAuthResponse(server, client, new URL(callback), state);
    const response = await oauth.authorizationCodeGrantRequest(
      server, client, authentication, given, redirectUri, verifier, insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, insecure);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    const answered = await oauth.userInfoRequest(server, client, tokens.access_token, insecure);
    const info = await oauth.processUserInfoResponse(server, client, claims.sub, answered);
    return { claims, info };
  };
  return url.href;
}

// Auth.js: the library behind next-auth 5, SvelteKit's and Express's packages, as one function of a request.
async function authJs({ issuer, clientId, clientSecret, redirectUri }) {
  const origin = new URL(redirectUri).origin;
  const config = {
    basePath: '/auth',
    secret: 'a-secret-of-the-test-that-is-long-enough',
    trustHost: true,
    skipCSRFCheck,
    raw,
    providers: [
      Cognito({
        issuer,
        clientId,
        clientSecret,
        checks: ['pkce', 'state', 'nonce'],
        client: clientSecret ? {} : { token_endpoint_auth_method: 'none' },
      }),
    ],
    logger: { error(error) { pending.error = error; }, warn() {}, debug() {} },
  };
  const jar = new Map();
  const send = async (url, method = 'GET') => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await Auth(new Request(url, { method, headers: { cookie } }), config);
    for (const each of answer.cookies ?? []) jar.set(each.name, each.value);
    if (pending.error) throw pending.error.cause?.err ?? pending.error;
    return answer;
  };
  const started = await send(`${origin}/auth/signin/cognito`, 'POST');
  pending.finish = async (callback) => {
    await send(callback);
    const session = await send(`${origin}/auth/session`);
    return { session: session.body };
  };
  return started.redirect;
}

// Express with Auth0's middleware: a real web application, which the test visits.
async function expressOpenIdConnect({ issuer, clientId, clientSecret }) {
  const app = express();
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${server.address().port}`;
  pending.mount = (id, secret) => {
    app.use(
      openIdConnect.auth({
        issuerBaseURL: issuer,
        baseURL,
        clientID: id,
        clientSecret: secret,
        secret: 'a-secret-of-the-test-that-is-long-enough',
        authorizationParams: { response_type: 'code', scope: 'openid email' },
        authRequired: true,
      }),
    );
    app.get('/', (request, response) => response.json(request.oidc.idTokenClaims));
    app.use((error, _request, response, _next) => response.status(500).json({ error: error.message, cause: error.cause?.message }));
  };
  if (clientId) pending.mount(clientId, clientSecret);
  return baseURL;
}

await serve({
  openidClient,
  oauth4webapi,
  authJs,
  expressOpenIdConnect,
  mount: ({ clientId, clientSecret }) => pending.mount(clientId, clientSecret),
  finish: ({ callback }) => pending.finish(callback),
});
