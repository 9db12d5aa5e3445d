// aws-amplify 6 without a browser: every function of aws-amplify/auth by its name, and functions for the tests.
import './navigator.mjs';
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { Hub } from 'aws-amplify/utils';
import { usePasskeys } from './passkeys.mjs';
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
  // A sign-up replaces this function.
  autoSignIn: () => auth.autoSignIn(),
  configure(cognito) {
    Amplify.configure({ Auth: { Cognito: cognito } });
    cognitoUserPoolsTokenProvider.setKeyValueStorage(storage);
  },
  stored: () => storage.entries(),
  events: () => events.splice(0),
  srpExchanges,
  usePasskeys,
  advanceClock({ seconds }) {
    ahead += seconds * 1000;
  },
});
