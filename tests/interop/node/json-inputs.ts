// Inputs of Amplify's APIs with every member that Cognito takes, as a front end passes them.
import type {
  ConfirmResetPasswordInput, ConfirmSignInInput, ConfirmSignUpInput, ConfirmUserAttributeInput,
  ResendSignUpCodeInput, ResetPasswordInput, SendUserAttributeVerificationCodeInput, SignInInput,
  SignOutInput, SignUpInput, UpdateMFAPreferenceInput, UpdatePasswordInput, UpdateUserAttributesInput,
  VerifyTOTPSetupInput,
} from 'aws-amplify/auth';

const clientMetadata = { k: 'v' };
const username = 'ana@example.com';
const password = 'Correct-horse-7';
const confirmationCode = '123456';

const signUps: SignUpInput[] = [
  { username, password },
  { username, password, options: { userAttributes: {} } },
  {
    username,
    password,
    options: {
      userAttributes: { email: username, phone_number: '+15555550100', 'custom:team': 'blue' },
      validationData: { a: 'b' },
      clientMetadata,
      autoSignIn: true,
    },
  },
  { username, options: { userAttributes: {}, autoSignIn: false } },
  {
    username,
    options: {
      userAttributes: {},
      autoSignIn: { authFlowType: 'USER_AUTH', preferredChallenge: 'EMAIL_OTP', clientMetadata },
    },
  },
];
const confirmSignUps: ConfirmSignUpInput[] = [
  { username, confirmationCode },
  { username, confirmationCode, options: { forceAliasCreation: true, clientMetadata } },
];
const resends: ResendSignUpCodeInput[] = [{ username }, { username, options: { clientMetadata } }];
const signIns: SignInInput[] = [
  { username },
  { username, password },
  { username, password, options: { authFlowType: 'USER_SRP_AUTH', clientMetadata } },
  { username, password, options: { authFlowType: 'USER_PASSWORD_AUTH' } },
  { username, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } },
  { username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } },
  { username, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'PASSWORD_SRP' } },
  { username, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' } },
];
const confirmSignIns: ConfirmSignInInput[] = [
  { challengeResponse: '123456' },
  {
    challengeResponse: 'TOTP',
    options: { userAttributes: { name: 'Ana' }, clientMetadata, friendlyDeviceName: 'phone' },
  },
];
const signOuts: (SignOutInput | undefined)[] = [
  undefined,
  { global: true },
  { global: false, oauth: { redirectUrl: 'https://shop.example/' } },
];
const resets: ResetPasswordInput[] = [{ username }, { username, options: { clientMetadata } }];
const confirmResets: ConfirmResetPasswordInput[] = [
  { username, newPassword: password, confirmationCode, options: { clientMetadata } },
];
const passwords: UpdatePasswordInput[] = [{ oldPassword: 'a', newPassword: 'b' }];
const attributes: UpdateUserAttributesInput[] = [
  { userAttributes: { email: username, 'custom:team': 'blue' }, options: { clientMetadata } },
];
const confirmAttributes: ConfirmUserAttributeInput[] = [{ userAttributeKey: 'email', confirmationCode }];
const attributeCodes: SendUserAttributeVerificationCodeInput[] = [
  { userAttributeKey: 'phone_number', options: { clientMetadata } },
];
const totp: VerifyTOTPSetupInput[] = [{ code: '123456', options: { friendlyDeviceName: 'phone' } }];
const mfa: UpdateMFAPreferenceInput[] = [
  { sms: 'ENABLED', totp: 'PREFERRED', email: 'DISABLED' },
  { sms: 'NOT_PREFERRED' },
];

console.log(JSON.stringify({
  '/sign-up': signUps,
  '/confirm-sign-up': confirmSignUps,
  '/resend-sign-up-code': resends,
  '/sign-in': signIns,
  '/confirm-sign-in': confirmSignIns,
  '/sign-out': signOuts.map((each) => each ?? {}),
  '/reset-password': resets,
  '/confirm-reset-password': confirmResets,
  '/update-password': passwords,
  '/update-user-attributes': attributes,
  '/confirm-user-attribute': confirmAttributes,
  '/send-user-attribute-verification-code': attributeCodes,
  '/verify-totp-setup': totp,
  '/update-mfa-preference': mfa,
}));
