"""Verdicts as CI systems read them: JUnit XML, GitHub's annotations, GitLab's Code Quality.

`findings` says what each verdict is to any of them; one file a system writes it. Nothing here
looks at data: all of it is made from a check's Result.
"""
