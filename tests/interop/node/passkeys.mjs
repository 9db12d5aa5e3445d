// A browser's passkeys in Node, as far as Amplify asks for them: keys of the kind ES256, made and proven by node:crypto.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

class PublicKeyCredential {}
class AuthenticatorAttestationResponse {}
class AuthenticatorAssertionResponse {}

const ORIGIN = 'https://app.example.com';
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_KEY = 0x40;
const keys = new Map();

const hash = (data) => createHash('sha256').update(data).digest();
const base64url = (data) => Buffer.from(data).toString('base64url');
const buffer = (data) => new Uint8Array(data).buffer;

function clientData(type, challenge) {
  return Buffer.from(JSON.stringify({ type, challenge: base64url(challenge), origin: ORIGIN, crossOrigin: false }));
}

function authenticatorData(rpId, flags) {
  return Buffer.concat([hash(rpId), Buffer.from([USER_PRESENT | USER_VERIFIED | flags, 0, 0, 0, 0])]);
}

// CBOR (RFC 8949) of {1: 2, 3: -7, -1: 1, -2: x, -3: y}, a COSE key (RFC 9053).
function coseKey({ x, y }) {
  const bytes = (text) => Buffer.concat([Buffer.from([0x58, 32]), Buffer.from(text, 'base64url')]);
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    bytes(x),
    Buffer.from([0x22]),
    bytes(y),
  ]);
}

// CBOR of {"fmt": "none", "attStmt": {}, "authData": …}.
function attestation(authData) {
  const text = (word) => Buffer.concat([Buffer.from([0x60 + word.length]), Buffer.from(word)]);
  return Buffer.concat([
    Buffer.from([0xa3]),
    text('fmt'),
    text('none'),
    text('attStmt'),
    Buffer.from([0xa0]),
    text('authData'),
    Buffer.from([0x58, authData.length]),
    authData,
  ]);
}

function credential(id, response) {
  return Object.assign(new PublicKeyCredential(), {
    id: base64url(id),
    rawId: buffer(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    response,
    getClientExtensionResults: () => ({}),
  });
}

async function create({ publicKey: options }) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(16);
  keys.set(base64url(id), privateKey);
  const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey(publicKey.export({ format: 'jwk' }))]);
  const authData = Buffer.concat([authenticatorData(options.rp.id, HAS_KEY), attested]);
  const response = Object.assign(new AuthenticatorAttestationResponse(), {
    clientDataJSON: buffer(clientData('webauthn.create', options.challenge)),
    attestationObject: buffer(attestation(authData)),
    getTransports: () => ['internal'],
    getAuthenticatorData: () => buffer(authData),
    getPublicKey: () => buffer(publicKey.export({ format: 'der', type: 'spki' })),
    getPublicKeyAlgorithm: () => -7,
  });
  return credential(id, response);
}

async function get({ publicKey: options }) {
  const id = Buffer.from(options.allowCredentials.find((each) => keys.has(base64url(each.id))).id);
  const authData = authenticatorData(options.rpId, 0);
  const data = clientData('webauthn.get', options.challenge);
  const response = Object.assign(new AuthenticatorAssertionResponse(), {
    clientDataJSON: buffer(data),
    authenticatorData: buffer(authData),
    signature: buffer(sign('sha256', Buffer.concat([authData, hash(data)]), keys.get(base64url(id)))),
    userHandle: null,
  });
  return credential(id, response);
}

// Give this process the globals by which Amplify recognizes a browser with passkeys.
export function usePasskeys() {
  const classes = { PublicKeyCredential, AuthenticatorAttestationResponse, AuthenticatorAssertionResponse };
  Object.assign(globalThis, classes);
  Object.defineProperty(navigator, 'credentials', { value: { create, get }, configurable: true });
  // A window of its own: `document` as a global would make Amplify look for a framework's elements.
  globalThis.window = { ...classes, document: {}, isSecureContext: true, navigator };
}
