"""The set-up of an emulator: user pools, app clients, users and more, from a file or from options."""
