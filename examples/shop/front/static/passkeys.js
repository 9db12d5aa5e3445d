// Passkeys are the one thing here that a page cannot do without a script. The form has the options in
// `data-options`. The browser makes a passkey or uses one, and the form sends what it returns.
const { PublicKeyCredential } = window;
const ceremonies = {
  create: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};
const refusals = {
  InvalidStateError: 'This device has a passkey for your account already.',
  NotAllowedError: 'The passkey was not used. Try again, or choose another way.',
};

for (const form of document.querySelectorAll('form[data-passkey]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const refused = form.querySelector('[data-refused]');
    refused.textContent = '';
    try {
      const credential = await ceremonies[form.dataset.passkey](JSON.parse(form.dataset.options));
      form.elements.answer.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (error) {
      refused.textContent = refusals[error.name] ?? 'This browser cannot use passkeys here.';
    }
  });
}
