// Node has a navigator from version 21 on; Amplify names devices after it, and without one confirms none.
globalThis.navigator ??= { userAgent: 'node' };
