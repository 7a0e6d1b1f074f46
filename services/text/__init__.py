"""What a text may contain: card numbers, signs of currencies, headings, other spellings, too much JSON."""
