"""Takes the secrets out of what was sent and answered, so that it can be shown.

By name first: what stands under a secret attribute's name, read as the JSON, XML, form or multipart form that it
is, whatever its label says. From the first such name on nothing is shown of a text that is none of them. Then by
value: what was found so, and the accounts' passwords, wherever else it stands and however it is escaped there.
"""
