// Amplify's server adapter: many requests of one browser whose access token has expired, at once.
// Reads a JSON object and prints what the requests returned; at the next line, what one more request returns.
// As in adapter-nextjs, each request has a token provider over its own cookies.
import { createInterface } from 'node:readline';
import {
	createKeyValueStorageFromCookieStorageAdapter,
	createKeysForAuthStorage,
	createUserPoolsTokenProvider,
	runWithAmplifyServerContext,
} from 'aws-amplify/adapter-core';
import { fetchAuthSession } from 'aws-amplify/auth/server';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { pool, client, endpoint, tokens, requests, ahead } = JSON.parse((await lines.next()).value);
const config = {
	Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } },
};
const key = createKeysForAuthStorage('CognitoIdentityServiceProvider', `${client}.ana`);
const browser = new Map([
	[`CognitoIdentityServiceProvider.${client}.LastAuthUser`, 'ana'],
	[key.accessToken, tokens.access],
	[key.idToken, tokens.id],
	[key.refreshToken, tokens.refresh],
	// Cognito's clock, so far ahead that the token has expired.
	[key.clockDrift, String(ahead * 1000)],
]);

// A request sends the cookies that the browser has; its response changes them.
async function request(options) {
	const cookies = new Map(browser);
	const storage = createKeyValueStorageFromCookieStorageAdapter({
		get: (name) => (cookies.has(name) ? { name, value: cookies.get(name) } : undefined),
		getAll: () => [...cookies].map(([name, value]) => ({ name, value })),
		set(name, value) { cookies.set(name, value); browser.set(name, value); },
		delete(name) { cookies.delete(name); browser.delete(name); },
	});
	const tokenProvider = createUserPoolsTokenProvider(config.Auth, storage);
	const libraryOptions = { Auth: { tokenProvider } };
	try {
		const session = await runWithAmplifyServerContext(config, libraryOptions, (context) =>
			fetchAuthSession(context, options));
		return session.tokens ? 'tokens' : 'signed out';
	} catch (error) {
		return error.name;
	}
}

const outcomes = await Promise.all(Array.from({ length: requests }, () => request()));
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await lines.next();
process.stdout.write(`${JSON.stringify(await request({ forceRefresh: true }))}\n`);
