// Node has a navigator since version 21. Amplify names devices after it, and confirms no device without it.
globalThis.navigator ??= { userAgent: 'node' };
