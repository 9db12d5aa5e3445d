"""What the integrations with web frameworks share: cookies, CSRF, errors, redirects. Imports no framework."""
