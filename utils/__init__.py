"""What the stages of IMA++ share, in rooms by subject; `pip install .` installs it as the package ``imaplusplus``.

Importing it changes nothing in the process. The rooms, and which may import which, are in docs/architecture.md.
"""
