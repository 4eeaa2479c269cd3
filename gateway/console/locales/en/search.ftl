# Search over what the desk may see.
search-title = Search
search-what = Numbers, references, authorities, articles, types, states and days are searched. Nothing that is sealed is opened for it.
search-words = Words
search-words-hint = Each must be found, as in: FR:central stored_data
search-any = Any
search-from = Changed from
search-to = until
search-do = Search
search-found = Found
search-told = { $found } found among the { $looked } cases and drafts that were looked at.
search-on = Search on, among older cases
