"""One module per client under measure, with a class `Sync` or `Async` or both.

`call()` gives the number of characters of a whole answer, `stream()` those of a streamed one, counted
chunk by chunk as a caller would use them. A module imports its library at its top: that is measured too.
"""
