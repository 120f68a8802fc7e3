"""What of tables can be shown to others: small cells left out, and those that would tell them."""
