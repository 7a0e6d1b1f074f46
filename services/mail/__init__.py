"""The e-mail to the customer: addresses, settings, texts, SMTP, delivery reports, and the DNS of the sender's domain."""
