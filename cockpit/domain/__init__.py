"""The words of the house: frozen values with no input, output or clock; imports only itself."""
