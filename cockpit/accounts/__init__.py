"""Who a person is to the cockpit: passphrase, emergency kit, sessions."""
