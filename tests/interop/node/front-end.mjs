// Two front ends for a browser, bundled by esbuild: Amplify's hosted UI sign-in, and its Authenticator.
import { Authenticator } from '@aws-amplify/ui-react';
import { Amplify } from 'aws-amplify';
import { fetchAuthSession, signInWithRedirect } from 'aws-amplify/auth';
import 'aws-amplify/auth/enable-oauth-listener';
import { Hub } from 'aws-amplify/utils';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const { kind, cognito } = window.configuration;
Amplify.configure({ Auth: { Cognito: cognito } });

async function show() {
  const { tokens } = await fetchAuthSession();
  document.title = tokens ? `signed in: ${tokens.idToken.payload.email}` : 'signed out';
}

if (kind === 'authenticator') {
  const signedIn = ({ user }) => createElement('p', { id: 'signed-in' }, user.username);
  const options = { loginMechanisms: ['email'] };
  createRoot(document.querySelector('main')).render(createElement(Authenticator, options, signedIn));
} else {
  const button = document.createElement('button');
  button.textContent = 'Sign in';
  button.onclick = () => signInWithRedirect();
  document.querySelector('main').append(button);
  Hub.listen('auth', ({ payload }) => {
    if (payload.event === 'signInWithRedirect') show();
    if (payload.event === 'signInWithRedirect_failure') document.title = `failed: ${payload.data?.error}`;
  });
  await show();
}
