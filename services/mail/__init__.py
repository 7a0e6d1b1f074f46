"""The e-mail to the customer: addresses, settings, texts in eight languages, SMTP, and the sender domain's DNS."""
