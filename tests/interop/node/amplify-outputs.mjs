// aws-amplify 6, configured by the content of amplify_outputs.json: it signs a user in and prints the username.
import './navigator.mjs';
import { Amplify } from 'aws-amplify';
import { getCurrentUser, signIn } from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { parseAmplifyConfig } from 'aws-amplify/utils';
import { MapStorage } from './rpc.mjs';

const [outputs, username, password] = process.argv.slice(2);
const config = parseAmplifyConfig(JSON.parse(outputs));
config.Auth.Cognito.userPoolEndpoint = JSON.parse(outputs).custom.aiocognito.user_pool_endpoint;
Amplify.configure(config);
cognitoUserPoolsTokenProvider.setKeyValueStorage(new MapStorage());
await signIn({ username, password });
console.log((await getCurrentUser()).username);
