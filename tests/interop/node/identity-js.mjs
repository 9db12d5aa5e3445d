// amazon-cognito-identity-js 6, the client before Amplify 6: callbacks turned into promises.
// What came of a sign-in is {tokens} or {challenge, parameters}.
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js';
import { MapStorage, recordSrp, serve } from './rpc.mjs';

const srpExchanges = recordSrp();
const Storage = new MapStorage();
let pool;
let user;

// A method that ends in a node-style callback.
function ask(subject, method, ...args) {
  return new Promise((resolve, reject) => {
    subject[method](...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

function tokensOf(session) {
  return {
    access: session.getAccessToken().getJwtToken(),
    id: session.getIdToken().getJwtToken(),
    refresh: session.getRefreshToken().getToken(),
  };
}

// A method that takes an object of callbacks, one for each thing that may come next.
function converse(start) {
  return new Promise((resolve, reject) => {
    const challenged = (challenge) => (name, parameters) => resolve({ challenge, name, parameters });
    start({
      onSuccess: (result) => resolve(result?.getAccessToken ? { tokens: tokensOf(result) } : { result }),
      onFailure: reject,
      mfaRequired: challenged('SMS_MFA'),
      totpRequired: challenged('SOFTWARE_TOKEN_MFA'),
      selectMFAType: challenged('SELECT_MFA_TYPE'),
      mfaSetup: challenged('MFA_SETUP'),
      customChallenge: (parameters) => resolve({ challenge: 'CUSTOM_CHALLENGE', parameters }),
      newPasswordRequired: (attributes, required) =>
        resolve({ challenge: 'NEW_PASSWORD_REQUIRED', attributes, required }),
    });
  });
}

await serve({
  configure({ userPoolId, clientId, endpoint }) {
    pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint, Storage });
  },
  use({ username }) {
    user = new CognitoUser({ Username: username, Pool: pool, Storage });
  },
  async signUp({ username, password, attributes = {} }) {
    const list = Object.entries(attributes).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
    const { userSub, userConfirmed, codeDeliveryDetails } = await ask(
      pool, 'signUp', username, password, list, null);
    return { userSub, userConfirmed, codeDeliveryDetails };
  },
  confirm: ({ code }) => ask(user, 'confirmRegistration', code, false),
  resend: () => ask(user, 'resendConfirmationCode'),
  signIn({ username, password, flow = 'USER_SRP_AUTH' }) {
    user = new CognitoUser({ Username: username, Pool: pool, Storage });
    user.setAuthenticationFlowType(flow);
    const details = new AuthenticationDetails({ Username: username, Password: password });
    return converse((callbacks) => user.authenticateUser(details, callbacks));
  },
  newPassword: ({ password, attributes = {} }) =>
    converse((callbacks) => user.completeNewPasswordChallenge(password, attributes, callbacks)),
  mfaCode: ({ code, type }) => converse((callbacks) => user.sendMFACode(code, callbacks, type)),
  async session() {
    return tokensOf(await ask(user, 'getSession'));
  },
  async refresh() {
    const session = await ask(user, 'getSession');
    return tokensOf(await ask(user, 'refreshSession', session.getRefreshToken()));
  },
  userAttributes: () => ask(user, 'getUserAttributes'),
  rememberDevice: () => converse((callbacks) => user.setDeviceStatusRemembered(callbacks)),
  doNotRememberDevice: () => converse((callbacks) => user.setDeviceStatusNotRemembered(callbacks)),
  device: () => converse((callbacks) => user.getDevice(callbacks)),
  devices: ({ limit = 60, token = null }) =>
    converse((callbacks) => user.listDevices(limit, token, callbacks)),
  forgetDevice: () => converse((callbacks) => user.forgetDevice(callbacks)),
  forgetDeviceOf: ({ key }) => converse((callbacks) => user.forgetSpecificDevice(key, callbacks)),
  globalSignOut: () => converse((callbacks) => user.globalSignOut(callbacks)),
  signOut: () => new Promise((resolve) => user.signOut(() => resolve())),
  stored: () => Storage.entries(),
  srpExchanges,
});
