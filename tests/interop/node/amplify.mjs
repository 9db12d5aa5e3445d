// aws-amplify 6, headless: every function of aws-amplify/auth under its own name, and a few of ours.
import './navigator.mjs';
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { Hub } from 'aws-amplify/utils';
import { MapStorage, recordSrp, serve } from './rpc.mjs';

const storage = new MapStorage();
const events = [];
Hub.listen('auth', ({ payload }) => events.push(payload.event));
const srpExchanges = recordSrp();

const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

await serve({
  ...auth,
  // A sign-up puts another function in its place.
  autoSignIn: () => auth.autoSignIn(),
  configure(cognito) {
    Amplify.configure({ Auth: { Cognito: cognito } });
    cognitoUserPoolsTokenProvider.setKeyValueStorage(storage);
  },
  stored: () => storage.entries(),
  events: () => events.splice(0),
  srpExchanges,
  advanceClock({ seconds }) {
    ahead += seconds * 1000;
  },
});
