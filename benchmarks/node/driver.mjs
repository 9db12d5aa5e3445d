// The JavaScript peer: takes one JSON command a line, answers one JSON line with what it cost.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { Amplify } from 'aws-amplify';
import { fetchAuthSession, fetchUserAttributes, signIn } from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';

// The arithmetic has no public name; by its path it can be measured alone.
const SRP = './node_modules/@aws-amplify/auth/dist/esm/providers/cognito/utils/srp';
const { getAuthenticationHelper } = await import(`${SRP}/getAuthenticationHelper.mjs`);
const { getSignatureString } = await import(`${SRP}/getSignatureString.mjs`);
const { getNowString } = await import(`${SRP}/getNowString.mjs`);
const { default: BigInteger } = await import(`${SRP}/BigInteger/BigInteger.mjs`);

const store = new Map();
const storage = {
	async setItem(key, value) { store.set(key, value); },
	async getItem(key) { return store.get(key) ?? null; },
	async removeItem(key) { store.delete(key); },
	async clear() { store.clear(); },
};

async function measured(work) {
	const cpu = process.cpuUsage();
	const start = performance.now();
	await work();
	const wall = performance.now() - start;
	const { user, system } = process.cpuUsage(cpu);
	return { cpu: (user + system) / 1e6, wall: wall / 1e3 };
}

// `workers` loops that share `times` calls.
async function together(times, workers, call) {
	let left = times;
	const loop = async () => { while (left-- > 0) await call(); };
	await Promise.all(Array.from({ length: workers }, loop));
}

const commands = {
	configure({ pool, client, endpoint }) {
		const Cognito = { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint };
		Amplify.configure({ Auth: { Cognito } });
		cognitoUserPoolsTokenProvider.setKeyValueStorage(storage);
		const require = createRequire(import.meta.url);
		const { version } = require('./node_modules/@aws-amplify/auth/package.json');
		const { version: jwtVerify } = require('./node_modules/aws-jwt-verify/package.json');
		return { version, jwtVerify, node: process.versions.node };
	},

	async srp({ times, challenge, password, poolName }) {
		return measured(async () => {
			for (let i = 0; i < times; i++) {
				const helper = await getAuthenticationHelper(poolName);
				helper.A.toString(16);
				const username = challenge.USER_ID_FOR_SRP;
				const hkdf = await helper.getPasswordAuthenticationKey({
					username,
					password,
					serverBValue: new BigInteger(challenge.SRP_B, 16),
					salt: new BigInteger(challenge.SALT, 16),
				});
				getSignatureString({
					username,
					userPoolName: poolName,
					challengeParameters: challenge,
					dateNow: getNowString(),
					hkdf,
				});
			}
		});
	},

	// One process of amplify-js keeps one person: the store is emptied, then `workers` sign in at once,
	// each over the one before.
	async signIns({ times, workers, username, password }) {
		let done = 0;
		const cost = await measured(async () => {
			while (done < times) {
				store.clear();
				const batch = Array.from({ length: workers }, () => signIn({ username, password }));
				for (const { isSignedIn } of await Promise.all(batch)) done += isSignedIn;
			}
		});
		return { ...cost, done };
	},

	async getTokens({ times }) {
		return measured(async () => {
			for (let i = 0; i < times; i++) await fetchAuthSession();
		});
	},

	async verify({ pool, client, jwks, tokens }) {
		const verifier = CognitoJwtVerifier.create({ userPoolId: pool, tokenUse: 'access', clientId: client });
		verifier.cacheJwks(jwks);
		return measured(() => { for (const token of tokens) verifier.verifySync(token); });
	},

	async getUser({ times, workers }) {
		return measured(() => together(times, workers, () => fetchUserAttributes()));
	},
};

for await (const line of createInterface({ input: process.stdin })) {
	const { command, ...options } = JSON.parse(line);
	let answer;
	try {
		answer = await commands[command](options);
	} catch (error) {
		answer = { error: `${error.name}: ${error.message}` };
	}
	process.stdout.write(`${JSON.stringify(answer)}\n`);
}
