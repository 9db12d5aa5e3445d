// What a front end in TypeScript adds to the JSON routes: JSON has neither functions nor dates.
import type { FetchDevicesOutput, ListWebAuthnCredentialsOutput, SetUpTOTPOutput } from 'aws-amplify/auth';

interface TotpJson { sharedSecret: string; setupUri?: string }

/** Return Amplify's form of the details for an authenticator app. */
export function totpSetup(json: TotpJson): SetUpTOTPOutput {
  return {
    sharedSecret: json.sharedSecret,
    getSetupUri: (appName: string, accountName = '') => {
      const label = `${encodeURIComponent(appName)}:${encodeURIComponent(accountName)}`;
      return new URL(`otpauth://totp/${label}?secret=${json.sharedSecret}&issuer=${encodeURIComponent(appName)}`);
    },
  };
}

type DeviceJson = Omit<FetchDevicesOutput[number], `${string}Date`>
  & { createDate?: string; lastModifiedDate?: string; lastAuthenticatedDate?: string };

const date = (text?: string) => (text === undefined ? undefined : new Date(text));

/** Return Amplify's form of the devices. */
export function devices(json: DeviceJson[]): FetchDevicesOutput {
  return json.map((device) => ({
    ...device,
    createDate: date(device.createDate),
    lastModifiedDate: date(device.lastModifiedDate),
    lastAuthenticatedDate: date(device.lastAuthenticatedDate),
  }));
}

type Credential = ListWebAuthnCredentialsOutput['credentials'][number];
type CredentialJson = Partial<Omit<Credential, 'createdAt'>> & { credentialId: string; createdAt?: string };

/** Return Amplify's form of the passkeys. */
export function credentials(json: { credentials: CredentialJson[] }): ListWebAuthnCredentialsOutput {
  return {
    credentials: json.credentials.map((each) => ({
      friendlyCredentialName: undefined,
      relyingPartyId: undefined,
      authenticatorTransports: undefined,
      ...each,
      createdAt: date(each.createdAt),
    })),
  };
}
