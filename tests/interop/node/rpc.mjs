// Serve functions over lines of JSON: {"call": NAME, "args": {…}} in; {"ok": …} or {"error": {…}} out.
// The tests' side is in conftest.py.
import { createInterface } from 'node:readline';

// Values that JSON lacks: a token becomes its payload and text, bytes become hexadecimal.
function plain(_key, value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value?.payload && Object.hasOwn(value, 'toString')) {
    return { payload: value.payload, token: value.toString() };
  }
  return value;
}

export async function serve(functions) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, args } = JSON.parse(line);
    let answer;
    try {
      if (!functions[call]) throw new TypeError(`no function ${call}`);
      answer = { ok: (await functions[call](args)) ?? null };
    } catch (error) {
      const { code, message } = error;
      const name = error.name === 'Error' ? error.constructor.name : error.name;
      answer = { error: { name, code, message } };
    }
    process.stdout.write(`${JSON.stringify(answer, plain)}\n`);
  }
}

// A storage in memory with the methods of the browser's, which may be synchronous or awaited.
export class MapStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
    return value;
  }

  removeItem(key) {
    return this.#items.delete(key);
  }

  clear() {
    this.#items.clear();
    return {};
  }

  entries() {
    return Object.fromEntries(this.#items);
  }
}

// Record salt and SRP_B of every SRP exchange, so that a test can check which lengths occurred.
export function recordSrp() {
  const seen = [];
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await realFetch(...request);
    const body = await response.clone().json().catch(() => null);
    const parameters = body?.ChallengeParameters;
    if (parameters?.SRP_B) seen.push({ salt: parameters.SALT, srpB: parameters.SRP_B });
    return response;
  };
  return () => seen.splice(0);
}
