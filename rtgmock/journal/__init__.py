"""The request journal: the newest requests with their answers, shown without secrets, and assertions on them."""
