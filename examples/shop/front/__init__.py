"""What does not depend on the framework: templates, styles, the script for passkeys, and their texts."""
