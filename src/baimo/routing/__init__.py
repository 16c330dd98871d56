"""Which deployment a call goes to, and where it goes when that one fails. Pure."""
