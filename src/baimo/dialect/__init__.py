"""The kit that dialects are made of: protocols, assembly of parts, status to error."""
