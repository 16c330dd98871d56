"""The local ledger of calls, and recordings of their bytes. Off unless asked for."""
