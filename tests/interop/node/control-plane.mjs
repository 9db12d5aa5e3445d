// The AWS SDK for JavaScript 3 as an administrator: any operation of user pools and identity pools, with the members of
// the JSON API. Blobs, which the SDK has as bytes, are base64 there.
import * as identityPools from '@aws-sdk/client-cognito-identity';
import * as userPools from '@aws-sdk/client-cognito-identity-provider';
import { serve } from './rpc.mjs';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const services = {};
const blobs = new Set(['Bytes', 'ImageFile']);

function sent(value, name) {
  if (blobs.has(name)) return new Uint8Array(Buffer.from(value, 'base64'));
  if (Array.isArray(value)) return value.map((item) => sent(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sent(item, key)]));
}

function received(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(received);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, received(item)]));
}

function configure({ endpoint }) {
  const config = { endpoint, region: 'us-east-1', credentials };
  services['cognito-idp'] = [userPools, new userPools.CognitoIdentityProviderClient(config)];
  services['cognito-identity'] = [identityPools, new identityPools.CognitoIdentityClient(config)];
}

async function call({ service, operation, members }) {
  const [commands, client] = services[service];
  const { $metadata, ...answer } = await client.send(new commands[`${operation}Command`](sent(members)));
  return received(answer);
}

// The pages of a list, as the SDK's paginator reads them.
async function pages({ operation, members, pageSize }) {
  const [commands, client] = services['cognito-idp'];
  const found = [];
  for await (const page of commands[`paginate${operation}`]({ client, pageSize }, members)) {
    const { $metadata, ...answer } = page;
    found.push(received(answer));
  }
  return found;
}

await serve({ configure, call, pages });
