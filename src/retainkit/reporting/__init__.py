"""One document from one scan: headline, findings, sections, checks, every definition used.

`contents` chooses what is counted, `running` counts it, `headline` and `findings` say what it
comes to, and the writers put it into a page, Markdown, JSON or a folder.
"""
