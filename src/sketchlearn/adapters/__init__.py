"""Other libraries' ways to use this one: each file imports the one library it is for."""
