"""The commands for people: doctor, login, logout, token, decode, verify, codes and clock."""
