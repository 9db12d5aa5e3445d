// The AWS SDK for JavaScript 3, configured by the environment alone: it signs a user in and prints the username.
import {
  CognitoIdentityProviderClient,
  GetUserCommand,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';

const [username, password] = process.argv.slice(2);
const client = new CognitoIdentityProviderClient({});
const { AuthenticationResult: tokens } = await client.send(
  new InitiateAuthCommand({
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: process.env.COGNITO_CLIENT_ID,
    AuthParameters: { USERNAME: username, PASSWORD: password },
  }),
);
const user = await client.send(new GetUserCommand({ AccessToken: tokens.AccessToken }));
console.log(user.Username);
