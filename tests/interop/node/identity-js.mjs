// amazon-cognito-identity-js 6, the client before Amplify 6, with promises instead of callbacks.
// A sign-in returns {tokens} or {challenge, parameters}.
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

// Call a method whose last argument is a callback (error, result).
function withCallback(subject, method, ...args) {
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

// Call a method that takes an object with a callback for each result.
function withCallbacks(start) {
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
    const { userSub, userConfirmed, codeDeliveryDetails } = await withCallback(
      pool, 'signUp', username, password, list, null);
    return { userSub, userConfirmed, codeDeliveryDetails };
  },
  confirm: ({ code }) => withCallback(user, 'confirmRegistration', code, false),
  resend: () => withCallback(user, 'resendConfirmationCode'),
  signIn({ username, password, flow = 'USER_SRP_AUTH' }) {
    user = new CognitoUser({ Username: username, Pool: pool, Storage });
    user.setAuthenticationFlowType(flow);
    const details = new AuthenticationDetails({ Username: username, Password: password });
    return withCallbacks((callbacks) => user.authenticateUser(details, callbacks));
  },
  newPassword: ({ password, attributes = {} }) =>
    withCallbacks((callbacks) => user.completeNewPasswordChallenge(password, attributes, callbacks)),
  mfaCode: ({ code, type }) => withCallbacks((callbacks) => user.sendMFACode(code, callbacks, type)),
  async session() {
    return tokensOf(await withCallback(user, 'getSession'));
  },
  async refresh() {
    const session = await withCallback(user, 'getSession');
    return tokensOf(await withCallback(user, 'refreshSession', session.getRefreshToken()));
  },
  userAttributes: () => withCallback(user, 'getUserAttributes'),
  rememberDevice: () => withCallbacks((callbacks) => user.setDeviceStatusRemembered(callbacks)),
  doNotRememberDevice: () => withCallbacks((callbacks) => user.setDeviceStatusNotRemembered(callbacks)),
  device: () => withCallbacks((callbacks) => user.getDevice(callbacks)),
  devices: ({ limit = 60, token = null }) =>
    withCallbacks((callbacks) => user.listDevices(limit, token, callbacks)),
  forgetDevice: () => withCallbacks((callbacks) => user.forgetDevice(callbacks)),
  forgetDeviceOf: ({ key }) => withCallbacks((callbacks) => user.forgetSpecificDevice(key, callbacks)),
  globalSignOut: () => withCallbacks((callbacks) => user.globalSignOut(callbacks)),
  signOut: () => new Promise((resolve) => user.signOut(() => resolve())),
  stored: () => Storage.entries(),
  srpExchanges,
});
